"""A reading connection: an experiment as it stands, and its log, each answer from one transaction."""

import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from clau_doom.domain import (
    Agent,
    AgentRef,
    AgentStatus,
    Episode,
    Evaluation,
    Genome,
    Purpose,
)
from clau_doom.domain.events import EpisodeFinished, FailureKind, RecordedEvent
from clau_doom.domain.experiment import Deviations, Experiment, ExperimentState, GenerationSummary, Provenance
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import AgentNotFound, StoreCorrupted
from clau_doom.storage import lock, schema
from clau_doom.storage.codec import decode
from clau_doom.storage.episodes import COLUMNS, PURPOSES, episode_of, place_of
from clau_doom.storage.faults import storage_errors
from clau_doom.storage.packed import Training, read_training

__all__ = ["PAGE", "LogPage", "Reader"]

PAGE = 256
_AGENT = "SELECT generation, number, operator, parents, genome, status, fitness, failure FROM agents"
_PAUSED = "SELECT generation, number FROM agents WHERE paused AND status = 'pending' ORDER BY generation, number"
_INJECTED = (
    "SELECT genome FROM injected WHERE generation > (SELECT coalesce(max(generation), -1) FROM agents)"
    " ORDER BY sequence"
)
_UNUSUAL = (
    "SELECT kind, json_extract(payload, '$.kind'), count(*) FROM log WHERE kind IN"
    " ('agent_restarted', 'genome_injected', 'agent_failed', 'contestant_failed') GROUP BY 1, 2"
)
_REPEATED = "SELECT total(repeated) FROM played WHERE repeated > 0"
_JUDGING = (
    f"SELECT {', '.join(COLUMNS)} FROM played WHERE purpose IN (1, 2) ORDER BY purpose, generation, agent, number"  # noqa: S608 (names of ours)
)
_PAGE = (
    f"SELECT log.sequence, time, kind, payload, {', '.join(COLUMNS)} FROM log LEFT JOIN played USING (sequence)"  # noqa: S608 (names of ours)
    " WHERE log.sequence > ? ORDER BY log.sequence LIMIT ?"
)
_ENDED = {state for state in ExperimentState if state.final} | {ExperimentState.INTERRUPTED}
_Row = tuple[Any, ...]
_Judging = dict[tuple[Purpose, str], tuple[Episode, ...]]
_STATUS = {status.value: status for status in AgentStatus}


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some events, and whether nothing follows them for now because the experiment is not running.

    Attributes:
        events: In order; empty at the log's end.
        ended: Whether the experiment was interrupted or is in a final state.
    """

    events: tuple[RecordedEvent, ...]
    ended: bool


class Reader:
    """Reads results; used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open results for reading; those of an older clau-doom are brought up to date first.

        Raises:
            StorageFailed: They cannot be opened.
            ExperimentBusy: They are of an older clau-doom, and it is writing them.
        """
        self._folder = path.parent
        with storage_errors(self._folder):
            if _version(path) < schema.newest():
                _upgrade(path)
            self._connection = schema.connect(path, write=False)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def check(self) -> None:
        """Raise `StoreCorrupted` unless the experiment that the folder is named for is stored here."""
        with self._transaction() as run:
            (name,) = run("SELECT id FROM experiment").fetchone() or (None,)
        if name != self._folder.name:
            raise StoreCorrupted(f"{self._folder} holds experiment {name}: restore it from a copy, or delete it")

    def snapshot(self, *, measured: bool = True) -> Snapshot:
        """Return everything; without `measured` only the number and the fingerprints of training episodes.

        Raises:
            StoreCorrupted: No experiment is stored here.
        """
        with self._transaction() as run:
            head = run("SELECT * FROM experiment").fetchone()
            if head is None:
                raise StoreCorrupted(f"no experiment is stored in {self._folder}")
            configs = run("SELECT config_yaml FROM configs ORDER BY sequence").fetchall()
            facts = run("SELECT name, value FROM provenance ORDER BY rowid").fetchall()
            (last,) = run("SELECT max(sequence) FROM log").fetchone()
            agents = run(f"{_AGENT} ORDER BY generation, number").fetchall()
            summaries = run("SELECT * FROM generations ORDER BY number").fetchall()
            failures = run("SELECT failure_kind, count(*) FROM agents GROUP BY failure_kind").fetchall()
            unusual = run(_UNUSUAL).fetchall()
            (repeated,) = run(_REPEATED).fetchone()
            paused = run(_PAUSED).fetchall()
            injected = run(_INJECTED).fetchall()
            judging = _by_agent(head[0], run(_JUDGING).fetchall())
            training = read_training(run, head[0], measured=measured)
        name, uuid, seed, state, reason, seconds, champion_generation, champion_number, validation = head
        evaluations = [_evaluation(row, name, training) for row in agents]
        return Snapshot(
            experiment=Experiment(
                id=name, uuid=uuid, seed=seed, config_yaml=configs[0][0], provenance=Provenance(facts=(*facts,))
            ),
            config_yaml=configs[-1][0],
            state=ExperimentState(state),
            reason=reason,
            generations=_by_generation(evaluations),
            summaries=tuple([_summary(row) for row in summaries]),
            episodes=training,
            judging=judging,
            champion=None if validation is None else (AgentRef(champion_generation, champion_number), validation),
            paused=tuple([AgentRef(*row) for row in paused]),
            injected=tuple([Genome.from_bytes(row[0]) for row in injected]),
            deviations=_deviations(dict(failures), unusual, int(repeated)),
            last_sequence=last,
            running_seconds=seconds,
        )

    def agent(self, ref: AgentRef) -> Agent:
        """Return one agent.

        Raises:
            AgentNotFound: There is none at that place.
        """
        with self._transaction() as run:
            row = run(f"{_AGENT} WHERE generation = ? AND number = ?", (ref.generation, ref.index)).fetchone()
            (name,) = run("SELECT id FROM experiment").fetchone() or ("",)
        if row is None:
            raise AgentNotFound(f"experiment {name} has no agent {ref.index} in generation {ref.generation}")
        return _agent(row, name)

    def recording(self, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return an episode's recording, or None when none was kept."""
        return self._bytes("SELECT lmp FROM recordings JOIN played ON sequence = episode", purpose, agent, number)

    def actions(self, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return what an episode claims to have done, or None where nothing is kept of it."""
        return self._bytes("SELECT deflated FROM actions JOIN played ON sequence = episode", purpose, agent, number)

    def page(self, after: int) -> LogPage:
        """Return the first events after a sequence."""
        with self._transaction() as run:
            rows = run(_PAGE, (after, PAGE)).fetchall()
            experiment, state = run("SELECT id, state FROM experiment").fetchone() or ("", ExperimentState.PENDING)
        return LogPage(tuple([_recorded(experiment, row) for row in rows]), ended=ExperimentState(state) in _ENDED)

    def _bytes(self, query: str, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return what a query finds for one of the episodes that it selects from."""
        with self._transaction() as run:
            (experiment,) = run("SELECT id FROM experiment").fetchone() or ("",)
            try:
                place = place_of(experiment, agent)
            except StoreCorrupted:  # an episode of nobody, of which nothing is kept
                return None
            which = (PURPOSES.index(purpose), *place, number)
            row = run(f"{query} WHERE purpose = ? AND generation = ? AND agent = ? AND number = ?", which).fetchone()
        return row[0] if row else None

    def version(self) -> int:
        """Return a number that changes when another connection commits."""
        with storage_errors(self._folder):
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)

    @contextmanager
    def _transaction(self) -> Iterator[Callable[..., sqlite3.Cursor]]:
        with storage_errors(self._folder):
            self._connection.execute("BEGIN")
            try:
                yield self._connection.execute
            finally:
                # A failed read may have ended the transaction already.
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")


def _deviations(agents: Mapping[str | None, int], unusual: list[_Row], repeated: int) -> Deviations:
    """Return the deviations.

    Args:
        agents: How many agents have failed for good, by why.
        unusual: How often events of a kind tell of a failure, or None, of another.
        repeated: Actions that were performed again because an agent was late.
    """
    failures, interventions = Counter(agents), 0
    for kind, failure, count in unusual:
        if kind == "contestant_failed":
            failures[failure] += count
        elif kind != "agent_failed" or failure == FailureKind.STOPPED:
            interventions += count
    return Deviations(
        exhausted_attempts=failures[FailureKind.ATTEMPTS_EXHAUSTED.value],
        missed_deadlines=failures[FailureKind.POLICY_TIMED_OUT.value],
        interventions=interventions,
        repeated_actions=repeated,
    )


def _version(path: Path) -> int:
    with closing(schema.connect(path, write=False)) as connection:
        return schema.version_of(connection)


def _upgrade(path: Path) -> None:
    descriptor = lock.acquire(path.parent)
    try:
        with closing(schema.connect(path, write=True)) as connection:
            schema.migrate(connection)
    finally:
        os.close(descriptor)


def _recorded(experiment: str, row: _Row) -> RecordedEvent:
    """Return an event of the log; that of a finished episode is its row in `played`."""
    sequence, time, kind, payload, *episode = row
    if kind is not None:
        event = decode(kind, payload)
    elif episode[0] is not None:
        event = EpisodeFinished(episode=episode_of(experiment, episode))
    else:
        raise StoreCorrupted(f"event {sequence} finishes an episode that is not there")
    return RecordedEvent(sequence=sequence, time=time, event=event)


def _by_agent(experiment: str, rows: list[_Row]) -> _Judging:
    """Return episodes by purpose and agent; the rows come sorted by both, then by number."""
    episodes = [episode_of(experiment, row) for row in rows]
    grouped = groupby(episodes, key=lambda episode: (episode.purpose, episode.agent))
    return {key: tuple(group) for key, group in grouped}


def _by_generation(evaluations: list[Evaluation]) -> tuple[tuple[Evaluation, ...], ...]:
    grouped = groupby(evaluations, key=lambda evaluation: evaluation.agent.ref.generation)
    return tuple([tuple(group) for _, group in grouped])


def _evaluation(row: _Row, experiment: str, training: Training) -> Evaluation:
    agent, status, fitness, failure = _agent(row, experiment), row[5], row[6], row[7]
    return Evaluation(
        agent=agent,
        status=_STATUS[status],
        fitness=fitness,
        outcomes=training.outcomes(agent.ref),
        failure=failure,
    )


def _agent(row: _Row, experiment: str) -> Agent:
    generation, number, operator, parents, genome = row[:5]
    return Agent(
        experiment=experiment,
        ref=AgentRef(generation, number),
        genome=Genome.from_bytes(genome),
        parents=tuple([_parent(parent) for parent in parents.split()]),
        operator=operator,
    )


@lru_cache(maxsize=10_000)  # most parents have several children, and all of these are read one after another
def _parent(text: str) -> AgentRef:
    generation, _, index = text.partition(":")
    return AgentRef(int(generation), int(index))


def _summary(row: _Row) -> GenerationSummary:
    index, best, best_fitness, mean_fitness, worst_fitness, std_fitness, failed, episodes = row
    return GenerationSummary(
        index=index,
        best=AgentRef(index, best),
        best_fitness=best_fitness,
        mean_fitness=mean_fitness,
        worst_fitness=worst_fitness,
        std_fitness=std_fitness,
        failed=failed,
        episodes=episodes,
    )
