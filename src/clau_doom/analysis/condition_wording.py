"""Sentences about the comparison of conditions, the same in all renderers."""

from collections.abc import Mapping, Sequence

from clau_doom.analysis.condition_contrasts import Conclusion, ConditionComparison, ConditionContrast
from clau_doom.analysis.conditions import Condition
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import bracket, joined
from clau_doom.number_format import p_relation
from clau_doom.parameter_names import parameter
from clau_doom.statistics.blocked_groups import SeedDesign
from clau_doom.statistics.interval_format import interval

__all__ = [
    "conclusions",
    "design_sentence",
    "detectable_sentence",
    "margin_cautions",
    "margin_text",
    "p_text",
    "runs_text",
]

_DESIGNS: Mapping[SeedDesign, str] = {
    SeedDesign.COMPLETE_BLOCKS: (
        "All conditions have the same experiment seeds. Runs of one seed play their training, validation and held-out "
        "episodes with the same seeds, while their agents can differ from generation 0 on. The seeds are blocks: a "
        "contrast is tested by the paired t test of its runs."
    ),
    SeedDesign.INDEPENDENT: (
        "No two conditions have an experiment seed in common. Runs are independent: a contrast is tested by Welch's t "
        "test of its runs."
    ),
    SeedDesign.INCOMPLETE_BLOCKS: (
        "The conditions have some experiment seeds in common. Contrasts are tested in a mixed model of the runs with "
        "random seeds and Kenward and Roger's degrees of freedom. Its differences are adjusted for the seeds, and can "
        "differ from those of the plain means. It has equal variances in all conditions."
    ),
}


def conclusions(
    conditions: Sequence[Condition], comparison: ConditionComparison | Unavailable, fitness: str
) -> tuple[str, ...]:
    """Return one sentence for each condition but the baseline's, or one for all if none can be compared.

    Args:
        conditions: All conditions, the baseline's first.
        comparison: Comparison of the conditions in the primary measure.
        fitness: Display name of the fitness.
    """
    if len(conditions) == 1:
        return ("No methods are compared: all experiments are runs of one condition.",)
    if isinstance(comparison, Unavailable):
        return (f"Nothing can be concluded about the methods: {comparison.missing}.",)
    contrasts = {each.condition: each for each in comparison.contrasts}
    base = _quoted(conditions[0])
    return tuple(
        _sentence(contrasts[each.number], _quoted(each), base, fitness, comparison)
        if each.number in contrasts
        else f"Nothing can be concluded about the method {_quoted(each)}: it has one run."
        for each in conditions[1:]
    )


def design_sentence(design: SeedDesign) -> str:
    """Return the design and the test that follows from it."""
    return f"{_DESIGNS[design]} The choice follows from the seeds and not from the results."


def detectable_sentence(conditions: Sequence[Condition], comparison: ConditionComparison) -> str:
    """Return a warning if the runs would miss a difference of the margin more often than in 20 %, or an empty text."""
    margin = comparison.margin
    if margin is None:
        return ""
    few = [each for each in comparison.contrasts if each.detectable is not None and each.detectable > margin]
    if not few:
        return ""
    names = joined(_quoted(conditions[each.condition]) for each in few)
    return (
        f"The detectable difference of {names} is above the margin of {margin:g}: these runs miss a true difference of "
        "the margin in more than 20 % of comparisons. A significant estimate near the margin tends to be too large."
    )


def margin_cautions(conditions: Sequence[Condition], comparison: ConditionComparison) -> tuple[str, ...]:
    """Return the conclusions that the tests do not support: about differences from 0, and about the margin."""
    found, margin = [], comparison.margin
    kinds = {kind: [each for each in comparison.contrasts if each.conclusion is kind] for kind in Conclusion}

    def names(kind: Conclusion) -> str:
        return joined(_quoted(conditions[each.condition]) for each in kinds[kind])

    if kinds[Conclusion.DIFFERENT]:
        text = f"A difference from 0 is shown for {names(Conclusion.DIFFERENT)}"
        if margin is None:
            name = parameter("margin", option="equivalence")
            found.append(f"{text}. Without a margin (`{name}`), its relevance is not tested.")
        else:
            found.append(f"{text}, but not a difference beyond {margin_text(margin)}: its relevance is open.")
    if kinds[Conclusion.NEITHER]:
        found.append(f"A difference of {names(Conclusion.NEITHER)} is not shown, but can still exist.")
    if margin is not None:
        found.append(f"The tests against {margin_text(margin)} are valid if the margin was chosen before the results.")
    return tuple(found)


def margin_text(margin: float) -> str:
    """Return a margin, such as ``±1``."""
    return f"±{margin:g}"


def p_text(p: float | None, *, corrected: bool) -> str:
    """Return a p-value for a sentence: ``p = 0.012``, or ``Holm p = 0.012`` if it is corrected for several tests."""
    return f"{'Holm ' if corrected else ''}{p_relation(p)}"


def runs_text(contrast: ConditionContrast, design: SeedDesign) -> str:
    """Return the numbers of runs of a contrast."""
    if design is SeedDesign.COMPLETE_BLOCKS:
        return f"{contrast.runs} pairs"
    return f"{contrast.runs} and {contrast.baseline_runs}"


def _sentence(contrast: ConditionContrast, us: str, them: str, fitness: str, whole: ConditionComparison) -> str:
    difference, corrected = contrast.result.difference, whole.family > 1
    pairs = " of runs" if whole.design is SeedDesign.COMPLETE_BLOCKS else " runs"
    sizes = f"{runs_text(contrast, whole.design)}{pairs}"
    if contrast.p_holm is None:
        details = f"difference of mean {fitness} {interval(difference)} ({sizes})"
        return f"{us} and {them} are not tested, because {difference.reason}: {details}."
    uncorrected = "uncorrected 95 % interval; " if corrected else ""
    test = f"{contrast.result.test}, {p_text(contrast.p_holm, corrected=corrected)}"
    details = f"{interval(difference)} ({uncorrected}{sizes}; {test})"
    if contrast.conclusion in (Conclusion.NEITHER, Conclusion.EQUIVALENT):
        found = f"No difference in mean {fitness} between {us} and {them} is shown: {details}."
    else:
        higher = "higher" if difference.mean > 0.0 else "lower"
        found = f"{us} has {higher} mean {fitness} than {them}: difference {details}."
    return f"{found} {_margin_text(contrast, corrected=corrected)}".rstrip()


def _margin_text(contrast: ConditionContrast, *, corrected: bool) -> str:
    """Return whether equivalence and a difference beyond the margin are shown; empty without a margin."""
    test = contrast.equivalence
    if test is None:
        return ""
    margin, p = margin_text(test.margin), p_text(contrast.equivalence_p_holm, corrected=corrected)
    equivalent = contrast.conclusion in (Conclusion.EQUIVALENT, Conclusion.DIFFERENT_AND_EQUIVALENT)
    within = f"Equivalence within {margin} is {_shown(equivalent)}: 90 % interval {bracket(test.low, test.high)}, {p}."
    beyond = p_text(contrast.beyond_p_holm, corrected=corrected)
    return (
        f"{within} A difference beyond {margin} is {_shown(contrast.conclusion is Conclusion.BEYOND_MARGIN)}: {beyond}."
    )


def _shown(shown: bool) -> str:  # noqa: FBT001 - the only argument
    return "shown" if shown else "not shown"


def _quoted(condition: Condition) -> str:
    return f'"{condition.label}"'
