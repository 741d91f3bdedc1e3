"""Projection of events to tables, which refuses events that cannot follow the stored ones."""

import sqlite3
from typing import Literal

from clau_doom.domain import Agent, AgentRef, AgentStatus, Episode, Purpose, agent_id
from clau_doom.domain.events import (
    AgentDropped,
    AgentEvaluated,
    AgentFailed,
    AgentPaused,
    AgentRestarted,
    AgentResumed,
    AgentsAsked,
    ChampionChosen,
    ContestantFailed,
    EpisodeFinished,
    EpisodeLost,
    Event,
    ExperimentCancelled,
    ExperimentCompleted,
    ExperimentCreated,
    ExperimentFailed,
    ExperimentInterrupted,
    ExperimentPaused,
    ExperimentResumed,
    ExperimentStarted,
    FailureKind,
    GenerationCompleted,
    GenerationStarted,
    GenomeInjected,
)
from clau_doom.domain.experiment import Experiment, ExperimentState, GenerationSummary
from clau_doom.errors import StoreCorrupted
from clau_doom.storage.episode_rows import BASELINE, COLUMNS, place_of, row_of

__all__ = ["KeepRecordings", "Projection"]

KeepRecordings = Literal["champions", "all", "none"]
"""Agents of which recordings are stored: the best agent of each finished generation, all agents, or no agents."""

_ALWAYS = (ExperimentStarted, ExperimentInterrupted, ExperimentFailed, ExperimentCancelled)
# Episodes that are running when a run is paused are finished and stored.
_EVALUATED = (AgentStatus.COMPLETED.value, AgentStatus.DROPPED.value)
_LIVE = {ExperimentState.RUNNING, ExperimentState.PAUSED}
_INSERT_EPISODE = f"INSERT INTO played VALUES (?, {', '.join('?' * len(COLUMNS))})"  # noqa: S608 (constant names)
_FORGET_ACTIONS = (
    "DELETE FROM actions WHERE episode IN (SELECT sequence FROM played WHERE purpose = 0 AND generation = ?)"
)
_FORGET_RECORDINGS = (
    "DELETE FROM recordings WHERE episode IN"
    " (SELECT sequence FROM played WHERE purpose = 0 AND generation = ? AND agent <> ?)"
)


class Projection:
    """Writer of the tables derived from events, with one connection, inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection, keep_recordings: KeepRecordings) -> None:
        """Write through `connection`, which is used by one thread at a time."""
        self._run = connection.execute
        self._connection = connection
        self._keep = keep_recordings

    def apply(self, sequence: int, event: Event) -> None:
        """Apply an event to the tables.

        Raises:
            StoreCorrupted: The event cannot follow the stored ones.
        """
        self._check_state(event)
        match event:
            case EpisodeFinished():
                self._episode(sequence, event.episode)
            case EpisodeLost() | ContestantFailed():
                pass
            case AgentEvaluated():
                self._settle(event.ref, AgentStatus.COMPLETED, fitness=float(event.fitness))
            case AgentDropped():
                self._settle(event.ref, AgentStatus.DROPPED, fitness=float(event.fitness))
            case AgentFailed():
                self._settle(event.ref, AgentStatus.FAILED, kind=event.kind.value, failure=event.reason)
            case AgentPaused() | AgentResumed() | AgentRestarted() | GenomeInjected():
                self._intervene(sequence, event)
            case GenerationStarted() | AgentsAsked():
                self._asked(event)
            case GenerationCompleted():
                self._summary(event.summary)
            case ChampionChosen():
                self._champion(event.champion, event.validation_fitness)
            case _:
                self._experiment(sequence, event)

    def _check_state(self, event: Event) -> None:
        row = self._run("SELECT state FROM experiment").fetchone()
        state = ExperimentState(row[0]) if row else None
        if state is None or isinstance(event, ExperimentCreated):
            possible = state is None and isinstance(event, ExperimentCreated)
        elif state is ExperimentState.COMPLETED:
            possible = isinstance(event, ExperimentStarted) and event.generations > self._generations_wanted()
        elif state.final:
            possible = False
        elif isinstance(event, ExperimentPaused | ExperimentResumed):
            wanted = ExperimentState.RUNNING if isinstance(event, ExperimentPaused) else ExperimentState.PAUSED
            possible = state is wanted
        else:
            possible = state in _LIVE or isinstance(event, _ALWAYS)
        if not possible:
            where = f"an experiment that is {state}" if state else "an empty log"
            raise StoreCorrupted(f"{type(event).__name__} cannot happen in {where}")

    def _experiment(self, sequence: int, event: Event) -> None:
        match event:
            case ExperimentCreated():
                self._created(sequence, event.experiment)
            case ExperimentStarted():
                self._run("INSERT INTO configs VALUES (?, ?, ?)", (sequence, event.generations, event.config_yaml))
                self._state(ExperimentState.RUNNING)
            case ExperimentPaused():
                self._state(ExperimentState.PAUSED)
            case ExperimentResumed():
                self._state(ExperimentState.RUNNING)
            case ExperimentCancelled():
                self._state(ExperimentState.CANCELLED)
            case ExperimentInterrupted():
                self._state(ExperimentState.INTERRUPTED, event.reason)
            case ExperimentFailed():
                self._state(ExperimentState.FAILED, event.reason)
            case ExperimentCompleted():
                self._state(ExperimentState.COMPLETED)

    def _generations_wanted(self) -> int:
        (generations,) = self._run("SELECT generations FROM configs ORDER BY sequence DESC LIMIT 1").fetchone()
        return int(generations or 0)

    def _created(self, sequence: int, experiment: Experiment) -> None:
        self._run(
            "INSERT INTO experiment (id, uuid, seed, state, running_seconds) VALUES (?, ?, ?, ?, 0.0)",
            (experiment.id, experiment.uuid, experiment.seed, ExperimentState.PENDING.value),
        )
        self._connection.executemany("INSERT INTO provenance VALUES (?, ?)", experiment.provenance.facts)
        self._run("INSERT INTO configs VALUES (?, NULL, ?)", (sequence, experiment.config_yaml))

    def _state(self, state: ExperimentState, reason: str | None = None) -> None:
        self._run("UPDATE experiment SET state = ?, reason = ?", (state.value, _text(reason)))

    def _asked(self, event: GenerationStarted | AgentsAsked) -> None:
        generation = event.generation
        (started,) = self._run("SELECT coalesce(max(generation) + 1, 0) FROM agents").fetchone()
        (finished,) = self._run("SELECT count(*) FROM generations").fetchone()
        follows = finished if isinstance(event, GenerationStarted) else started
        joins = isinstance(event, AgentsAsked) and finished <= generation == started - 1
        if not (generation == started == follows or joins):
            raise StoreCorrupted(f"generation {generation} starts where {started} were started and {finished} finished")
        (first,) = self._run("SELECT count(*) FROM agents WHERE generation = ?", (generation,)).fetchone()
        self._join(generation, first, event.agents)

    def _join(self, generation: int, first: int, agents: tuple[Agent, ...]) -> None:
        """Append agents to those of a generation."""
        if not agents:
            raise StoreCorrupted(f"generation {generation} has no agents")
        (experiment,) = self._run("SELECT id FROM experiment").fetchone()
        for number, agent in enumerate(agents, first):
            if agent.ref != AgentRef(generation, number) or agent.experiment != experiment:
                expected = agent_id(experiment, generation, number)
                raise StoreCorrupted(f"{agent.id} stands in generation {generation} where {expected} belongs")
        self._connection.executemany(
            "INSERT INTO agents (generation, number, id, operator, parents, genome, status)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (*_place(agent.ref), agent.id, agent.operator, _parents(agent), agent.genome.to_bytes(), "pending")
                for agent in agents
            ],
        )

    def _episode(self, sequence: int, episode: Episode) -> None:
        (experiment,) = self._run("SELECT id FROM experiment").fetchone()
        place = place_of(experiment, episode.agent)
        keep = episode.recording is not None and self._keep != "none"
        row = self._run("SELECT status FROM agents WHERE generation = ? AND number = ?", place).fetchone()
        if row is None and (episode.purpose is Purpose.TRAINING or place != BASELINE):
            raise StoreCorrupted(f"an episode of {episode.agent}, which is none of this experiment's agents")
        if episode.purpose is Purpose.TRAINING:
            if row[0] in _EVALUATED:
                raise StoreCorrupted(f"a training episode of {episode.agent}, which is evaluated already")
            # A failed agent is never the best of its generation.
            keep = keep and (self._keep == "all" or row[0] == AgentStatus.PENDING)
        self._run(_INSERT_EPISODE, (sequence, *row_of(episode, place)))
        if keep:
            self._run("INSERT INTO recordings VALUES (?, ?)", (sequence, episode.recording))
        if episode.actions is not None:
            self._run("INSERT INTO actions VALUES (?, ?)", (sequence, episode.actions))

    def _settle(
        self,
        ref: AgentRef,
        status: AgentStatus,
        *,
        fitness: float | None = None,
        kind: str | None = None,
        failure: str | None = None,
    ) -> None:
        # Forged episodes may be detected after the agent's last episode, until the generation is completed.
        settled = _EVALUATED if kind == FailureKind.FORGED else (AgentStatus.PENDING.value,) * 2
        cursor = self._run(
            "UPDATE agents SET status = ?, fitness = ?, failure_kind = ?, failure = ?"
            " WHERE generation = ? AND number = ? AND status IN ('pending', ?, ?)"
            " AND generation NOT IN (SELECT number FROM generations)",
            (status.value, fitness, kind, _text(failure), *_place(ref), *settled),
        )
        if cursor.rowcount != 1:
            raise StoreCorrupted(
                f"agent {ref.index} of generation {ref.generation} is not there, or is settled already"
            )

    def _intervene(self, sequence: int, event: AgentPaused | AgentResumed | AgentRestarted | GenomeInjected) -> None:
        match event:
            case AgentPaused() | AgentResumed():
                self._pause(event.ref, paused=isinstance(event, AgentPaused))
            case AgentRestarted():
                self._restart(event.ref)
            case GenomeInjected():
                self._inject(sequence, event)

    def _pause(self, ref: AgentRef, *, paused: bool) -> None:
        cursor = self._run(
            "UPDATE agents SET paused = ? WHERE generation = ? AND number = ? AND status = 'pending' AND paused <> ?",
            (paused, *_place(ref), paused),
        )
        if cursor.rowcount != 1:
            state = "paused" if paused else "resumed"
            raise StoreCorrupted(f"{ref} cannot be {state}: it is {state} already, or its evaluation is finished")

    def _restart(self, ref: AgentRef) -> None:
        (finished,) = self._run("SELECT count(*) FROM generations WHERE number >= ?", (ref.generation,)).fetchone()
        cursor = self._run(
            "UPDATE agents SET status = 'pending', failure_kind = NULL, failure = NULL, paused = 0"
            " WHERE generation = ? AND number = ? AND status = 'failed'",
            _place(ref),
        )
        if cursor.rowcount != 1 or finished:
            raise StoreCorrupted(f"{ref} cannot be restarted: it has not failed, or its generation is finished")

    def _inject(self, sequence: int, event: GenomeInjected) -> None:
        (started,) = self._run("SELECT coalesce(max(generation) + 1, 0) FROM agents").fetchone()
        if event.generation != started:
            raise StoreCorrupted(f"a genome for generation {event.generation} where {started} is the next to start")
        row = (sequence, event.generation, event.genome.to_bytes())
        self._run("INSERT INTO injected VALUES (?, ?, ?)", row)

    def _summary(self, summary: GenerationSummary) -> None:
        (started,) = self._run("SELECT coalesce(max(generation), -1) FROM agents").fetchone()
        (finished,) = self._run("SELECT count(*) FROM generations").fetchone()
        (pending,) = self._run(
            "SELECT count(*) FROM agents WHERE generation = ? AND status = 'pending'", (summary.index,)
        ).fetchone()
        if not finished == summary.index <= started or pending:
            raise StoreCorrupted(f"generation {summary.index} cannot be complete: {pending} agents are pending")
        if summary.best.generation != summary.index or not self._evaluated(summary.best):
            raise StoreCorrupted(f"generation {summary.index} cannot have {summary.best} as its best agent")
        fitness = (summary.best_fitness, summary.mean_fitness, summary.worst_fitness, summary.std_fitness)
        self._run(
            "INSERT INTO generations VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (summary.index, summary.best.index, *map(float, fitness), summary.failed, summary.episodes),
        )
        self._run(_FORGET_ACTIONS, (summary.index,))
        if self._keep == "champions":
            self._run(_FORGET_RECORDINGS, _place(summary.best))

    def _champion(self, champion: AgentRef, fitness: float) -> None:
        if not self._evaluated(champion):
            raise StoreCorrupted(f"{champion} cannot be the champion: it has no fitness")
        self._run(
            "UPDATE experiment SET champion_generation = ?, champion_number = ?, validation_fitness = ?",
            (*_place(champion), float(fitness)),
        )

    def _evaluated(self, ref: AgentRef) -> bool:
        row = self._run("SELECT status FROM agents WHERE generation = ? AND number = ?", _place(ref)).fetchone()
        return row is not None and row[0] in _EVALUATED


def _place(ref: AgentRef) -> tuple[int, int]:
    return ref.generation, ref.index


def _parents(agent: Agent) -> str:
    """Return the parents as text: ``generation:number``, separated by spaces."""
    return " ".join(f"{parent.generation}:{parent.index}" for parent in agent.parents)


def _text(text: str | None) -> str | None:
    """Return a text that can be encoded as UTF-8; messages of exceptions may contain bytes of a file name."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()
