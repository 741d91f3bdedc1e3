"""Tests of effect sizes, comparisons, corrections and sample sizes."""

import csv
import statistics
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.statistics.two_sample_comparison import Contrast, Sample, compare, holm, power_of, values_needed

_CASES = Path(__file__).parents[2] / "cases"


def sample(values: list[float], seeds: list[int] | None = None, name: str = "ours") -> Sample:
    return Sample(name=name, seeds=tuple(seeds or range(len(values))), values=tuple(values))


def against(ours: Sample, theirs: Sample) -> Contrast:
    return compare(ours, theirs)


# Student's sleep data (Biometrika 6, 1908; R's `sleep`): hours gained by ten patients with each of two drugs.
FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def test_paired_comparison_is_students_t_test() -> None:
    """R's t.test(sleep, paired): t = -4.0621, df = 9, p = 0.002833, mean -1.58, interval -2.4598859 to -0.7001142."""
    found = against(sample(FIRST), sample(SECOND))
    assert (found.paired, found.n, found.test) == (True, 10, "paired t test")
    assert found.difference.mean == pytest.approx(-1.58)
    assert found.difference.low == pytest.approx(-2.4598858, abs=1e-6)
    assert found.difference.high == pytest.approx(-0.7001142, abs=1e-6)
    assert found.p == pytest.approx(0.002833, abs=1e-6)
    assert found.hedges_gz is not None
    assert found.hedges_gz.cohen_d == pytest.approx(-4.0621 / 10**0.5, abs=1e-4)
    assert found.effect == found.hedges_gz


def test_other_seeds_make_independent_samples() -> None:
    """R's t.test(sleep), Welch: p = 0.07939, interval -3.3654832 to 0.2054832; d = -0.8321811 (effsize's cohen.d)."""
    found = against(sample(FIRST), sample(SECOND, [*range(100, 110)]))
    assert (found.paired, found.n, found.n_theirs, found.hedges_gz) == (False, 10, 10, None)
    assert found.p == pytest.approx(0.07939, abs=1e-5)
    assert found.difference.low == pytest.approx(-3.3654832, abs=1e-6)
    assert found.difference.high == pytest.approx(0.2054832, abs=1e-6)
    assert found.hedges_g is not None
    assert found.hedges_g.cohen_d == pytest.approx(-0.8321811, abs=1e-6)
    assert found.effect == found.hedges_g


def test_pairs_are_formed_by_seed() -> None:
    """The order of episodes does not matter. A seed of one side only is omitted."""
    found = against(sample([5.0, 7.0, 9.0], [3, 1, 2]), sample([6.0, 1.0, 4.0], [1, 9, 3]))
    assert (found.paired, found.n, found.difference.mean) == (True, 2, 1.0)


def test_a_few_common_seeds_do_not_make_pairs() -> None:
    """Pairing two of six episodes would throw the others away."""
    assert not against(sample([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), sample([1.0] * 6, [0, 1, 12, 13, 14, 15])).paired


def test_cliffs_delta_agrees_with_effsize() -> None:
    """The example of R's effsize: treatment against control is -0.25."""
    treatment = sample([10, 10, 20, 20, 20, 30, 30, 30, 40, 50])
    control = sample([10, 20, 30, 40, 40, 50], [*range(100, 106)])
    found = against(treatment, control)
    assert found.cliff_delta.value == pytest.approx(-0.25)
    assert found.improvement.value == pytest.approx(0.375)
    assert found.cliff_delta.low is not None
    assert found.cliff_delta.high is not None
    assert -1.0 <= found.cliff_delta.low < -0.25 < found.cliff_delta.high <= 1.0


def test_interval_p_and_effect_size_of_skewed_differences_agree() -> None:
    """R, t.test of 40 lognormal differences: p = 0.09787; all intervals of the mean contain 0."""
    with (_CASES / "stat_interval_and_p_contradict/data.csv").open() as file:
        differences = [float(row["difference"]) for row in csv.DictReader(file)]
    found = against(sample(differences), sample([0.0] * len(differences)))
    assert found.p == pytest.approx(0.09787, abs=1e-5)
    assert not found.difference.excludes(0.0)
    for size in (found.hedges_g, found.hedges_gz):
        assert size is not None
        assert (size.low, size.high) == (None, None)  # too skewed for an interval of g


def test_four_pairs_do_not_show_certainty() -> None:
    """All values of one sample are above the other's; the intervals of improvement and delta have a width."""
    with (_CASES / "stat_better_in_100/data.csv").open() as file:
        rows = [*csv.DictReader(file)]
    ours, theirs = ([float(row["score"]) for row in rows if row["agent"] == name] for name in ("ours", "theirs"))
    found = against(sample(ours), sample(theirs))
    assert (found.improvement.value, found.improvement.high) == (1.0, 1.0)
    assert found.improvement.low is not None
    assert found.improvement.low < 0.6
    assert found.cliff_delta.low is not None
    assert found.cliff_delta.low < 0.2


def test_constant_differences_have_no_test() -> None:
    """They have a mean and no p-value."""
    found = against(sample([3.0, 4.0, 5.0]), sample([1.0, 2.0, 3.0]))
    assert (found.difference.mean, found.hedges_gz, found.p, found.needed, found.detectable) == (2.0, *[None] * 4)
    assert found.hedges_g is not None
    assert found.hedges_g.cohen_d == pytest.approx(2.0)
    assert (found.hedges_g.low, found.hedges_g.high) == (None, None)


def test_holms_correction_matches_its_published_example() -> None:
    """0.01, 0.04, 0.03 and 0.005 become 0.03, 0.06, 0.06 and 0.02, as on Wikipedia's page of the method."""
    any_contrast = against(sample(FIRST), sample(SECOND))
    family = holm([replace(any_contrast, p=p) for p in (0.01, 0.04, 0.03, 0.005)])
    assert [each.p_holm for each in family] == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_untested_comparison_is_part_of_the_family() -> None:
    """R: p.adjust(c(1, 0.02), "holm"). The correction does not depend on the values."""
    tested = against(sample(FIRST), sample(SECOND))
    family = holm([replace(tested, p=None), replace(tested, p=0.02)])
    assert [each.p_holm for each in family] == [None, 0.04]
    assert holm([]) == ()


# Cohen 1988, tables 2.3.5 and 2.4.1, and G*Power 3.1: two-sided, alpha 0.05.
@pytest.mark.parametrize(
    ("effect", "paired", "needed"),
    [(0.2, False, 394), (0.5, False, 64), (0.8, False, 26), (0.2, True, 199), (0.5, True, 34), (0.8, True, 15)],
)
def test_needed_episodes_agree_with_published_values(*, effect: float, paired: bool, needed: int) -> None:
    """The power is 80 %. The sign of an effect does not matter."""
    deviations = [1.0] if paired else [1.0, 1.0]
    assert values_needed(effect, deviations) == needed
    assert values_needed(-effect, deviations) == needed
    assert values_needed(1e-170 * effect, [1e-170 * each for each in deviations]) == needed


@pytest.mark.parametrize(
    ("effect", "n", "paired", "power"),
    [(0.5, 64, False, 0.8015), (0.8, 26, False, 0.8075), (0.5, 34, True, 0.8078), (0.8, 15, True, 0.8213)],
)
def test_power_is_gpowers(*, effect: float, n: int, paired: bool, power: float) -> None:
    """G*Power's "actual power" for the numbers of episodes above."""
    assert power_of(effect, [1.0] if paired else [1.0, 1.0], (n, n)) == pytest.approx(power, abs=1e-4)


@pytest.mark.parametrize(
    ("difference", "deviations", "sizes", "power"),
    [
        (1.0, (1.0, 2.0), (20, 20), 0.48853263689),
        (1.0, (4.0, 1.0), (5, 30), 0.07233339345),
        (2.0, (1.0, 4.0), (30, 10), 0.29045774634),
    ],
)
def test_power_of_welchs_test_uses_its_degrees_of_freedom(
    difference: float, deviations: tuple[float, float], sizes: tuple[int, int], power: float
) -> None:
    """The values come from R, and simulated tests agree.

    v1 = s1^2/n1; v2 = s2^2/n2; f = (v1+v2)^2/(v1^2/(n1-1)+v2^2/(n2-1)); q = qt(.975, f);
    pt(-q, f, d/sqrt(v1+v2)) + pt(q, f, d/sqrt(v1+v2), lower.tail=FALSE). Of 20,000 simulated tests, 48.2 % and 29.0 %
    reject in the first and third case.
    """
    assert power_of(difference, deviations, sizes) == pytest.approx(power, abs=1e-9)


def test_needed_values_depend_on_both_variances() -> None:
    """41 of each sample are the first n with a power of 80 % by the commands above."""
    assert values_needed(1.0, (1.0, 2.0)) == 41


def test_detectable_difference_agrees_with_published_value() -> None:
    """34 pairs show half a standard deviation of the differences with a power of 80.78 % (G*Power, above)."""
    ours, theirs = [float(at % 3) for at in range(34)], [float(at % 5) for at in range(34)]
    found = against(sample(ours), sample(theirs))
    deviation = statistics.stdev(our - their for our, their in zip(ours, theirs, strict=True))
    assert found.detectable == pytest.approx(0.495 * deviation, abs=0.005)


def test_difference_of_zero_is_never_detected() -> None:
    """A large difference has a power of 1."""
    assert values_needed(0.0, (1.0,)) is None
    assert power_of(50.0, (1.0,), (100,)) == 1.0
    assert power_of(50.0, (1.0, 1.0), (100, 100)) == 1.0


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(-20, 20), st.integers(-20, 20)), min_size=3, max_size=12), st.integers(2, 9))
def test_effects_do_not_depend_on_units(pairs: list[tuple[int, int]], scale: int) -> None:
    """Fitness in other units is the same effect, and the other way round its opposite."""
    ours, theirs = sample([float(one) for one, _ in pairs]), sample([float(other) for _, other in pairs])
    found, back = against(ours, theirs), against(theirs, ours)
    scaled = against(*(replace(each, values=tuple(scale * v for v in each.values)) for each in (ours, theirs)))
    for ours_g, scaled_g in ((found.hedges_g, scaled.hedges_g), (found.hedges_gz, scaled.hedges_gz)):
        assert (ours_g is None) == (scaled_g is None)
        if ours_g is not None and scaled_g is not None:
            assert scaled_g.value == pytest.approx(ours_g.value)
            assert scaled_g.low == pytest.approx(ours_g.low)
    assert scaled.p == pytest.approx(found.p)
    assert scaled.cliff_delta == found.cliff_delta
    if found.hedges_g is not None and back.hedges_g is not None:
        assert back.hedges_g.value == pytest.approx(-found.hedges_g.value)
    assert back.cliff_delta.value == pytest.approx(-found.cliff_delta.value)
