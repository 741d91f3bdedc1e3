"""Comparison of stored experiments over several scenarios."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from clau_doom.app.analyze import baseline_of, comparison_remarks, fitness_name
from clau_doom.app.run_planning import make_fitness
from clau_doom.config import condition_changes
from clau_doom.errors import ConfigError, WrongState
from clau_doom.ports import StoredExperiment

if TYPE_CHECKING:
    from clau_doom.analysis.conditions import Condition
    from clau_doom.analysis.scenario_comparison import ScenarioComparison, ScenarioRun

__all__ = ["compare_over_scenarios", "has_several_scenarios"]

_TASK = ("scenario.", "fitness")
"""Settings of a scenario: prefixes of their paths."""

_CFG = ".cfg"
_FILES = ("scenario.cfg", "scenario.wad", "scenario.game")


def has_several_scenarios(experiments: Sequence[StoredExperiment]) -> bool:
    """Return whether experiments have scenarios with different names; paths with equal files are one scenario."""
    return len({_key(stored) for stored in experiments}) > 1


def compare_over_scenarios(
    experiments: Sequence[StoredExperiment], baseline: str, *, control: bool = False, margin: float | None = None
) -> "ScenarioComparison":
    """Compare experiments of several scenarios by their conditions.

    Args:
        experiments: Experiments of two scenarios or more.
        baseline: Id of one of the experiments. Its condition is the first.
        control: Whether the other conditions are compared with the baseline's only.
        margin: Largest difference of normalised scores without practical meaning. None: none.

    Raises:
        ConfigError: An experiment is given twice, the baseline is not among the experiments, the settings of a scenario
            differ between its experiments, or the conditions do not allow a comparison; see `compare_scenarios`.
        WrongState: An experiment has no held-out episodes of its champion and of random play yet.
    """
    from clau_doom.analysis.conditions import find_conditions  # noqa: PLC0415 - scipy, which no run needs
    from clau_doom.analysis.scenario_comparison import compare_scenarios  # noqa: PLC0415 - as above

    base = baseline_of(experiments, baseline)
    groups: dict[str, list[StoredExperiment]] = {}
    for stored in experiments:
        groups.setdefault(_key(stored), []).append(stored)
    for first, *others in groups.values():
        _check_equal(first, others)
    labels = {key: _label(group[0].config.scenario.name) for key, group in groups.items()}
    _check_labels([*labels.values()])
    conditions = find_conditions(experiments, baseline, ignored=_TASK)
    by_id = {stored.snapshot.experiment.id: stored for stored in experiments}
    played = {name: _run(stored, labels[_key(stored)]) for name, stored in by_id.items()}
    split = [_by_scenario(condition, played) for condition in conditions]
    return compare_scenarios(
        [condition for condition, _ in split],
        [runs for _, runs in split],
        {labels[key]: fitness_name(group[0].config) for key, group in groups.items()},
        baseline,
        control=control,
        margin=margin or 0.0,
        remarks=comparison_remarks(experiments, base, ignored="scenario."),
    )


def _by_scenario(
    condition: "Condition", played: "Mapping[str, ScenarioRun]"
) -> "tuple[Condition, tuple[ScenarioRun, ...]]":
    """Return a condition with its runs, one for each seed and scenario."""
    members = {*condition.experiments, *condition.repeats}
    found: dict[tuple[str, int], ScenarioRun] = {}
    for name, run in played.items():
        if name in members:
            found.setdefault((run.scenario, run.seed), run)
    runs = tuple(found.values())
    kept = {run.id for run in runs}
    changed = replace(
        condition,
        experiments=tuple(run.id for run in runs),
        seeds=tuple(run.seed for run in runs),
        repeats=tuple(name for name in played if name in members - kept),
    )
    return changed, runs


def _key(stored: StoredExperiment) -> str:
    """Return the name of a scenario; of a .cfg file, the digests of its files."""
    name = stored.config.scenario.name
    if not name.lower().endswith(_CFG):
        return name
    facts = dict(stored.snapshot.experiment.provenance.facts)
    return " ".join(str(facts.get(fact)) for fact in _FILES)


def _label(name: str) -> str:
    return PurePath(name).stem if name.lower().endswith(_CFG) else name


def _check_equal(first: StoredExperiment, others: Sequence[StoredExperiment]) -> None:
    """Check that experiments of one scenario have equal files, settings of the scenario, and fitness."""
    for other in others:
        differing = [
            str(change)
            for change in condition_changes(first.config, other.config)
            if change.path.startswith(_TASK) and change.path != "scenario.name"
        ]
        here, there = (dict(each.snapshot.experiment.provenance.facts) for each in (first, other))
        differing += [f"{fact} differs" for fact in _FILES if here.get(fact) != there.get(fact)]
        if differing:
            raise ConfigError(
                f"{other.snapshot.experiment.id} cannot be compared with {first.snapshot.experiment.id}: their "
                f"scenario {_label(first.config.scenario.name)} differs ({'; '.join(differing)}): compare experiments "
                "with equal settings of a scenario"
            )


def _check_labels(labels: Sequence[str]) -> None:
    double = next((label for label in labels if labels.count(label) > 1), None)
    if double:
        raise ConfigError(f"two scenarios are named {double} and have different files: give experiments of one of them")


def _run(stored: StoredExperiment, scenario: str) -> "ScenarioRun":
    from clau_doom.analysis.held_out_results import held_out_standings  # noqa: PLC0415 - as above
    from clau_doom.analysis.scenario_comparison import ScenarioRun  # noqa: PLC0415 - as above

    made = stored.snapshot.experiment
    played = {each.role: each.fitnesses for each in held_out_standings(stored.snapshot, make_fitness(stored.config))}
    if not {"champion", "random"} <= played.keys():
        raise WrongState(
            f"{made.id} is {stored.state.value} and lacks held-out episodes of its champion or of random play: finish "
            "it, or omit it"
        )
    champion, random = (sum(played[role]) / len(played[role]) for role in ("champion", "random"))
    return ScenarioRun(id=made.id, seed=made.seed, scenario=scenario, fitness=champion, random=random)
