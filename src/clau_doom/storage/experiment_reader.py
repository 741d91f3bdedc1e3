"""Reading connection for snapshots and the event log; each result comes from one transaction."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clau_doom.domain import Agent, AgentRef, Purpose
from clau_doom.domain.events import RecordedEvent
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import AgentNotFound, StoreCorrupted
from clau_doom.storage import experiment_lock, schema
from clau_doom.storage.columnar_episodes import read_training
from clau_doom.storage.episode_rows import COLUMNS, PURPOSES, place_of
from clau_doom.storage.error_mapping import reading_errors
from clau_doom.storage.played_episodes import PlayedEpisodes
from clau_doom.storage.read_budget import ReadBudget, Row
from clau_doom.storage.row_conversion import (
    agent_of,
    check_references,
    environments_of,
    experiment_of,
    generations_of,
    genomes_of,
    head_of,
    irregularities_of,
    judging_of,
    processor_time_of,
    recorded_event,
    repeated_actions,
    summaries_of,
)
from clau_doom.storage.validation import MOST_SEED

__all__ = ["PAGE", "ExperimentReader", "LogPage"]

PAGE = 256
_PAGE_LENGTH = 16 * 2**20  # characters
_GENOME_AS_TEXT = 4  # characters in an event for each byte in the table
_HEAD = (
    "SELECT id, uuid, seed, state, reason, running_seconds, champion_generation, champion_number, validation_fitness"
    " FROM experiment LIMIT 2"
)
# The first and the latest configuration.
_CONFIGS = (
    "SELECT config_yaml FROM configs WHERE sequence IN"
    " (SELECT min(sequence) FROM configs UNION ALL SELECT max(sequence) FROM configs) ORDER BY sequence"
)
_FACTS = "SELECT name, value FROM provenance ORDER BY rowid"
_GENOMES = "SELECT total(length(genome)) FROM agents"
_AGENT = "SELECT generation, number, operator, parents, genome, status, fitness, failure FROM agents"
_PAUSED = "SELECT generation, number FROM agents WHERE paused AND status = 'pending' ORDER BY generation, number"
_INJECTED = (
    "SELECT genome FROM injected WHERE generation > (SELECT coalesce(max(generation), -1) FROM agents)"
    " ORDER BY sequence"
)
_IRREGULAR = (
    "SELECT kind, payload FROM log WHERE kind IN"
    " ('agent_failed', 'agent_restarted', 'contestant_failed', 'genome_injected') ORDER BY sequence"
)
_STARTED = (
    "SELECT payload FROM log WHERE sequence IN (SELECT sequence FROM configs) AND kind = 'experiment_started'"
    " ORDER BY sequence"
)
_PROCESSOR_TIME = "SELECT purpose, seconds, unmeasured FROM processor_time"
_REPEATED = "SELECT total(repeated) FROM played WHERE repeated > 0"
_JUDGING = (
    f"SELECT {', '.join(COLUMNS)} FROM played WHERE purpose IN (1, 2) ORDER BY purpose, generation, agent, number"  # noqa: S608 (constant names)
)
_PAGE = (
    f"SELECT log.sequence, time, kind, payload, {', '.join(COLUMNS)} FROM log LEFT JOIN played USING (sequence)"  # noqa: S608 (constant names)
    " WHERE log.sequence > ? ORDER BY log.sequence LIMIT ?"
)
_Query = Callable[..., Iterator[Row]]


@dataclass(frozen=True, slots=True)
class LogPage:
    """Page of the event log.

    Attributes:
        events: Events in order; empty at the end of the log.
        ended: Whether the experiment is interrupted or in a final state.
    """

    events: tuple[RecordedEvent, ...]
    ended: bool


class ExperimentReader:
    """Reads results; used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open results for reading. Results of an older version are migrated first.

        Raises:
            StorageFailed: The results cannot be opened.
            ExperimentBusy: A process of an older version is writing the results.
        """
        self._folder = path.parent
        with reading_errors(self._folder):
            if _version(path) < schema.newest():
                _upgrade(path)
            self._connection = schema.connect(path, write=False)
            try:
                schema.check_tables(self._connection)
                self._budget = ReadBudget(self._connection)
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def stored_id(self) -> str:
        """Return the id of the stored experiment, which differs from the name of a copied folder."""
        with self._transaction() as query:
            return str(head_of(list(query(_HEAD)))[0])

    def begun(self) -> tuple[bool, bool]:
        """Return whether agents exist, and whether an episode was played."""
        with self._transaction() as query:
            ((asked, played),) = query("SELECT EXISTS (SELECT 1 FROM agents), EXISTS (SELECT 1 FROM played)")
        return bool(asked), bool(played)

    def revision(self) -> tuple[str, int]:
        """Return the UUID of the experiment and the last sequence of its log."""
        with self._transaction() as query:
            uuid = str(head_of(list(query(_HEAD)))[1])
            return uuid, int(_one(query("SELECT coalesce(max(sequence), 0) FROM log")))

    def snapshot(self, *, measured: bool = True) -> Snapshot:
        """Return the whole experiment; if not `measured`, training episodes have only numbers and fingerprints.

        Raises:
            StoreCorrupted: A value is invalid; the message names it.
        """
        with self._transaction() as query:
            head = head_of(list(query(_HEAD)))
            name, state, reason, seconds, champion = head[0], *head[3:6], head[6:8]
            experiment, config = experiment_of(head, list(query(_CONFIGS)), query(_FACTS))
            training = read_training(query, self._budget.numbers, name, measured=measured)
            irregularities = irregularities_of(query(_IRREGULAR))
            generations = generations_of(query(f"{_AGENT} ORDER BY generation, number"), name, training)
            snapshot = Snapshot(
                experiment=experiment,
                config_yaml=config,
                state=state,
                reason=reason,
                generations=generations,
                summaries=summaries_of(query("SELECT * FROM generations ORDER BY number"), generations),
                episodes=training,
                judging=judging_of(name, query(_JUDGING)),
                champion=None if head[8] is None else (AgentRef(*champion), head[8]),
                paused=tuple([AgentRef(*row) for row in query(_PAUSED)]),
                injected=genomes_of(query(_INJECTED)),
                traces=irregularities.traces(name),
                deviations=irregularities.deviations(repeated_actions=repeated_actions(_one(query(_REPEATED)))),
                last_sequence=_last_sequence(query),
                running_seconds=seconds,
                environments=environments_of(query(_STARTED)),
                processor_time=processor_time_of(query(_PROCESSOR_TIME)),
            )
            check_references(snapshot)
        return snapshot

    def episodes(self) -> PlayedEpisodes:
        """Return all episodes, without the time and memory for agents and events.

        Raises:
            StoreCorrupted: A value is invalid; the message names it.
        """
        with self._transaction() as query:
            head = head_of(list(query(_HEAD)))
            experiment, config = experiment_of(head, list(query(_CONFIGS)), query(_FACTS))
            return PlayedEpisodes(
                experiment=experiment,
                config_yaml=config,
                training=read_training(query, self._budget.numbers, experiment.id, measured=True),
                judging=judging_of(experiment.id, query(_JUDGING)),
            )

    def agent(self, ref: AgentRef) -> Agent:
        """Return one agent.

        Raises:
            AgentNotFound: The agent does not exist.
        """
        with self._transaction() as query:
            name = head_of(list(query(_HEAD)))[0]
            rows = list(query(f"{_AGENT} WHERE generation = ? AND number = ?", (ref.generation, ref.index)))
            if rows:
                return agent_of(rows[0], name)
        raise AgentNotFound(f"experiment {name} has no agent {ref.index} in generation {ref.generation}")

    def recording(self, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return the recording of an episode, or None if it was not stored."""
        return self._bytes("SELECT lmp FROM recordings JOIN played ON sequence = episode", purpose, agent, number)

    def actions(self, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return the claimed actions of an episode, or None if they were not stored."""
        return self._bytes("SELECT deflated FROM actions JOIN played ON sequence = episode", purpose, agent, number)

    def page(self, after: int) -> LogPage:
        """Return the first events after a sequence: at most 256, fewer if they are long."""
        with self._transaction() as query:
            head = head_of(list(query(_HEAD)))
            try:
                events = _events(query, head[0], after)
            except sqlite3.DataError:  # only events with the genomes of a generation exceed the limit of other values
                self._budget.allow_values(_GENOME_AS_TEXT * int(_one(query(_GENOMES))))
                events = _events(query, head[0], after)
        return LogPage(events, ended=head[3].ended)

    def _bytes(self, statement: str, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return the bytes that a query selects for one episode, or None."""
        with self._transaction() as query:
            experiment = head_of(list(query(_HEAD)))[0]
            try:
                place = place_of(experiment, agent)
            except StoreCorrupted:  # the agent does not exist, so nothing is stored for it
                return None
            which = (PURPOSES.index(purpose), *place, number)
            found = list(query(f"{statement} WHERE purpose = ? AND generation = ? AND agent = ? AND number = ?", which))
        return found[0][0] if found else None

    def version(self) -> int:
        """Return a number that changes when another connection commits."""
        with reading_errors(self._folder):
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)

    @contextmanager
    def _transaction(self) -> Iterator[_Query]:
        """Yield a function that runs queries in one transaction, within the budget of the database."""
        with reading_errors(self._folder):
            self._budget.begin()
            try:
                yield self._budget.rows
            finally:
                # A failed read may have ended the transaction already.
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")


def _events(query: _Query, experiment: str, after: int) -> tuple[RecordedEvent, ...]:
    events: list[RecordedEvent] = []
    length = 0
    for row in query(_PAGE, (min(after, MOST_SEED), PAGE)):
        events.append(recorded_event(experiment, row, after + len(events) + 1))
        length += len(row[3] or "")
        if length > _PAGE_LENGTH:
            break
    return tuple(events)


def _one(rows: Iterator[Row]) -> Any:
    """Return the value of a query with one row."""
    ((value,),) = rows
    return value


def _last_sequence(query: _Query) -> int:
    """Return the sequence of the last event, and check that no event is missing."""
    ((first, last, count),) = query("SELECT min(sequence), max(sequence), count(*) FROM log")
    if not count or (first, last) != (1, count):
        raise StoreCorrupted(f"its log has {count} events, numbered from {first} to {last}: events are missing")
    return int(last)


def _version(path: Path) -> int:
    with closing(schema.connect(path, write=False)) as connection:
        return schema.version_of(connection)


def _upgrade(path: Path) -> None:
    descriptor = experiment_lock.acquire(path.parent)
    try:
        with closing(schema.connect(path, write=True)) as connection:
            schema.migrate(connection)
    finally:
        os.close(descriptor)
