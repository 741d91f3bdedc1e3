"""Stored experiments of an output folder."""

import asyncio
from itertools import islice
from pathlib import Path

from clau_doom.app.catalog.stored_state import check_origin, read_state
from clau_doom.config import ExperimentConfig, config_from_yaml, gene_space_from_json
from clau_doom.domain import GenomeSpace
from clau_doom.domain.experiment import Experiment
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import ConfigError, InvalidGenome, StoreCorrupted
from clau_doom.ports import StoredExperiment
from clau_doom.storage import GENES, ExperimentFolders, PlayedEpisodes, StoredInputs

__all__ = ["check_genomes", "checked_space", "read_episodes", "read_experiment", "stored_config"]

_LONGEST_REASON = 400
_NUMBERS_AT_ONCE = 1_000_000


async def read_experiment(output_dir: Path, experiment: str, *, measured: bool = True) -> StoredExperiment:
    """Return the current state of a stored experiment.

    Args:
        output_dir: Folder of experiments.
        experiment: Id of the experiment.
        measured: False: leave out the measures of training episodes; see `ExperimentStore.snapshot`.

    Raises:
        ExperimentNotFound: No experiment has that id.
        StorageFailed: The experiment cannot be read.
    """
    folder = ExperimentFolders(output_dir).open(experiment)
    found = await read_state(folder, measured=measured)
    snapshot = found.snapshot
    space = await asyncio.to_thread(_stored_space, folder.inputs, snapshot, experiment) if measured else None
    return StoredExperiment(
        snapshot=snapshot,
        config=await asyncio.to_thread(stored_config, snapshot.experiment, snapshot.config_yaml, experiment),
        state=found.state,
        last_activity=found.last_activity,
        space=space,
        inputs=folder.inputs.folder,
    )


async def read_episodes(output_dir: Path, experiment: str) -> tuple[PlayedEpisodes, ExperimentConfig]:
    """Return the episodes and the configuration of a stored experiment, without the time for agents and events.

    Raises:
        ExperimentNotFound: No experiment has that id.
        StorageFailed: The experiment cannot be read.
    """
    async with ExperimentFolders(output_dir).open(experiment).read() as store:
        played = await store.episodes()
    return played, await asyncio.to_thread(stored_config, played.experiment, played.config_yaml, experiment)


def _stored_space(inputs: StoredInputs, snapshot: Snapshot, folder: str) -> GenomeSpace | None:
    try:
        text = inputs.read(GENES)
        return None if text is None else checked_space(text, snapshot, GENES)
    except StoreCorrupted as error:
        raise StoreCorrupted(f"experiment {folder} is damaged: {error}") from None


def checked_space(text: bytes, snapshot: Snapshot, name: str) -> GenomeSpace:
    """Parse the description of genes, and check the genomes of an experiment against it.

    Args:
        text: Description from the experiment's folder or from a server.
        snapshot: The experiment.
        name: Name of the text in messages.

    Raises:
        StoreCorrupted: The text does not describe genes, or a genome does not have these genes.
    """
    space = gene_space_from_json(text)
    check_genomes(space, snapshot, f"{name} does not list the genes of the agents")
    return space


def check_genomes(space: GenomeSpace, snapshot: Snapshot, fault: str) -> None:
    """Check that all genomes of an experiment are in a genome space.

    Args:
        space: Genes.
        snapshot: The experiment.
        fault: Start of the error message, before the name of the gene.

    Raises:
        StoreCorrupted: A genome is not in the space.
    """
    genomes = (evaluation.agent.genome for row in snapshot.generations for evaluation in row)
    rows = max(_NUMBERS_AT_ONCE // max(len(space), 1), 1)
    try:
        while some := list(islice(genomes, rows)):
            space.check_all(some)
    except InvalidGenome as error:
        raise StoreCorrupted(f"{fault}: {error}") from None


def stored_config(stored: Experiment, config_yaml: str, folder: str) -> ExperimentConfig:
    """Return the configuration of the last start of an experiment.

    Raises:
        StoreCorrupted: The configuration is not valid, or belongs to another experiment.
    """
    try:
        config = config_from_yaml(config_yaml, name=f"the stored configuration of {folder}")
    except ConfigError as error:
        reason = " ".join(str(error).split())[:_LONGEST_REASON]
        raise StoreCorrupted(f"experiment {folder} is damaged: {reason}") from None
    check_origin(stored, folder, config.name, config.seed)
    return config
