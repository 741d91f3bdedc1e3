"""Tests of regression of fitness on genes against certified and published results."""

import numpy as np
import pytest

from clau_doom.analysis.gene_regression import Regression, regress
from clau_doom.analysis.genome_encoding import Encoded
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import generator

# Longley 1967, as NIST's Statistical Reference Datasets give it: y, deflator, GNP, unemployed, armed forces,
# population, year.
LONGLEY = np.array(
    [
        [60323, 83.0, 234289, 2356, 1590, 107608, 1947],
        [61122, 88.5, 259426, 2325, 1456, 108632, 1948],
        [60171, 88.2, 258054, 3682, 1616, 109773, 1949],
        [61187, 89.5, 284599, 3351, 1650, 110929, 1950],
        [63221, 96.2, 328975, 2099, 3099, 112075, 1951],
        [63639, 98.1, 346999, 1932, 3594, 113270, 1952],
        [64989, 99.0, 365385, 1870, 3547, 115094, 1953],
        [63761, 100.0, 363112, 3578, 3350, 116219, 1954],
        [66019, 101.2, 397469, 2904, 3048, 117388, 1955],
        [67857, 104.6, 419180, 2822, 2857, 118734, 1956],
        [68169, 108.4, 442769, 2936, 2798, 120445, 1957],
        [66513, 110.8, 444546, 4681, 2637, 121950, 1958],
        [68655, 112.6, 482704, 3813, 2552, 123366, 1959],
        [69564, 114.2, 502601, 3931, 2514, 125368, 1960],
        [69331, 115.7, 518173, 4806, 2572, 127852, 1961],
        [70551, 116.9, 554894, 4007, 2827, 130081, 1962],
    ]
)
# R's `cars` (Ezekiel 1930): the speed of cars and the distances they took to stop.
SPEED = [4, 4, 7, 7, 8, 9, 10, 10, 10, 11, 11, *[12] * 4, *[13] * 4, *[14] * 4, *[15] * 3, 16, 16, *[17] * 3]
SPEED += [*[18] * 4, *[19] * 3, *[20] * 5, 22, 23, *[24] * 4, 25]
DISTANCE = [2, 10, 4, 22, 16, 10, 18, 26, 34, 17, 28, 14, 20, 24, 28, 26, 34, 34, 46, 26, 36, 60, 80, 20, 26]
DISTANCE += [54, 32, 40, 32, 40, 50, 42, 56, 76, 84, 36, 46, 68, 32, 48, 52, 56, 64, 66, 54, 70, 92, 93, 120, 85]


def encoded(matrix: np.ndarray[tuple[int, ...], np.dtype[np.float64]], *terms: str) -> Encoded:
    names = terms or tuple(f"x{at}" for at in range(matrix.shape[1]))
    return Encoded(terms=names, genes=tuple(name.split("=")[0] for name in names), matrix=matrix)


def regressed(found: Regression | Unavailable) -> Regression:
    assert isinstance(found, Regression), found
    return found


def test_too_few_agents_make_regression_unavailable() -> None:
    """Six terms need seventeen agents, so Longley's sixteen years are refused."""
    found = regress(encoded(LONGLEY[:, 1:]), LONGLEY[:, 0].tolist())
    assert isinstance(found, Unavailable)
    assert "17 are needed" in found.missing


def test_longley_regression_agrees_with_nist(monkeypatch: pytest.MonkeyPatch) -> None:
    """NIST's certified estimates and R², on the standardised scale; VIFs as printed by R's car."""
    monkeypatch.setattr("clau_doom.analysis.gene_regression.FREEDOM", 9)
    certified = [15.0618722713733, -0.0358191792925910, -2.02022980381683]
    certified += [-1.03322686717359, -0.0511041056535807, 1829.15146461355]
    found = regressed(regress(encoded(LONGLEY[:, 1:]), LONGLEY[:, 0].tolist()))
    scale = LONGLEY[:, 1:].std(axis=0, ddof=1) / LONGLEY[:, 0].std(ddof=1)
    assert [term.coefficient for term in found.terms] == pytest.approx((certified * scale).tolist(), rel=1e-7)
    assert found.r_squared == pytest.approx(0.995479004577296, rel=1e-9)
    vifs = [135.53244, 1788.51348, 33.61889, 3.58893, 399.15102, 758.98060]
    assert [term.vif for term in found.terms] == pytest.approx(vifs, rel=1e-6)
    assert found.condition > 30.0


def test_regression_of_cars_agrees_with_r() -> None:
    """R's lm(dist ~ speed, cars): R² 0.6511. With one term, the coefficient is the correlation, 0.8068949."""
    found = regressed(regress(encoded(np.array(SPEED, dtype=np.float64)[:, None]), DISTANCE))
    assert found.r_squared == pytest.approx(0.6511, abs=1e-4)
    (term,) = found.terms
    assert term.coefficient == pytest.approx(0.8068949, abs=1e-7)
    assert term.vif == 1.0


def test_reason_counts_all_genes() -> None:
    """For twelve agents and forty genes, the reason names all forty, not the eleven independent ones."""
    found = regress(encoded(noise(12, 40)), noise(12).tolist())
    assert found == Unavailable(missing="12 agents are too few for 40 terms: 51 are needed")


def noise(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return generator(5, "test").normal(size=shape)


def test_constant_and_collinear_terms_are_omitted_with_reason() -> None:
    """Constant terms, and sums of earlier terms, have no coefficient, and the others keep theirs."""
    drawn = noise(60, 2)
    matrix = np.column_stack([drawn[:, 0], np.full(60, 3.0), drawn[:, 1], drawn[:, 0] - 2.0 * drawn[:, 1]])
    found = regressed(regress(encoded(matrix), (drawn[:, 0] + 0.1 * noise(60)).tolist()))
    assert [term.name for term in found.terms] == ["x0", "x2"]
    assert [(each.name, each.reason) for each in found.dropped] == [
        ("x1", "it does not vary"),
        ("x3", "it is a linear combination of terms before it"),
    ]


def test_reference_of_a_choice_is_its_first_used_value() -> None:
    """If the first of three choices never occurs, the second is the reference, and the third has a coefficient."""
    picked = np.array([at % 2 for at in range(40)], dtype=np.float64)
    matrix = np.column_stack([np.zeros(40), picked, 1.0 - picked])
    found = regressed(regress(encoded(matrix, "mood=a", "mood=b", "mood=c"), (5.0 * picked + 0.1 * noise(40)).tolist()))
    assert [(term.name, term.gene) for term in found.terms] == [("mood=c", "mood")]
    assert found.terms[0].coefficient < -0.9
    assert [each.name for each in found.dropped] == ["mood=a", "mood=b"]


def test_standardised_results_do_not_depend_on_units() -> None:
    """Genes and fitness in other units have the same standardised coefficients, VIFs and R²."""
    drawn = noise(50, 3)
    y = drawn @ [1.0, -0.5, 0.0] + generator(6, "test").normal(size=50)
    one = regressed(regress(encoded(drawn), y.tolist()))
    other = regressed(regress(encoded(drawn * [2.0, 30.0, 0.1] + 7.0), (12.0 * y - 4.0).tolist()))
    for name in ("coefficient", "vif"):
        assert [getattr(term, name) for term in one.terms] == pytest.approx(
            [getattr(term, name) for term in other.terms]
        )
    assert other.r_squared == pytest.approx(one.r_squared)


def test_constant_data_make_regression_unavailable() -> None:
    """Equal fitness, or equal genes, give a reason instead of a regression."""
    assert isinstance(regress(encoded(noise(40, 2)), [3.0] * 40), Unavailable)
    assert isinstance(regress(encoded(np.ones((40, 2))), noise(40).tolist()), Unavailable)
