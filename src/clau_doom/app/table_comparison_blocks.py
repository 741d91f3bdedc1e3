"""Blocks of the comparisons of a table's levels: differences, effect sizes, p-values and equivalence tests."""

from collections.abc import Sequence

from clau_doom.analysis.document import Block, Column, Marked, Paragraph, PValue, Table
from clau_doom.number_format import MISSING, fixed, number_with_interval, significant
from clau_doom.table_analysis import Comparisons, Pair, TableAnalysis

__all__ = ["comparison_blocks", "standardizer_notes", "tested"]

_SIGNIFICANT = 0.05
"""Level below which a p-value is emphasised."""


def tested(p: float) -> PValue | Marked:
    """Return a p-value as a cell."""
    return Marked(PValue(p)) if p < _SIGNIFICANT else PValue(p)


def comparison_blocks(analysis: TableAnalysis) -> tuple[Block, ...]:
    """Return a table for each compared effect, with notes on effect sizes and on families of tests."""
    compared = [each for each in analysis.comparisons if each.pairs]
    blocks: list[Block] = [_differences(each) for each in compared]
    blocks += map(_note, standardizer_notes(compared))
    if analysis.margin is not None:
        blocks += [_equivalence(each, analysis.margin) for each in compared]
    blocks += map(_note, analysis.families)
    blocks += [_note(f"{each.effect}: {each.note}") for each in analysis.comparisons if each.note]
    return tuple(blocks)


def standardizer_notes(comparisons: Sequence[Comparisons]) -> list[str]:
    """Return the sentences that name the standardizers of the effect sizes."""
    first = [pair.standardizers[0] for each in comparisons for pair in each.pairs if pair.sizes]
    if not first:
        return []
    names = " or ".join(dict.fromkeys(each.name for each in first))
    notes = [f"{first[0].symbol}: Hedges' g, the difference over the {names}, corrected for small samples."]
    if any(map(_has_pooled, comparisons)):
        notes.append(
            "pooled d: the difference over the pooled standard deviation of the two levels, which includes other "
            "factors and blocks."
        )
    return notes


def _differences(comparisons: Comparisons) -> Table:
    ranks, pooled = comparisons.scale == "ranks", _has_pooled(comparisons)
    symbols = [] if ranks else [*(["pooled d"] if pooled else []), f"{_effect_symbol(comparisons)} [95 %]"]
    headings = ("difference of mean ranks" if ranks else "difference [95 %]", *symbols, "p")
    return Table(
        title=f"Pairs of {comparisons.effect}",
        columns=(Column(f"{comparisons.effect}, {comparisons.method}", text=True), *map(Column, headings)),
        rows=tuple(
            (
                _pair_name(pair),
                number_with_interval(pair.difference, pair.low, pair.high),
                *_pair_sizes(pair, len(symbols)),
                tested(pair.p),
            )
            for pair in comparisons.pairs
        ),
    )


def _equivalence(comparisons: Comparisons, margin: float) -> Table:
    return Table(
        title=f"Equivalence of pairs of {comparisons.effect}",
        columns=(
            Column(f"{comparisons.effect}, equivalence within ±{margin:g}", text=True),
            Column("difference [90 %]"),
            Column("p"),
            Column("conclusion", text=True),
        ),
        rows=tuple(map(_equivalence_row, comparisons.pairs)),
    )


def _equivalence_row(pair: Pair) -> tuple[str | PValue | Marked, ...]:
    if pair.equivalence is None:
        return _pair_name(pair), significant(pair.difference), MISSING, "no variance"
    test = pair.equivalence.test
    difference = number_with_interval(pair.difference, test.low, test.high)
    return _pair_name(pair), difference, tested(test.p), pair.equivalence.conclusion


def _has_pooled(comparisons: Comparisons) -> bool:
    return any(each.symbol == "pooled g" for pair in comparisons.pairs for each in pair.standardizers)


def _effect_symbol(comparisons: Comparisons) -> str:
    return next((pair.standardizers[0].symbol for pair in comparisons.pairs if pair.standardizers), "g")


def _pair_sizes(pair: Pair, count: int) -> list[str]:
    """Return the cells of the effect sizes: Hedges' g of the first standardizer, after pooled d."""
    if not pair.sizes:
        return [MISSING] * count
    pooled = [fixed(each.cohen_d, 3) for each in pair.sizes if each.symbol == "pooled g"]
    return [*pooled, number_with_interval(pair.sizes[0].value, pair.sizes[0].low, pair.sizes[0].high)]


def _pair_name(pair: Pair) -> str:
    return f"{pair.first} − {pair.second}"  # noqa: RUF001


def _note(text: str) -> Paragraph:
    return Paragraph(text=text, kind="note")
