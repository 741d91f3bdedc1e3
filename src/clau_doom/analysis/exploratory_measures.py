"""Exploratory comparison of conditions in measures other than the fitness of held-out episodes.

The measures are the scenario's, as means over a champion's held-out episodes. The p-values are not corrected for the
number of tests. They are weak evidence, and suggest hypotheses for new runs.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clau_doom.analysis.condition_contrasts import ConditionContrast, compare_conditions
from clau_doom.analysis.conditions import Condition
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import Measures
from clau_doom.statistics.difference_tests import DifferenceTest

__all__ = ["ExploratoryContrast", "compare_measures"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExploratoryContrast:
    """Comparison of a condition with the baseline's condition in one measure.

    Attributes:
        measure: Name of the measure.
        condition: Number of the condition.
        result: Difference of the means of the runs, condition less baseline, with the test of the primary measure.
            The p-value is not corrected.
        mean: Mean of the condition's runs.
        baseline_mean: Mean of the runs of the baseline's condition.
        constant: Whether all runs of both conditions have the same value, so that they cannot differ.
    """

    measure: str
    condition: int
    result: DifferenceTest
    mean: float
    baseline_mean: float
    constant: bool


def compare_measures(
    conditions: Sequence[Condition], held_out: Mapping[str, Sequence[Measures]], measures: Sequence[str]
) -> tuple[ExploratoryContrast, ...]:
    """Compare conditions in several measures. The result is empty if the runs do not allow a comparison.

    Args:
        conditions: All conditions, the baseline's first.
        held_out: Measures of the champion's held-out episodes, by id of the experiment.
        measures: Names of the measures.
    """
    rows: list[ExploratoryContrast] = []
    for name in measures:
        scores = {run: float(np.mean([each.value(name) for each in played])) for run, played in held_out.items()}
        found = compare_conditions(conditions, scores)
        if not isinstance(found, Unavailable):
            by_number = {each.number: [scores[run] for run in each.experiments] for each in conditions}
            rows += [_row(name, each, by_number[each.condition], by_number[0]) for each in found.contrasts]
    return tuple(rows)


def _row(name: str, contrast: ConditionContrast, ours: Sequence[float], theirs: Sequence[float]) -> ExploratoryContrast:
    return ExploratoryContrast(
        measure=name,
        condition=contrast.condition,
        result=contrast.result,
        mean=math.fsum(ours) / len(ours),
        baseline_mean=math.fsum(theirs) / len(theirs),
        constant=len({*ours, *theirs}) == 1,
    )
