"""Tables of a stored experiment in Arrow, with the columns of an export.

Import this module only in functions that need it: pyarrow takes half a second to import.
"""

from collections.abc import Sequence
from contextlib import aclosing, suppress
from typing import Any

import pyarrow as pa

from clau_doom.app.catalog.folder_source import ExperimentSource
from clau_doom.app.gene_space import space_of
from clau_doom.app.run_planning import make_fitness
from clau_doom.config import ExperimentConfig
from clau_doom.domain import AgentRef, Episode, Fitness, GenomeSpace, experiment_of_player, parse_agent_id
from clau_doom.domain.event_declaration import declaration_of
from clau_doom.domain.events import RecordedEvent
from clau_doom.errors import InvalidAgentId
from clau_doom.ports import StoredExperiment
from clau_doom.storage import PlayedEpisodes
from clau_doom.storage.arrow_tables import arrow_batch, arrow_schema, arrow_table
from clau_doom.storage.episode_table import episode_table
from clau_doom.storage.export_schema import (
    EXPORTED,
    ExportedTable,
    Value,
    agent_row,
    agent_rows,
    episode_row,
    episodes_exported,
    exported_tables,
    generation_rows,
)
from clau_doom.wire import event_json, event_message

__all__ = [
    "agent_episodes_table",
    "agents_table",
    "episodes_table",
    "event_row",
    "events_table",
    "generations_table",
    "lineage_table",
]

_TABLES = {table.name: table for table in EXPORTED}
_ROWS_AT_ONCE = 1_000


def episodes_table(played: PlayedEpisodes, config: ExperimentConfig) -> Any:
    """Return the training, validation and held-out episodes of an experiment."""
    return episode_table(played, make_fitness(config), config.measures)


def agent_episodes_table(episodes: Sequence[Episode], fitness: Fitness | None, *, recorded: bool) -> Any:
    """Return episodes of one agent or of the random baseline, with the columns of `episodes_table`.

    Args:
        episodes: The episodes.
        fitness: Fitness of the agent's experiment, or None for an agent file.
        recorded: Whether a run played the episodes. Otherwise their purpose is left out.
    """
    rows = []
    for episode in episodes:
        experiment, ref = None, None
        with suppress(InvalidAgentId):  # an agent file may have any id
            experiment = experiment_of_player(episode.agent)
            ref = AgentRef(*parse_agent_id(episode.agent)[1:])
        name, purpose, *rest = episode_row(experiment, episode, ref, fitness)
        rows.append((name, purpose if recorded else None, *rest))
    measures = episodes[0].outcome.measures.custom if episodes else None
    return arrow_table(episodes_exported(name for name, _ in measures or ()), rows)


def agents_table(stored: StoredExperiment) -> Any:
    """Return the agents of all generations, with a column for each gene.

    Raises:
        ConfigError: The genes of the policy cannot be determined; see `space_of`.
    """
    space = space_of(stored)
    return arrow_table(_agents_of(space), list(agent_rows(stored.snapshot, space)))


def lineage_table(stored: StoredExperiment, agent: str) -> Any:
    """Return an agent and all of its ancestors, the latest first, with the columns of `agents_table`.

    Raises:
        AgentNotFound: The experiment does not have the agent.
        ConfigError: The genes of the policy cannot be determined; see `space_of`.
    """
    snapshot, space = stored.snapshot, space_of(stored)
    found = snapshot.find(agent)
    line = [found, *snapshot.ancestors(found.agent)]
    return arrow_table(_agents_of(space), [agent_row(each, snapshot.experiment.id, space) for each in line])


def _agents_of(space: GenomeSpace) -> ExportedTable:
    return next(table for table in exported_tables(space) if table.name == "agents")


def generations_table(stored: StoredExperiment) -> Any:
    """Return the finished generations."""
    return arrow_table(_TABLES["generations"], list(generation_rows(stored.snapshot)))


async def events_table(source: ExperimentSource, experiment: str) -> Any:
    """Return the log of an experiment in its current state."""
    schema = arrow_schema(_TABLES["events"])
    batches: list[Any] = []
    rows: list[tuple[Value, ...]] = []
    async with aclosing(source.events(experiment, 0, follow=False)) as log:
        async for recorded in log:
            rows.append(event_row(experiment, recorded))
            if len(rows) == _ROWS_AT_ONCE:
                batches.append(arrow_batch(schema, rows))
                rows = []
    return pa.Table.from_batches([*batches, arrow_batch(schema, rows)], schema=schema)


def event_row(experiment: str, recorded: RecordedEvent) -> tuple[Value, ...]:
    """Return the row of an event in the table `events`."""
    payload = event_json(event_message(experiment, recorded))
    return experiment, recorded.sequence, recorded.time, declaration_of(recorded.event).code, payload
