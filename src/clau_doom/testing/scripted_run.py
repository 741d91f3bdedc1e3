"""Complete experiment without engines, disk or time, for tests of the orchestration."""

from clau_doom.config import ExperimentConfig, to_yaml
from clau_doom.domain import Fitness, GenomeSpace
from clau_doom.domain.experiment import Experiment, ExperimentState, Provenance
from clau_doom.orchestration import ExperimentRun, Shutdown
from clau_doom.ports import Clock, EvaluationBackend, ExperimentStore
from clau_doom.testing.memory_store import MemoryStore
from clau_doom.testing.scripted_backend import Disturb, ScriptedBackend

__all__ = ["StoppedClock", "run_scripted", "scripted_run", "scripted_store"]


class StoppedClock:
    """A clock with constant time."""

    def monotonic(self) -> float:
        """Return the constant time in seconds."""
        return 100.0


def scripted_store(config: ExperimentConfig, *, uuid: str = "4f8") -> MemoryStore:
    """Return a store that contains only a new experiment."""
    return MemoryStore(
        Experiment(
            id=config.name,
            uuid=uuid,
            seed=config.seed,
            config_yaml=to_yaml(config),
            provenance=Provenance(facts=(("scripted", "1"),)),
        )
    )


def scripted_run(
    config: ExperimentConfig,
    store: ExperimentStore,
    backend: EvaluationBackend,
    *,
    space: GenomeSpace,
    shutdown: Shutdown | None = None,
    clock: Clock | None = None,
) -> ExperimentRun:
    """Return a run that maximises the reward.

    Args:
        config: The configuration.
        store: Store of the experiment.
        backend: Backend that plays the episodes.
        space: The policy's genes.
        shutdown: Source of shutdown requests, or None.
        clock: Clock of the run; None: constant time.
    """
    return ExperimentRun(
        config,
        to_yaml(config),
        space=space,
        fitness=Fitness.named("reward"),
        store=store,
        backend=backend,
        shutdown=shutdown or Shutdown(),
        clock=clock or StoppedClock(),
    )


async def run_scripted(
    store: MemoryStore,
    config: ExperimentConfig,
    *,
    space: GenomeSpace,
    slots: int = 3,
    disturb: Disturb | None = None,
    shutdown: Shutdown | None = None,
) -> ExperimentState:
    """Run an experiment of scripted episodes, each with a recording, and return its result.

    Args:
        store: Store of the experiment.
        config: The configuration.
        space: The policy's genes.
        slots: Maximum number of episodes at once.
        disturb: Called before each episode; see `ScriptedBackend`.
        shutdown: Source of shutdown requests, or None.
    """
    backend = ScriptedBackend(slots=slots, disturb=disturb, recording=b"lmp")
    return await scripted_run(config, store, backend, space=space, shutdown=shutdown).run()
