"""A whole experiment without engines, disk or time: for tests of what a run makes of its episodes."""

from clau_doom.config import ExperimentConfig, to_yaml
from clau_doom.domain import Fitness, GenomeSpace
from clau_doom.domain.experiment import Experiment, ExperimentState, Provenance
from clau_doom.orchestration import ExperimentRun, Shutdown
from clau_doom.ports import Clock, EvaluationBackend
from clau_doom.testing.memory_store import MemoryStore
from clau_doom.testing.scripted_backend import Disturb, ScriptedBackend

__all__ = ["StandingClock", "run_scripted", "scripted_run", "scripted_store"]


class StandingClock:
    """A clock that stands still."""

    def monotonic(self) -> float:
        """Return what it shows, in seconds."""
        return 100.0


def scripted_store(config: ExperimentConfig, *, uuid: str = "4f8") -> MemoryStore:
    """Return a store that holds a new experiment and nothing else."""
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
    store: MemoryStore,
    backend: EvaluationBackend,
    *,
    space: GenomeSpace,
    shutdown: Shutdown | None = None,
    clock: Clock | None = None,
) -> ExperimentRun:
    """Return a run that maximises the reward.

    Args:
        config: The configuration.
        store: Where the experiment is kept.
        backend: Where its episodes are played.
        space: The policy's genes.
        shutdown: Who may ask to stop; None: nobody.
        clock: Time; None: it stands still.
    """
    return ExperimentRun(
        config,
        to_yaml(config),
        space=space,
        fitness=Fitness.named("reward"),
        store=store,
        backend=backend,
        shutdown=shutdown or Shutdown(),
        clock=clock or StandingClock(),
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
    """Run an experiment of scripted episodes, each with a recording, and return what became of it.

    Args:
        store: Where the experiment is kept.
        config: The configuration.
        space: The policy's genes.
        slots: How many episodes are played at once.
        disturb: Called before each episode; see `ScriptedBackend`.
        shutdown: Who may ask to stop; None: nobody.
    """
    backend = ScriptedBackend(slots=slots, disturb=disturb, recording=b"lmp")
    return await scripted_run(config, store, backend, space=space, shutdown=shutdown).run()
