"""A reading connection: an experiment as it stands, and its log, each answer from one transaction."""

import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from clau_doom.domain import (
    Agent,
    AgentRef,
    AgentStatus,
    Episode,
    EpisodeOutcome,
    EpisodeTiming,
    Evaluation,
    Genome,
    Measures,
    Purpose,
)
from clau_doom.domain.events import FailureKind, RecordedEvent
from clau_doom.domain.experiment import Deviations, Experiment, ExperimentState, GenerationSummary, Provenance
from clau_doom.domain.score import MEASURES
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import AgentNotFound, StoreCorrupted
from clau_doom.storage import lock, schema
from clau_doom.storage.codec import decode
from clau_doom.storage.faults import storage_errors

__all__ = ["PAGE", "LogPage", "Reader"]

PAGE = 256
_AGENT = "SELECT generation, number, operator, parents, genome, status, fitness, failure FROM agents"
_PAUSED = "SELECT generation, number FROM agents WHERE paused AND status = 'pending' ORDER BY generation, number"
_INJECTED = (
    "SELECT genome FROM injected WHERE generation > (SELECT coalesce(max(generation), -1) FROM agents)"
    " ORDER BY sequence"
)
_INTERVENTIONS = (
    "SELECT count(*) FROM events WHERE kind IN ('agent_restarted', 'genome_injected')"
    " OR (kind = 'agent_failed' AND json_extract(payload, '$.kind') = 'stopped')"
)
_EPISODES = (
    f"SELECT purpose, agent, number, seed, {', '.join(MEASURES)}, trajectory_sha256, seconds, attempts, worker,"  # noqa: S608 (names of ours)
    " repeated FROM episodes ORDER BY purpose, agent, number"
)
_ENDED = {state for state in ExperimentState if state.final} | {ExperimentState.INTERRUPTED}
_Row = tuple[Any, ...]
_Played = dict[tuple[Purpose, str], tuple[Episode, ...]]


_CONTESTANT_FAILURES = (
    "SELECT json_extract(payload, '$.kind'), count(*) FROM events WHERE kind = 'contestant_failed' GROUP BY 1"
)


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
            if _version(path) < len(schema.MIGRATIONS):
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

    def snapshot(self) -> Snapshot:
        """Return everything.

        Raises:
            StoreCorrupted: No experiment is stored here.
        """
        with self._transaction() as run:
            head = run("SELECT * FROM experiment").fetchone()
            if head is None:
                raise StoreCorrupted(f"no experiment is stored in {self._folder}")
            configs = run("SELECT config_yaml FROM configs ORDER BY sequence").fetchall()
            facts = run("SELECT name, value FROM provenance ORDER BY rowid").fetchall()
            (last,) = run("SELECT max(sequence) FROM events").fetchone()
            agents = run(f"{_AGENT} ORDER BY generation, number").fetchall()
            summaries = run("SELECT * FROM generations ORDER BY number").fetchall()
            failures = Counter(dict(run("SELECT failure_kind, count(*) FROM agents GROUP BY failure_kind").fetchall()))
            failures.update(dict(run(_CONTESTANT_FAILURES).fetchall()))
            (interventions,) = run(_INTERVENTIONS).fetchone()
            paused = run(_PAUSED).fetchall()
            injected = run(_INJECTED).fetchall()
            rows = run(_EPISODES).fetchall()
        name, uuid, seed, state, reason, seconds, champion_generation, champion_number, validation = head
        played = _by_agent(rows)
        evaluations = [_evaluation(row, name, played) for row in agents]
        refs = [(evaluation.agent.ref, (Purpose.TRAINING, evaluation.agent.id)) for evaluation in evaluations]
        return Snapshot(
            experiment=Experiment(
                id=name, uuid=uuid, seed=seed, config_yaml=configs[0][0], provenance=Provenance(facts=(*facts,))
            ),
            config_yaml=configs[-1][0],
            state=ExperimentState(state),
            reason=reason,
            generations=_by_generation(evaluations),
            summaries=tuple([_summary(row) for row in summaries]),
            episodes={ref: played[key] for ref, key in refs if key in played},
            judging={key: episodes for key, episodes in played.items() if key[0] is not Purpose.TRAINING},
            champion=None if validation is None else (AgentRef(champion_generation, champion_number), validation),
            paused=tuple([AgentRef(*row) for row in paused]),
            injected=tuple([Genome.from_bytes(row[0]) for row in injected]),
            deviations=_deviations(failures, interventions, played),
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
        return self._bytes("SELECT lmp FROM recordings JOIN episodes ON id = episode", purpose, agent, number)

    def actions(self, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return what an episode claims to have done, or None where nothing is kept of it."""
        return self._bytes("SELECT deflated FROM actions JOIN episodes ON id = episode", purpose, agent, number)

    def page(self, after: int) -> LogPage:
        """Return the first events after a sequence."""
        with self._transaction() as run:
            rows = run(
                "SELECT sequence, time, kind, payload FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?",
                (after, PAGE),
            ).fetchall()
            (state,) = run("SELECT state FROM experiment").fetchone() or (ExperimentState.PENDING.value,)
        events = [
            RecordedEvent(sequence=sequence, time=time, event=decode(kind, payload))
            for sequence, time, kind, payload in rows
        ]
        return LogPage(tuple(events), ended=ExperimentState(state) in _ENDED)

    def _bytes(self, query: str, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return what a query finds for one of the episodes that it selects from."""
        which = (purpose.value, agent, number)
        with self._transaction() as run:
            row = run(f"{query} WHERE purpose = ? AND agent = ? AND number = ?", which).fetchone()
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


def _deviations(failures: Counter[str], interventions: int, played: _Played) -> Deviations:
    return Deviations(
        exhausted_attempts=failures[FailureKind.ATTEMPTS_EXHAUSTED.value],
        missed_deadlines=failures[FailureKind.POLICY_TIMED_OUT.value],
        interventions=interventions,
        repeated_actions=sum(episode.timing.repeated for episodes in played.values() for episode in episodes),
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


def _by_agent(rows: list[_Row]) -> _Played:
    """Return episodes by purpose and agent; the rows come sorted by both, then by number."""
    purposes = {purpose.value: purpose for purpose in Purpose}
    grouped = groupby(rows, key=itemgetter(0, 1))
    return {
        (purposes[purpose], agent): tuple([_episode(row, purposes[purpose]) for row in group])
        for (purpose, agent), group in grouped
    }


def _episode(row: _Row, purpose: Purpose) -> Episode:
    _, agent, number, seed, *values, trajectory, seconds, attempts, worker, repeated = row
    return Episode(
        purpose=purpose,
        agent=agent,
        number=number,
        outcome=EpisodeOutcome(
            seed=seed, measures=Measures(**dict(zip(MEASURES, values, strict=True))), trajectory_sha256=trajectory
        ),
        timing=EpisodeTiming(seconds=seconds, attempts=attempts, worker=worker, repeated=repeated),
    )


def _by_generation(evaluations: list[Evaluation]) -> tuple[tuple[Evaluation, ...], ...]:
    grouped = groupby(evaluations, key=lambda evaluation: evaluation.agent.ref.generation)
    return tuple([tuple(group) for _, group in grouped])


def _evaluation(row: _Row, experiment: str, played: _Played) -> Evaluation:
    *_, status, fitness, failure = row
    agent = _agent(row, experiment)
    return Evaluation(
        agent=agent,
        status=AgentStatus(status),
        fitness=fitness,
        outcomes=tuple([episode.outcome for episode in played.get((Purpose.TRAINING, agent.id), ())]),
        failure=failure,
    )


def _agent(row: _Row, experiment: str) -> Agent:
    generation, number, operator, parents, genome, *_ = row
    return Agent(
        experiment=experiment,
        ref=AgentRef(generation, number),
        genome=Genome.from_bytes(genome),
        parents=tuple([AgentRef(*map(int, parent.split(":"))) for parent in parents.split()]),
        operator=operator,
    )


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
