"""Tests of the sentences about families of tests."""

from clau_doom.table_analysis import Method, TableAnalysis, analyze_design, make_column, make_design, make_table


def _analysis(
    method: Method = "default", factors: tuple[str, ...] = ("a",), margin: float | None = None
) -> TableAnalysis:
    columns = [
        make_column("y", [1.0, 2.5, 3.0, 4.0, 6.0, 5.5, 9.0, 7.0]),
        make_column("a", ["x"] * 4 + ["y"] * 4),
        make_column("b", ["u", "u", "v", "v"] * 2),
    ]
    return analyze_design(make_design(make_table("t", columns), response="y", factors=factors), method, margin=margin)


def test_one_factor_is_one_family() -> None:
    (sentence,) = _analysis().families
    assert sentence.startswith("The pairs of one table are one family: their p-values, intervals and effect sizes are")


def test_several_effects_are_not_corrected() -> None:
    """Three effects and three tables of pairs are listed; each equivalence test is at 5 % by itself."""
    found = _analysis(factors=("a", "b"), margin=1.0).families
    assert found[0] == "The 3 tests of effects are at 5 % each and not corrected for their number."
    assert found[2] == "The 3 tables of pairs are not corrected for each other."
    assert found[3] == "Equivalence tests and their 90 % intervals are at 5 % for each pair and not corrected."


def test_ranks_have_p_values_only() -> None:
    (sentence,) = _analysis("ranks").families
    assert "their p-values are corrected" in sentence
