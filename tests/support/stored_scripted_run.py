"""Stored experiments of scripted episodes, in real folders."""

from pathlib import Path

from clau_doom.config import ExperimentConfig, gene_space_to_json, to_yaml
from clau_doom.config.holdout import HoldoutConfig
from clau_doom.domain import Fitness, Gene, GenomeSpace
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.orchestration import ExperimentRun, Shutdown
from clau_doom.storage import GENES, ExperimentFolder, ExperimentFolders
from clau_doom.testing import ScriptedBackend
from clau_doom.testing.scripted_run import StoppedClock

__all__ = ["UUID", "create_scripted", "play_scripted", "scripted_config"]

UUID = "6f3c1c52-7a1e-4d53-9a53-08a1a8c6b5d2"
_SPACE = GenomeSpace((Gene.real("x", -1.0, 1.0), Gene.choice("mood", ["bold", "shy"])))


def scripted_config(name: str = "lab", *, generations: int = 3) -> ExperimentConfig:
    """Return a small configuration."""
    holdout = HoldoutConfig(validation=2, episodes=3)
    return ExperimentConfig(name=name, generations=generations, population=4, episodes=2, holdout=holdout)


def create_scripted(root: Path, config: ExperimentConfig, *, uuid: str = UUID) -> ExperimentFolder:
    """Store a new experiment."""
    experiment = Experiment(
        id=config.name,
        uuid=uuid,
        seed=config.seed,
        config_yaml=to_yaml(config),
        provenance=Provenance(facts=(("scripted", "1"),)),
    )
    return ExperimentFolders(root).create(experiment, {GENES: gene_space_to_json(_SPACE)})


async def play_scripted(root: Path, config: ExperimentConfig, shutdown: Shutdown | None = None) -> None:
    """Run a stored experiment, or resume it."""
    async with ExperimentFolders(root).open(config.name).write() as store, ScriptedBackend(slots=2) as backend:
        run = ExperimentRun(
            config,
            to_yaml(config),
            space=_SPACE,
            fitness=Fitness.named("reward"),
            store=store,
            backend=backend,
            shutdown=shutdown or Shutdown(),
            clock=StoppedClock(),
        )
        await run.run()
