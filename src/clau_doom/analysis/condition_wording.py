"""Sentences about the comparison of conditions, the same in all renderers."""

from collections.abc import Mapping, Sequence

from clau_doom.analysis.condition_contrasts import Conclusion, ConditionComparison, ConditionContrast
from clau_doom.analysis.conditions import Condition
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import bracket
from clau_doom.number_format import number, p_relation
from clau_doom.statistics.blocked_groups import SeedDesign
from clau_doom.statistics.interval_format import interval

__all__ = ["conclusions", "design_sentence", "runs_text"]

_DESIGNS: Mapping[SeedDesign, str] = {
    SeedDesign.COMPLETE_BLOCKS: (
        "All conditions have the same experiment seeds. The seeds are blocks: a contrast is tested by the paired t "
        "test of its runs."
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


def runs_text(contrast: ConditionContrast, design: SeedDesign) -> str:
    """Return the numbers of runs of a contrast."""
    if design is SeedDesign.COMPLETE_BLOCKS:
        return f"{contrast.runs} pairs"
    return f"{contrast.runs} and {contrast.baseline_runs}"


def _sentence(contrast: ConditionContrast, us: str, them: str, fitness: str, whole: ConditionComparison) -> str:
    difference, within = contrast.result.difference, f"within {number(whole.margin)}"
    details = f"{interval(difference)} in mean {fitness} ({_details(contrast, whole)})"
    higher = "higher" if difference.mean > 0.0 else "lower"
    match contrast.conclusion:
        case Conclusion.UNTESTED:
            return f"{us} and {them} are not tested, because {difference.reason}: difference {details}."
        case Conclusion.DIFFERENT:
            return f"{us} is {higher} than {them}: difference {details}."
        case Conclusion.DIFFERENT_AND_EQUIVALENT:
            return f"{us} is {higher} than {them}, but equivalent {within}: difference {details}."
        case Conclusion.EQUIVALENT:
            return f"{us} and {them} are equivalent {within}: difference {details}."
        case Conclusion.NEITHER:
            shown = "No difference" if whole.margin is None else f"Neither a difference nor equivalence {within}"
            return f"{shown} between {us} and {them} is shown: {details}."


def _details(contrast: ConditionContrast, whole: ConditionComparison) -> str:
    """Return the sizes, the test, and the results of both tests."""
    pairs = " of runs" if whole.design is SeedDesign.COMPLETE_BLOCKS else " runs"
    parts = [f"{runs_text(contrast, whole.design)}{pairs}"]
    if contrast.p_holm is not None:
        parts.append(f"{contrast.result.test}, {p_relation(contrast.p_holm)}")
    if contrast.equivalence is not None:
        ends = bracket(contrast.equivalence.low, contrast.equivalence.high)
        parts.append(f"90 % interval {ends}, equivalence {p_relation(contrast.equivalence_p_holm)}")
    if contrast.p_holm is not None and whole.family > 1:
        parts.append("Holm-corrected")
    return "; ".join(parts)


def _quoted(condition: Condition) -> str:
    return f'"{condition.label}"'
