"""Experiments of scripted episodes in folders, for tests of code that reads stored experiments."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from clau_doom.config import ExperimentConfig, HoldoutConfig, gene_space_to_json, to_yaml
from clau_doom.domain import EpisodeOutcome, Gene, Genome, GenomeSpace
from clau_doom.domain.experiment import Experiment, ExperimentState, Provenance
from clau_doom.orchestration import Shutdown
from clau_doom.storage import GENES, ExperimentFolders
from clau_doom.testing import ScriptedBackend, scripted_outcome
from clau_doom.testing.scripted_backend import Disturb
from clau_doom.testing.scripted_run import scripted_run

__all__ = ["SMALL", "SPACE", "store_experiment"]

SPACE = GenomeSpace((Gene.real("x", -1.0, 1.0), Gene.integer("steps", 1, 9), Gene.choice("mood", ["bold", "shy"])))
"""Genes of the experiments: one of each kind."""

SMALL = ExperimentConfig(
    name="lab", generations=3, population=4, episodes=2, holdout=HoldoutConfig(validation=3, episodes=6)
)
"""Configuration of an experiment with 24 training episodes."""


def outcome_of_small(genome: Genome, seed: int) -> EpisodeOutcome:
    """Return a scripted outcome. Random play, which has no genes, has the reward of a poor agent."""
    found = scripted_outcome(genome, seed)
    return found if len(genome) else replace(found, measures=replace(found.measures, reward=found.measures.reward / 50))


def store_experiment(
    folder: Path,
    config: ExperimentConfig = SMALL,
    *,
    outcome: Callable[[Genome, int], EpisodeOutcome] = outcome_of_small,
    disturb: Disturb | None = None,
    shutdown: Shutdown | None = None,
    genes: bool = True,
) -> ExperimentState:
    """Run a new or interrupted experiment, and return its state.

    Args:
        folder: Folder of experiments.
        config: The configuration.
        outcome: Function from genome and seed to the outcome.
        disturb: Called before each episode; see `ScriptedBackend`.
        shutdown: Source of shutdown requests, or None.
        genes: Store the genes, as current versions do.
    """

    async def run() -> ExperimentState:
        folders = ExperimentFolders(folder)
        if not folders.holds(config.name):
            folders.create(_experiment(config), {GENES: gene_space_to_json(SPACE)} if genes else {})
        backend = ScriptedBackend(outcome=outcome, disturb=disturb)
        async with folders.open(config.name).write() as store, backend as entered:
            return await scripted_run(config, store, entered, space=SPACE, shutdown=shutdown).run()

    return asyncio.run(run())


def _experiment(config: ExperimentConfig) -> Experiment:
    return Experiment(
        id=config.name,
        uuid=str(uuid5(NAMESPACE_URL, config.name)),
        seed=config.seed,
        config_yaml=to_yaml(config),
        provenance=Provenance(facts=(("scripted", "1"),)),
    )
