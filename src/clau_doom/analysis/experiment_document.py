"""Document of one experiment."""

from collections.abc import Sequence
from dataclasses import asdict

from clau_doom.analysis.document import Document
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.sections import EXPERIMENT_SECTIONS, describe_sections
from clau_doom.domain.experiment import ExperimentState
from clau_doom.statistics.intervals import CONFIDENCE

__all__ = ["experiment_document"]


def experiment_document(data: ExperimentData, names: Sequence[str] = EXPERIMENT_SECTIONS) -> Document:
    """Describe an experiment.

    Args:
        data: Data of the experiment.
        names: Names of the sections, in order.
    """
    config, state, deviations = data.stored.config, data.stored.state, data.stored.snapshot.deviations
    return Document(
        kind="clau-doom experiment report",
        title=data.id,
        subtitle=(
            f"{config.evolution.kind} · {config.policy.kind} policy · {data.scenario} · fitness {data.fitness_name} · "
            f"seed {data.seed} · {state.value}"
        ),
        sections=describe_sections(data, names),
        notices=_notices(data),
        experiment=data.id,
        data={
            "id": data.id,
            "state": state,
            "seed": data.seed,
            "scenario": data.scenario,
            "fitness": data.fitness_name,
            "confidence": CONFIDENCE,
            "deviations": {**asdict(deviations), "total": deviations.total},
        },
    )


def _notices(data: ExperimentData) -> tuple[str, ...]:
    found = []
    state, deviations = data.stored.state, data.stored.snapshot.deviations.total
    if state is not ExperimentState.COMPLETED:
        found.append(f"The experiment is {state.value}. The results cover the finished part.")
    if deviations:
        times = "1 deviation" if deviations == 1 else f"{deviations} deviations"
        found.append(f"The history has {times}: it depended on time, chance or a user. A repeated run can differ.")
    return tuple(found)
