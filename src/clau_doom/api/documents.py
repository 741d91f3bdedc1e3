"""Analyses of stored experiments, with arguments in the form of the library."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from clau_doom.analysis import comparison_sections, sections
from clau_doom.analysis.comparison_document import comparison_document, main_sections
from clau_doom.analysis.evolution_axis import axis_unit
from clau_doom.analysis.experiment_document import experiment_document
from clau_doom.analysis.ranking import criteria_of
from clau_doom.api.analysis import Analysis
from clau_doom.app.analyze import analyse, compare
from clau_doom.app.scenario_comparison import compare_over_scenarios, has_several_scenarios
from clau_doom.app.shared_measures import shared_measures
from clau_doom.errors import ConfigError
from clau_doom.ports import StoredExperiment

if TYPE_CHECKING:
    from clau_doom.analysis.document import Document
    from clau_doom.analysis.topsis import Criterion

__all__ = ["Criteria", "analyze_experiment", "compare_experiments", "whole_document"]

Criteria = Mapping[str, float] | str | None
"""Bundled measures and those of the user with weights, also in the form ``kills:1,damage_taken:-2``."""

_RANKING = "multicriteria-ranking"


def analyze_experiment(stored: StoredExperiment, criteria: Criteria = None, x: str | None = None) -> Analysis:
    """Analyse one experiment.

    Args:
        stored: The experiment.
        criteria: Criteria for the ranking of agents.
        x: Unit of the horizontal axis. None: the default.

    Raises:
        ConfigError: A criterion, a weight or the unit is not valid.
    """
    chosen = _criteria(criteria, [stored])
    data = analyse(stored, chosen, x=axis_unit(x))
    shown = [*sections.MAIN_SECTIONS, *([_RANKING] if chosen else [])]
    return Analysis(
        lambda names: experiment_document(data, names),
        sections=sections.EXPERIMENT_SECTIONS,
        main=[name for name in sections.EXPERIMENT_SECTIONS if name in shown],
    )


def compare_experiments(
    experiments: Sequence[StoredExperiment],
    baseline: str | None,
    criteria: Criteria,
    targets: Sequence[float],
    *,
    margin: float | None = None,
    x: str | None = None,
) -> Analysis:
    """Compare experiments of one scenario or of several.

    Args:
        experiments: Two or more experiments.
        baseline: Id of one of the experiments. None: the first.
        criteria: Criteria for the ranking of champions.
        targets: Fitness values of the runtimes.
        margin: Smallest difference of interest in fitness. None: no tests of equivalence.
        x: Unit of the horizontal axis. None: the default.

    Raises:
        ConfigError: The experiments are not comparable, or an argument does not fit them.
        WrongState: An experiment has no held-out episodes yet.
    """
    if margin is not None and not margin > 0.0:
        raise ConfigError(f"margin {margin:g} is not above 0: give the smallest difference of interest")
    unit = axis_unit(x)
    first = baseline or experiments[0].snapshot.experiment.id
    chosen = _criteria(criteria, experiments)
    if has_several_scenarios(experiments):
        for name, value in (("criteria", chosen), ("targets", targets), ("x", unit)):
            if value:
                raise ConfigError(f"{name} needs experiments of one scenario: omit {name}, or give such experiments")
        return _compare_scenarios(experiments, first, control=baseline is not None, margin=margin)
    data = compare(experiments, first, chosen, targets, margin=margin, x=unit)
    return Analysis(
        lambda names: comparison_document(data, names),
        sections=comparison_sections.COMPARISON_SECTIONS,
        main=[*main_sections(data), *([_RANKING] if chosen else [])],
    )


def whole_document(document: "Document") -> Analysis:
    """Return the analysis of a document that is computed as a whole."""
    names = [section.name for section in document.sections]
    return Analysis(_part_of(document), sections=names, main=names)


def _compare_scenarios(
    experiments: Sequence[StoredExperiment], baseline: str, *, control: bool, margin: float | None
) -> Analysis:
    from clau_doom.analysis.scenario_document import scenario_document  # noqa: PLC0415 - only for several scenarios

    return whole_document(
        scenario_document(compare_over_scenarios(experiments, baseline, control=control, margin=margin))
    )


def _part_of(document: "Document") -> "Callable[[Sequence[str] | None], Document]":
    def describe(names: Sequence[str] | None) -> "Document":
        if names is None:
            return document
        return replace(document, sections=tuple(each for each in document.sections if each.name in names))

    return describe


def _criteria(criteria: Criteria, experiments: Sequence[StoredExperiment]) -> "tuple[Criterion, ...]":
    if not criteria:
        return ()
    text = criteria if isinstance(criteria, str) else ",".join(f"{name}:{weight}" for name, weight in criteria.items())
    return criteria_of(text, shared_measures(experiments))
