"""Families of tests in the analysis of a table."""

from clau_doom.table_analysis.results import TableAnalysis

__all__ = ["families"]


def families(analysis: TableAnalysis) -> tuple[str, ...]:
    """Return sentences that describe the families of tests and the correction within each."""
    found = []
    tested = sum(effect.p is not None for effect in analysis.effects)
    if tested > 1:
        found.append(f"The {tested} tests of effects are at 5 % each and not corrected for their number.")
    tables = [each for each in analysis.comparisons if each.pairs]
    if tables:
        what = "p-values" if all(each.scale == "ranks" for each in tables) else "p-values, intervals and effect sizes"
        found.append(f"The pairs of one table are one family: their {what} are corrected for 5 % in all.")
    if len(tables) > 1:
        found.append(f"The {len(tables)} tables of pairs are not corrected for each other.")
    if analysis.margin is not None and tables:
        found.append("Equivalence tests and their 90 % intervals are at 5 % for each pair and not corrected.")
    return tuple(found)
