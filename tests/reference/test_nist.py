"""Analysis of variance against NIST's Statistical Reference Datasets SmLs01 to SmLs09.

Each data set has nine treatments of 21, 201 or 2,001 values with one, seven or thirteen constant leading digits (Simon
and Lesage, Computational Statistics & Data Analysis 8, 1989; www.itl.nist.gov/div898/strd/anova). The values follow a
pattern. A double cannot hold the decimal digits of 1000000000000.4, so the certified F is reached to the digits that
the stored values have; the F of the stored values themselves, in exact arithmetic, is reached to 13 digits.
"""

from fractions import Fraction

import pytest

from clau_doom.table_analysis import Design, analyze_design, make_column, make_design, make_table

_CENTRES = (4, 3, 5, 3, 5, 3, 5, 3, 5)  # first decimal of each treatment's mean
_DATASETS = [  # name, constant digits, replicates, certified F, relative error of the stored values
    ("SmLs01", 1, 21, 21.0, 1e-13),
    ("SmLs02", 1, 201, 201.0, 1e-13),
    ("SmLs03", 1, 2001, 2001.0, 1e-13),
    ("SmLs04", 10**6, 21, 21.0, 1e-10),
    ("SmLs05", 10**6, 201, 201.0, 1e-10),
    ("SmLs06", 10**6, 2001, 2001.0, 1e-10),
    ("SmLs07", 10**12, 21, 21.0, 1e-4),
    ("SmLs08", 10**12, 201, 201.0, 1e-4),
    ("SmLs09", 10**12, 2001, 2001.0, 1e-4),
]


def _groups(digits: int, replicates: int) -> list[list[float]]:
    """Return the values of each treatment: the centre, then alternately a tenth below and above."""
    steps = [0, *([-1, 1] * (replicates // 2))]
    return [[float(f"{digits}.{centre + step}") for step in steps] for centre in _CENTRES]


def _design(groups: list[list[float]]) -> Design:
    values = [value for group in groups for value in group]
    labels = [str(place) for place, group in enumerate(groups) for _ in group]
    return make_design(
        make_table("t", [make_column("y", values), make_column("g", labels)]), response="y", factors=["g"]
    )


def _exact(groups: list[list[float]]) -> tuple[float, float]:
    """Return the F statistics of the analysis of variance and of Welch's test in rational arithmetic."""
    exact = [[Fraction(value) for value in group] for group in groups]
    count, size = len(exact), len(exact[0])
    means = [sum(group) / size for group in exact]
    variances = [
        sum((value - mean) ** 2 for value in group) / (size - 1) for group, mean in zip(exact, means, strict=True)
    ]
    centre = sum(means) / count
    classical = size * sum((mean - centre) ** 2 for mean in means) / (count - 1) / (sum(variances) / count)
    weights = [size / variance for variance in variances]
    centre = sum(weight * mean for weight, mean in zip(weights, means, strict=True)) / sum(weights)
    between = sum(weight * (mean - centre) ** 2 for weight, mean in zip(weights, means, strict=True)) / (count - 1)
    shares = sum((1 - weight / sum(weights)) ** 2 for weight in weights) / (size - 1)
    return float(classical), float(between / (1 + Fraction(2 * (count - 2), count**2 - 1) * shares))


@pytest.mark.parametrize(("name", "digits", "replicates", "certified", "stored"), _DATASETS)
def test_leading_digits_are_not_lost(name: str, digits: int, replicates: int, certified: float, stored: float) -> None:
    """F, Welch's F and differences have all digits of the stored values."""
    groups = _groups(digits, replicates)
    design = _design(groups)
    classical, welch = analyze_design(design, "classical"), analyze_design(design)
    exact, exact_welch = _exact(groups)
    assert classical.effects[0].statistic == pytest.approx(exact, rel=1e-12), name
    assert classical.effects[0].statistic == pytest.approx(certified, rel=stored)
    assert welch.effects[0].statistic == pytest.approx(exact_welch, rel=1e-12)
    difference = float(Fraction(sum(map(Fraction, groups[0])) - sum(map(Fraction, groups[1]))) / replicates)
    for analysis in (classical, welch):
        assert analysis.comparisons[0].pairs[0].difference == pytest.approx(difference, rel=1e-12)
        assert analysis.groups[0].mean.low is not None
