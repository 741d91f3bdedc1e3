"""Tests of reading the state of stored experiments."""

import os
import time
from pathlib import Path

import pytest

from clau_doom.app.catalog.stored_experiments import read_experiment
from clau_doom.config import ExperimentConfig, gene_space_to_json, to_yaml
from clau_doom.domain import Agent, AgentRef, Gene, Genome, GenomeSpace
from clau_doom.domain.events import ExperimentStarted, GenerationStarted
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.errors import StoreCorrupted
from clau_doom.storage import GENES, ExperimentFolders


async def test_last_activity_is_the_time_of_the_last_event(tmp_path: Path) -> None:
    """The modification times of files do not matter."""
    yaml = to_yaml(ExperimentConfig(name="lab"))
    before = time.time()
    folder = ExperimentFolders(tmp_path).create(
        Experiment(id="lab", uuid="1", seed=1, config_yaml=yaml, provenance=Provenance(facts=()))
    )
    after = time.time()
    for path in folder.path.iterdir():
        os.utime(path, (after + 60.0, after + 60.0))
    assert ExperimentFolders(tmp_path).ids() == ("lab",)
    stored = await read_experiment(tmp_path, "lab")
    assert before <= stored.last_activity <= after


async def kept(folder: Path, genes: bytes, genome: tuple[float, ...] = (0.5, 1.0)) -> None:
    """Store an experiment with one agent and the text of its genes."""
    yaml = to_yaml(ExperimentConfig(name="lab"))
    experiment = Experiment(id="lab", uuid="1", seed=1, config_yaml=yaml, provenance=Provenance(facts=()))
    found = ExperimentFolders(folder).create(experiment, {GENES: genes})
    agent = Agent(experiment="lab", ref=AgentRef(0, 0), genome=Genome(genome), parents=(), operator="draw")
    async with found.write() as store:
        started = ExperimentStarted(resumed=False, generations=1, config_yaml=yaml)
        events = (started, GenerationStarted(generation=0, agents=(agent,)))
        await store.append(events, running_seconds=0.0)


SPACE = GenomeSpace((Gene.real("x", 0.0, 1.0), Gene.choice("scan", ("left", "right"))))


async def test_stored_genes_are_read_on_request(tmp_path: Path) -> None:
    """The genes are read with an experiment, but not with a list."""
    await kept(tmp_path, gene_space_to_json(SPACE))
    assert (await read_experiment(tmp_path, "lab")).space == SPACE
    assert (await read_experiment(tmp_path, "lab", measured=False)).space is None


@pytest.mark.parametrize(
    ("genes", "genome", "message"),
    [
        (b"nonsense", (0.5, 1.0), "the stored genes are damaged"),
        (gene_space_to_json(GenomeSpace(())), (0.5, 1.0), "a genome of 2 genes, but the policy has 0"),
        (gene_space_to_json(SPACE), (0.5, 2.0), "gene scan is 2.0: choice from 0 to 1"),
        (gene_space_to_json(SPACE), (1.5, 1.0), "gene x is 1.5: real from 0 to 1"),
    ],
)
async def test_damaged_genes_are_reported_as_store_damage(
    tmp_path: Path, genes: bytes, genome: tuple[float, ...], message: str
) -> None:
    """Damaged genes are reported as damage of the store, and a list still shows the experiment."""
    await kept(tmp_path, genes, genome)
    with pytest.raises(StoreCorrupted, match=message):
        await read_experiment(tmp_path, "lab")
    assert (await read_experiment(tmp_path, "lab", measured=False)).snapshot.generations
