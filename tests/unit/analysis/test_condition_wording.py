"""Tests of the sentences about conditions."""

from dataclasses import replace

import pytest

from clau_doom.analysis.condition_contrasts import Conclusion, ConditionComparison, ConditionContrast
from clau_doom.analysis.condition_wording import (
    conclusions,
    design_sentence,
    detectable_sentence,
    margin_cautions,
)
from clau_doom.analysis.conditions import Condition
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.statistics.blocked_groups import SeedDesign
from clau_doom.statistics.difference_tests import DifferenceTest
from clau_doom.statistics.equivalence import Equivalence
from clau_doom.statistics.intervals import Interval

CONDITIONS = tuple(
    Condition(number=number, label=f"mutation = 0.{number + 1}", settings={}, experiments=(), seeds=())
    for number in range(3)
)
CONTRAST = ConditionContrast(
    condition=1,
    runs=5,
    baseline_runs=4,
    common_seeds=0,
    result=DifferenceTest(
        test="Welch's t test",
        difference=Interval(mean=1.5, low=0.5, high=2.5, n=4),
        standard_error=0.4,
        df=6.5,
        p=0.011,
    ),
    p_holm=0.012,
    conclusion=Conclusion.DIFFERENT,
)
MARGIN = Equivalence(margin=3.0, low=0.6, high=2.4, p_lower=0.001, p_upper=0.021, p=0.021, p_beyond=1.0)


def sentence(
    contrast: ConditionContrast, design: SeedDesign = SeedDesign.INDEPENDENT, margin: float | None = None
) -> str:
    whole = ConditionComparison(design=design, family=1, margin=margin, contrasts=(contrast,), overall=None)
    (found,) = conclusions(CONDITIONS[:2], whole, "kills")
    return found


def test_shown_difference() -> None:
    assert sentence(CONTRAST) == (
        '"mutation = 0.2" has higher mean kills than "mutation = 0.1": difference 1.5 [0.5, 2.5] (5 and 4 runs; '
        "Welch's t test, p = 0.012)."
    )
    lower = replace(CONTRAST.result, difference=Interval(mean=-1.5, low=-2.5, high=-0.5, n=4))
    assert '"mutation = 0.2" has lower mean kills than' in sentence(replace(CONTRAST, result=lower))


def test_pairs_of_runs_in_blocks() -> None:
    assert "(5 pairs of runs; " in sentence(CONTRAST, SeedDesign.COMPLETE_BLOCKS)


def test_no_shown_difference() -> None:
    found = sentence(replace(CONTRAST, conclusion=Conclusion.NEITHER))
    assert found.startswith(
        'No difference in mean kills between "mutation = 0.2" and "mutation = 0.1" is shown: 1.5 [0.5, 2.5] (5 and 4 '
    )


@pytest.mark.parametrize(
    ("conclusion", "start", "within", "beyond"),
    [
        (Conclusion.EQUIVALENT, "No difference in mean kills", "shown", "not shown"),
        (Conclusion.DIFFERENT_AND_EQUIVALENT, '"mutation = 0.2" has higher', "shown", "not shown"),
        (Conclusion.NEITHER, "No difference in mean kills", "not shown", "not shown"),
        (Conclusion.DIFFERENT, '"mutation = 0.2" has higher', "not shown", "not shown"),
        (Conclusion.BEYOND_MARGIN, '"mutation = 0.2" has higher', "not shown", "shown"),
    ],
)
def test_margin_is_named_with_both_of_its_tests(conclusion: Conclusion, start: str, within: str, beyond: str) -> None:
    tested = replace(CONTRAST, equivalence=MARGIN, equivalence_p_holm=0.021, beyond_p_holm=0.884, conclusion=conclusion)
    found = sentence(tested, margin=3.0)
    assert found.startswith(start)
    assert f" Equivalence within ±3 is {within}: 90 % interval [0.60, 2.40], p = 0.021." in found
    assert found.endswith(f" A difference beyond ±3 is {beyond}: p = 0.884.")


def test_correction_is_named_at_each_number() -> None:
    """The interval is not corrected, but the p-values are."""
    tested = replace(CONTRAST, equivalence=MARGIN, equivalence_p_holm=0.021, beyond_p_holm=0.884)
    whole = ConditionComparison(design=SeedDesign.INDEPENDENT, family=2, margin=3.0, contrasts=(tested,), overall=None)
    found = conclusions(CONDITIONS, whole, "kills")[0]
    assert "1.5 [0.5, 2.5] (uncorrected 95 % interval; 5 and 4 runs; Welch's t test, Holm p = 0.012)" in found
    assert "[0.60, 2.40], Holm p = 0.021. " in found
    assert found.endswith("Holm p = 0.884.")


@pytest.mark.parametrize(("detectable", "warned"), [(2.9, False), (3.1, True)])
def test_detectable_difference_above_the_margin_is_a_warning(detectable: float, *, warned: bool) -> None:
    whole = ConditionComparison(
        design=SeedDesign.INDEPENDENT,
        family=1,
        margin=3.0,
        contrasts=(replace(CONTRAST, detectable=detectable),),
        overall=None,
    )
    found = detectable_sentence(CONDITIONS[:2], whole)
    assert found.startswith('The detectable difference of "mutation = 0.2" is above the margin of 3:') is warned
    assert bool(found) is warned
    assert detectable_sentence(CONDITIONS[:2], replace(whole, margin=None)) == ""


@pytest.mark.parametrize(
    ("conclusion", "margin", "expected"),
    [
        (Conclusion.DIFFERENT, 3.0, "but not a difference beyond ±3: its relevance is open."),
        (Conclusion.DIFFERENT, None, "Without a margin (`margin=...`), its relevance is not tested."),
        (Conclusion.NEITHER, 3.0, 'A difference of "mutation = 0.2" is not shown, but can still exist.'),
        (Conclusion.EQUIVALENT, 3.0, ""),
        (Conclusion.BEYOND_MARGIN, 3.0, ""),
    ],
)
def test_limits_follow_from_the_conclusion(conclusion: Conclusion, margin: float | None, expected: str) -> None:
    whole = ConditionComparison(
        design=SeedDesign.INDEPENDENT,
        family=1,
        margin=margin,
        contrasts=(replace(CONTRAST, conclusion=conclusion),),
        overall=None,
    )
    found = margin_cautions(CONDITIONS[:2], whole)
    assert [text for text in found if text.endswith(expected)] == ([found[0]] if expected else [*found])
    chosen = "The tests against ±3 are valid if the margin was chosen before the results."
    assert (chosen in found) is (margin is not None)


def test_missing_test_has_its_reason() -> None:
    result = DifferenceTest(
        test="paired t test",
        difference=Interval(mean=1.0, low=None, high=None, n=4, reason="all 4 values are equal"),
        standard_error=None,
        df=None,
        p=None,
    )
    found = sentence(replace(CONTRAST, result=result, p_holm=None, conclusion=Conclusion.UNTESTED))
    assert "are not tested, because all 4 values are equal: difference of mean kills 1.00 (5 and 4 runs)." in found


def test_one_run_gives_no_conclusion_about_its_method() -> None:
    """A condition with one run has a sentence, too. The correction is named if it covers several comparisons."""
    whole = ConditionComparison(
        design=SeedDesign.INDEPENDENT, family=2, margin=None, contrasts=(CONTRAST,), overall=None
    )
    first, second = conclusions(CONDITIONS, whole, "kills")
    assert first.endswith("Holm p = 0.012).")
    assert second == 'Nothing can be concluded about the method "mutation = 0.3": it has one run.'


def test_impossible_comparison_has_one_sentence() -> None:
    missing = Unavailable(missing='"mutation = 0.1" has one run')
    assert conclusions(CONDITIONS, missing, "kills") == (
        'Nothing can be concluded about the methods: "mutation = 0.1" has one run.',
    )


def test_one_condition_compares_no_methods() -> None:
    missing = Unavailable(missing="all experiments are runs of one condition")
    assert conclusions(CONDITIONS[:1], missing, "kills") == (
        "No methods are compared: all experiments are runs of one condition.",
    )


@pytest.mark.parametrize(
    ("design", "words"),
    [
        (SeedDesign.COMPLETE_BLOCKS, "training, validation and held-out episodes with the same seeds"),
        (SeedDesign.INDEPENDENT, "Welch's t test"),
        (SeedDesign.INCOMPLETE_BLOCKS, "mixed model of the runs with random seeds and Kenward and Roger's"),
    ],
)
def test_design_names_its_test(design: SeedDesign, words: str) -> None:
    found = design_sentence(design)
    assert words in found
    assert found.endswith("The choice follows from the seeds and not from the results.")
