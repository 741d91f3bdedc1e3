"""Tables of an experiment's current state, derived from its events."""

import sqlite3
from typing import Literal

from clau_doom.domain import Agent, AgentRef, AgentStatus, Episode, Purpose
from clau_doom.domain.budget import Budget, BudgetUnit
from clau_doom.domain.event_effects import (
    AgentsAdded,
    AgentStatusChanged,
    ChampionSelected,
    Change,
    EpisodeAdded,
    ExperimentAdded,
    GenerationClosed,
    GenomeQueued,
    PauseChanged,
    RunConfigured,
    StateChanged,
    changes_of,
)
from clau_doom.domain.events import Event
from clau_doom.domain.experiment import Experiment, ExperimentState, GenerationSummary
from clau_doom.domain.legal_transitions import check_transition
from clau_doom.storage.episode_rows import COLUMNS, PURPOSES, place_of, row_of

__all__ = ["KeepRecordings", "StateTables"]

KeepRecordings = Literal["champions", "all", "none"]
"""Agents of which recordings are stored: the best agent of each finished generation, all agents, or no agents."""

_INSERT_EPISODE = f"INSERT INTO played VALUES (?, {', '.join('?' * len(COLUMNS))})"  # noqa: S608 (constant names)
_INSERT_CONFIG = "INSERT INTO configs (sequence, config_yaml, generations, episodes, tics) VALUES (?, ?, ?, ?, ?)"
_ADD_PROCESSOR_TIME = (
    "INSERT INTO processor_time VALUES (?, ?, ?) ON CONFLICT (purpose) DO UPDATE"
    " SET seconds = seconds + excluded.seconds, unmeasured = unmeasured + excluded.unmeasured"
)
_HAS_EPISODE = "SELECT 1 FROM played WHERE purpose = ? AND generation = ? AND agent = ? AND number = ?"
_STARTED = "SELECT coalesce(max(generation) + 1, 0) FROM agents"
_COUNT = "SELECT count(*) FROM agents WHERE generation = ?"
_FORGET_ACTIONS = (
    "DELETE FROM actions WHERE episode IN (SELECT sequence FROM played WHERE purpose = 0 AND generation = ?)"
)
_FORGET_RECORDINGS = (
    "DELETE FROM recordings WHERE episode IN"
    " (SELECT sequence FROM played WHERE purpose = 0 AND generation = ? AND agent <> ?)"
)


class StateTables:
    """Reads and writes the tables inside the caller's transaction. Implements `CurrentState`."""

    def __init__(self, connection: sqlite3.Connection, keep_recordings: KeepRecordings) -> None:
        """Write through `connection`, which is used by one thread at a time."""
        self._run = connection.execute
        self._connection = connection
        self._keep = keep_recordings
        self._head: tuple[str, ExperimentState] | None = None
        self._experiment = ""

    def apply(self, sequence: int, event: Event) -> None:
        """Apply an event to the tables.

        Raises:
            StoreCorrupted: The event is not legal after the stored ones.
        """
        check_transition(event, self)
        for change in changes_of(event):
            self._change(sequence, change)

    def discard_cache(self) -> None:
        """Discard cached values. Call this after a rollback."""
        self._head = None

    def head(self) -> tuple[str, ExperimentState] | None:
        """Return the experiment's id and state, or None for empty tables. The values are cached until they change."""
        if self._head is None:
            row = self._run("SELECT id, state FROM experiment").fetchone()
            if row is not None:
                self._head, self._experiment = (row[0], ExperimentState(row[1])), row[0]
        return self._head

    def budget(self) -> Budget | None:
        """Return the budget of the last run, or None before the first run."""
        row = self._run("SELECT generations, episodes, tics FROM configs ORDER BY sequence DESC LIMIT 1").fetchone()
        amounts = [] if row is None else zip(row, BudgetUnit, strict=True)
        return next((Budget(int(amount), unit) for amount, unit in amounts if amount is not None), None)

    def generations_started(self) -> int:
        """Return the number of generations with agents."""
        return self._number(_STARTED)

    def generations_completed(self) -> int:
        """Return the number of completed generations."""
        return self._number("SELECT count(*) FROM generations")

    def agent_count(self, generation: int, *, pending: bool = False) -> int:
        """Return the number of a generation's agents, or of its pending agents."""
        return self._number(f"{_COUNT} AND status = 'pending'" if pending else _COUNT, generation)

    def status(self, ref: AgentRef) -> AgentStatus | None:
        """Return the status of an agent, or None if it does not exist."""
        row = self._run("SELECT status FROM agents WHERE generation = ? AND number = ?", _key(ref)).fetchone()
        return None if row is None else AgentStatus(row[0])

    def is_paused(self, ref: AgentRef) -> bool:
        """Return whether an agent is paused."""
        row = self._run("SELECT paused FROM agents WHERE generation = ? AND number = ?", _key(ref)).fetchone()
        return row is not None and bool(row[0])

    def has_episode(self, episode: Episode) -> bool:
        """Return whether an episode of the same purpose, agent and number is stored."""
        place = place_of(self._experiment, episode.agent)
        key = (PURPOSES.index(episode.purpose), *place, episode.number)
        return self._run(_HAS_EPISODE, key).fetchone() is not None

    def _number(self, query: str, *values: object) -> int:
        (number,) = self._run(query, values).fetchone()
        return int(number)

    def _change(self, sequence: int, change: Change) -> None:
        match change:
            case EpisodeAdded(episode):
                self._add_episode(sequence, episode)
            case AgentStatusChanged():
                self._set_status(change)
            case AgentsAdded():
                self._add_agents(change.agents)
            case GenerationClosed(summary):
                self._close_generation(summary)
            case PauseChanged(ref, paused):
                self._run("UPDATE agents SET paused = ? WHERE generation = ? AND number = ?", (paused, *_key(ref)))
            case GenomeQueued(generation, genome):
                self._run("INSERT INTO injected VALUES (?, ?, ?)", (sequence, generation, genome.to_bytes()))
            case _:
                self._change_experiment(sequence, change)

    def _change_experiment(self, sequence: int, change: Change) -> None:
        match change:
            case ExperimentAdded(experiment):
                self._add_experiment(sequence, experiment)
            case RunConfigured(budget, config_yaml):
                amounts = [budget.amount if budget.unit is unit else None for unit in BudgetUnit]
                self._run(_INSERT_CONFIG, (sequence, config_yaml, *amounts))
            case StateChanged(state, reason):
                self._run("UPDATE experiment SET state = ?, reason = ?", (state.value, _encodable(reason)))
                self.discard_cache()
            case ChampionSelected(ref, fitness):
                self._run(
                    "UPDATE experiment SET champion_generation = ?, champion_number = ?, validation_fitness = ?",
                    (*_key(ref), float(fitness)),
                )

    def _add_experiment(self, sequence: int, experiment: Experiment) -> None:
        self._run(
            "INSERT INTO experiment (id, uuid, seed, state, running_seconds) VALUES (?, ?, ?, ?, 0.0)",
            (experiment.id, experiment.uuid, experiment.seed, ExperimentState.PENDING.value),
        )
        self._connection.executemany("INSERT INTO provenance VALUES (?, ?)", experiment.provenance.facts)
        self._run(_INSERT_CONFIG, (sequence, experiment.config_yaml, None, None, None))

    def _add_agents(self, agents: tuple[Agent, ...]) -> None:
        self._connection.executemany(
            "INSERT INTO agents (generation, number, id, operator, parents, genome, status)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (*_key(agent.ref), agent.id, agent.operator, _parents(agent), agent.genome.to_bytes(), "pending")
                for agent in agents
            ],
        )

    def _add_episode(self, sequence: int, episode: Episode) -> None:
        place = place_of(self._experiment, episode.agent)
        self._run(_INSERT_EPISODE, (sequence, *row_of(episode, place)))
        seconds = episode.timing.processor_seconds
        self._run(_ADD_PROCESSOR_TIME, (PURPOSES.index(episode.purpose), float(seconds or 0.0), int(seconds is None)))
        if episode.recording is not None and self._keeps_recording(episode, AgentRef(*place)):
            self._run("INSERT INTO recordings VALUES (?, ?)", (sequence, episode.recording))
        if episode.actions is not None:
            self._run("INSERT INTO actions VALUES (?, ?)", (sequence, episode.actions))

    def _keeps_recording(self, episode: Episode, ref: AgentRef) -> bool:
        if self._keep == "champions" and episode.purpose is Purpose.TRAINING:
            return self.status(ref) is AgentStatus.PENDING  # a failed agent is never the best of its generation
        return self._keep != "none"

    def _set_status(self, change: AgentStatusChanged) -> None:
        fitness = None if change.fitness is None else float(change.fitness)
        kind = None if change.failure_kind is None else change.failure_kind.value
        self._run(
            "UPDATE agents SET status = ?, fitness = ?, failure_kind = ?, failure = ?"
            " WHERE generation = ? AND number = ?",
            (change.status.value, fitness, kind, _encodable(change.failure), *_key(change.ref)),
        )

    def _close_generation(self, summary: GenerationSummary) -> None:
        fitness = (summary.best_fitness, summary.mean_fitness, summary.worst_fitness, summary.std_fitness)
        self._run(
            "INSERT INTO generations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (summary.index, summary.best.index, *map(float, fitness), summary.failed, summary.episodes, summary.tics),
        )
        self._run(_FORGET_ACTIONS, (summary.index,))
        if self._keep == "champions":
            self._run(_FORGET_RECORDINGS, _key(summary.best))


def _key(ref: AgentRef) -> tuple[int, int]:
    return ref.generation, ref.index


def _parents(agent: Agent) -> str:
    """Return the parents as text: ``generation:number``, separated by spaces."""
    return " ".join(f"{parent.generation}:{parent.index}" for parent in agent.parents)


def _encodable(text: str | None) -> str | None:
    """Return a text that can be encoded as UTF-8; messages of exceptions may contain bytes of a file name."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()
