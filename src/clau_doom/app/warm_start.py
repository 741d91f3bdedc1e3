"""Genomes of a warm start: found when an experiment is created, and stored with it.

The copy in the experiment's folder has the source, the SHA-256 and the genes of each genome. A resume reads the copy,
or else generation 0, so that the original files and experiments are not needed.
"""

import asyncio
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from clau_doom.app.catalog.stored_experiments import read_experiment
from clau_doom.app.gene_space import space_of
from clau_doom.app.genome_documents import SUFFIX, genome_of_data, genome_of_file
from clau_doom.config import ExperimentConfig, Problem
from clau_doom.domain import Genome, GenomeSpace, check_experiment_id, parse_agent_id
from clau_doom.domain.snapshot import Snapshot
from clau_doom.error_description import describe
from clau_doom.errors import AgentNotFound, ClauDoomError, ConfigError, ResumeRefused, StoreCorrupted
from clau_doom.evolution.warm_start import START as START_OPERATOR
from clau_doom.replay import select_agent
from clau_doom.storage import START, StoredInputs

__all__ = ["StartAgent", "is_start_file", "resolve_start", "start_document", "start_genomes", "stored_start"]


@dataclass(frozen=True, kw_only=True, slots=True)
class StartAgent:
    """Genome of a warm start.

    Attributes:
        source: Name in the configuration: a path, or the id of an agent or an experiment.
        genome: The genome.
    """

    source: str
    genome: Genome

    @property
    def sha256(self) -> str:
        """SHA-256 of the genome's bytes, hexadecimal."""
        return hashlib.sha256(self.genome.to_bytes()).hexdigest()


def is_start_file(name: str) -> bool:
    """Return whether a name in `evolution.start.agents` is the path of a file."""
    return name.lower().endswith(SUFFIX) or "/" in name


def resolve_start(
    config: ExperimentConfig, output_dir: Path, space: GenomeSpace
) -> tuple[tuple[StartAgent, ...], tuple[Problem, ...]]:
    """Return the genomes of `evolution.start.agents`, and a problem for each agent that cannot be used.

    Args:
        config: Configuration of the new experiment.
        output_dir: Folder of the experiments that ids name.
        space: Genes of its policy. Genes of experiments with other scenarios must have the same names.
    """
    found, problems = [], []
    for index, name in enumerate(config.evolution.start.agents):
        try:
            genome = genome_of_file(Path(name), space) if is_start_file(name) else _stored(name, output_dir, space)
        except ClauDoomError as error:
            problems.append(Problem(path=("evolution", "start", "agents", index), text=describe(error)))
        else:
            found.append(StartAgent(source=name, genome=genome))
    return tuple(found), tuple(problems)


def start_document(agents: tuple[StartAgent, ...], space: GenomeSpace) -> bytes:
    """Return the text of the copy in the experiment's folder."""
    rows = [{"source": each.source, "sha256": each.sha256, "genome": space.named(each.genome)} for each in agents]
    return (json.dumps({"agents": rows}, indent=1) + "\n").encode()


def stored_start(
    config: ExperimentConfig, inputs: StoredInputs | None, snapshot: Snapshot, space: GenomeSpace
) -> tuple[StartAgent, ...]:
    """Return the genomes of a stored experiment's warm start, from their copy or from generation 0.

    Raises:
        StoreCorrupted: The copy is damaged.
        ResumeRefused: The copy is missing, and generation 0 is incomplete.
    """
    names = config.evolution.start.agents
    if not names:
        return ()
    if inputs is not None and (text := inputs.read(START)) is not None:
        return _parsed(text, names, space)
    genomes = start_genomes(snapshot)
    if len(genomes) != len(names):
        raise ResumeRefused(f"{START} is missing in the folder of {config.name}, and its generation 0 is incomplete")
    return tuple(StartAgent(source=name, genome=genome) for name, genome in zip(names, genomes, strict=True))


def start_genomes(snapshot: Snapshot) -> tuple[Genome, ...]:
    """Return the given genomes of a warm start that generation 0 holds, in their order."""
    first = snapshot.generations[0] if snapshot.generations else ()
    return tuple(each.agent.genome for each in first if each.agent.operator == START_OPERATOR)


def _stored(name: str, output_dir: Path, space: GenomeSpace) -> Genome:
    """Return the genome of an agent of a stored experiment, or of its champion."""
    experiment = check_experiment_id(name) if (parsed := _experiment_of(name)) is None else parsed
    # The caller may run in an event loop.
    with ThreadPoolExecutor(1) as thread:
        stored = thread.submit(asyncio.run, read_experiment(output_dir, experiment)).result()
    agent = select_agent(stored.snapshot, name)
    return genome_of_data(space_of(stored).named(agent.genome), space, name=agent.id)


def _experiment_of(name: str) -> str | None:
    with suppress(AgentNotFound):  # not the id of an agent
        return parse_agent_id(name)[0]
    return None


def _parsed(text: bytes, names: tuple[str, ...], space: GenomeSpace) -> tuple[StartAgent, ...]:
    try:
        rows = json.loads(text)["agents"]
        found = tuple(
            StartAgent(source=str(row["source"]), genome=genome_of_data(row["genome"], space, name=START))
            for row in rows
        )
        digests = [row["sha256"] for row in rows]
    except (ConfigError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise StoreCorrupted(f"{START} is damaged: restore it from a copy, or delete it ({error})") from None
    if len(found) != len(names) or digests != [each.sha256 for each in found]:
        raise StoreCorrupted(f"{START} is damaged: its genomes do not have its digests; restore it from a copy")
    return found
