"""Document of one experiment."""

from collections.abc import Sequence
from dataclasses import asdict

from clau_doom.analysis import sections
from clau_doom.analysis.document import Document
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.section_loader import describe_all
from clau_doom.analysis.wording import count
from clau_doom.config import CustomStrategyConfig, EvolutionConfig, kind_label
from clau_doom.domain.budget import BudgetUnit
from clau_doom.domain.experiment import ExperimentState
from clau_doom.statistics.intervals import CONFIDENCE

__all__ = ["experiment_document"]

_STRATEGIES = {
    "cma-es": "CMA-ES",
    "genetic": "A genetic algorithm",
    "map-elites": "MAP-Elites",
    "random": "Random search",
}


def experiment_document(data: ExperimentData, names: Sequence[str] | None = None) -> Document:
    """Describe an experiment.

    Args:
        data: Data of the experiment.
        names: Names of the sections, in order. None: all sections.
    """
    config, state, deviations = data.stored.config, data.stored.state, data.stored.snapshot.deviations
    return Document(
        kind="clau-doom experiment report",
        title=data.id,
        subtitle=(
            f"{kind_label(config.evolution)} · {kind_label(config.policy)} policy · {data.scenario} · "
            f"fitness {data.fitness_name} · seed {data.seed} · {state.value}"
        ),
        sections=describe_all(sections.__name__, sections.EXPERIMENT_SECTIONS if names is None else names, data),
        introduction=_introduction(data),
        notices=_notices(data),
        experiment=data.id,
        data={
            "id": data.id,
            "state": state,
            "seed": data.seed,
            "scenario": data.scenario,
            "fitness": data.fitness_name,
            "confidence": CONFIDENCE,
            "x": data.axis().unit,
            "deviations": {**asdict(deviations), "total": deviations.total},
        },
    )


def _strategy_name(evolution: EvolutionConfig) -> str:
    if isinstance(evolution, CustomStrategyConfig):
        return f"Strategy {evolution.target}"
    return _STRATEGIES[evolution.kind]


def _introduction(data: ExperimentData) -> str:
    config = data.stored.config
    strategy = _strategy_name(config.evolution)
    size = (
        f"{_generations(data)} of {config.population} agents, "
        f"{count(config.episodes, 'episode')} each, from seed {data.seed}"
    )
    return (
        f"{strategy} evolved the genes of a {kind_label(config.policy)} policy on {data.scenario} to maximise "
        f"{data.fitness_name}: {size}."
    )


def _generations(data: ExperimentData) -> str:
    budget, finished = data.stored.config.evolution_budget, len(data.finished_generations)
    if budget.unit is BudgetUnit.GENERATIONS:
        return f"{finished} of {budget}"
    return f"{budget.progress(data.stored.snapshot.summaries)} in {count(finished, 'generation')}"


def _notices(data: ExperimentData) -> tuple[str, ...]:
    found = []
    state, deviations = data.stored.state, data.stored.snapshot.deviations.total
    if state is not ExperimentState.COMPLETED:
        found.append(f"The experiment is {state.value}. The results cover the finished part.")
    if deviations:
        times = count(deviations, "deviation")
        found.append(f"The history has {times}: it depended on time, chance or a user. A repeated run can differ.")
    return tuple(found)
