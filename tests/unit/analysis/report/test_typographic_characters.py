"""Tests of the typography of reports."""

from clau_doom.analysis.report.typographic_characters import breakable, typographic, unbroken

MINUS = "\N{MINUS SIGN}"


def test_numbers_have_minus_signs() -> None:
    """Only a hyphen that is the sign of a number becomes a minus sign, and a missing value is a dash."""
    assert typographic("-0.50 [-1.00, 3.00], 0-3, g001-a002, 1e-05, --json") == (
        f"{MINUS}0.50 [{MINUS}1.00, 3.00], 0-3, g001-a002, 1e-05, --json"
    )
    assert typographic("-") == "\N{EN DASH}"


def test_no_line_breaks_within_an_estimate() -> None:
    """A number is not separated from its unit, its interval and its relation sign."""
    tied = unbroken("on 95 % of them it is 2.24 [1.95, 2.52], p < 0.001 or n = 4 pairs")
    assert tied.replace("\N{NO-BREAK SPACE}", "_") == (
        "on 95_% of them it is 2.24_[1.95,_2.52], p_<_0.001 or n_=_4 pairs"
    )


def test_cells_break_only_before_an_interval() -> None:
    """A wide table has a second line in a cell, and keeps all of its columns on the page."""
    cell = breakable("65 % [52, 77]")
    assert cell.replace("\N{NO-BREAK SPACE}", "_") == "65_% [52,_77]"
    assert breakable("< 0.001").replace("\N{NO-BREAK SPACE}", "_") == "<_0.001"
