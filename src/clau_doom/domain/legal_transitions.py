"""State machine of experiment, generation, agent and episode: the events that are legal in a state.

The store and the projection in memory implement `CurrentState` and call `check_transition` before they apply an event.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

from clau_doom.domain.agent import AgentRef, AgentStatus
from clau_doom.domain.budget import Budget
from clau_doom.domain.episode import Episode, Purpose
from clau_doom.domain.event_declaration import declaration_of
from clau_doom.domain.events import (
    AgentDropped,
    AgentEvaluated,
    AgentFailed,
    AgentPaused,
    AgentRestarted,
    AgentResumed,
    AgentsAsked,
    ChampionChosen,
    EpisodeFinished,
    Event,
    ExperimentCancelled,
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
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.ids import agent_id, baseline_id, parse_agent_id
from clau_doom.errors import AgentNotFound, StoreCorrupted

__all__ = ["CurrentState", "check_transition"]

_Head = tuple[str, ExperimentState]


class CurrentState(Protocol):
    """State of one experiment, as far as the legality of an event depends on it."""

    def head(self) -> _Head | None:
        """Return the experiment's id and state, or None if no experiment is stored."""
        ...

    def budget(self) -> Budget | None:
        """Return the budget of the last run, or None before the first run."""
        ...

    def generations_started(self) -> int:
        """Return the number of generations with agents."""
        ...

    def generations_completed(self) -> int:
        """Return the number of completed generations."""
        ...

    def agent_count(self, generation: int, *, pending: bool = False) -> int:
        """Return the number of a generation's agents, or of its pending agents."""
        ...

    def status(self, ref: AgentRef) -> AgentStatus | None:
        """Return the status of an agent, or None if it does not exist."""
        ...

    def is_paused(self, ref: AgentRef) -> bool:
        """Return whether an agent is paused."""
        ...

    def has_episode(self, episode: Episode) -> bool:
        """Return whether an episode of the same purpose, agent and number is stored."""
        ...


_IN_PROGRESS = frozenset({ExperimentState.RUNNING, ExperimentState.PAUSED})
_UNFINISHED = frozenset(state for state in ExperimentState if not state.final)
_STATES: dict[type, frozenset[ExperimentState]] = {
    ExperimentStarted: _UNFINISHED | {ExperimentState.COMPLETED},
    ExperimentPaused: frozenset({ExperimentState.RUNNING}),
    ExperimentResumed: frozenset({ExperimentState.PAUSED}),
    ExperimentInterrupted: _UNFINISHED,
    ExperimentFailed: _UNFINISHED,
    ExperimentCancelled: _UNFINISHED,
}
"""States of the experiment in which an event is legal. Other events are legal in `_IN_PROGRESS`."""


def check_transition(event: Event, current: CurrentState) -> None:
    """Check that an event is legal in the current state.

    Raises:
        StoreCorrupted: The event is not legal; the message has the reason.
    """
    kind, head = type(event), current.head()
    if head is None or kind is ExperimentCreated:
        if head is None and kind is ExperimentCreated:
            return
        raise _illegal(event, f"in an experiment that is {head[1]}" if head else "in an empty log")
    experiment, state = head
    if state not in _STATES.get(kind, _IN_PROGRESS):
        raise _illegal(event, f"in an experiment in the state {state}")
    rule = _RULES.get(kind)
    if rule is not None and (reason := rule(event, experiment, current)):
        raise _illegal(event, reason)


def _illegal(event: Event, reason: str) -> StoreCorrupted:
    return StoreCorrupted(f"{declaration_of(event).code} is not possible {reason}")


def _start(event: ExperimentStarted, _: str, current: CurrentState) -> str | None:
    head = current.head()
    if head is None or head[1] is not ExperimentState.COMPLETED:
        return None
    budget = current.budget()
    if budget is not None and not event.budget.raised_from(budget):
        return f"in an experiment that is completed with {budget}"
    return None


def _add_agents(event: GenerationStarted | AgentsAsked, experiment: str, current: CurrentState) -> str | None:
    generation, started, completed = event.generation, current.generations_started(), current.generations_completed()
    opens = generation == started and (isinstance(event, AgentsAsked) or generation == completed)
    extends = isinstance(event, AgentsAsked) and completed <= generation == started - 1
    if not (opens or extends):
        return f"for generation {generation}, with {started} generations started and {completed} completed"
    if not event.agents:
        return f"for generation {generation} without agents"
    for index, agent in enumerate(event.agents, current.agent_count(generation) if extends else 0):
        if agent.ref != AgentRef(generation, index) or agent.experiment != experiment:
            return f"with agent {agent.id} in the place of {agent_id(experiment, generation, index)}"
    return None


def _finish_episode(event: EpisodeFinished, experiment: str, current: CurrentState) -> str | None:
    episode = event.episode
    ref = _ref(experiment, episode.agent)
    status = None if ref is None else current.status(ref)
    training = episode.purpose is Purpose.TRAINING
    if status is None and (training or episode.agent != baseline_id(experiment)):
        return f"for {episode.agent}, which is not an agent of this experiment"
    if training and status is not None and status.evaluated:
        return f"for {episode.agent}, which is already evaluated"
    if current.has_episode(episode):
        return f"twice for {episode.purpose.value} episode {episode.number} of {episode.agent}"
    return None


def _evaluate(event: AgentEvaluated | AgentDropped, _: str, current: CurrentState) -> str | None:
    return _unless_pending(event.ref, current)


def _fail(event: AgentFailed, _: str, current: CurrentState) -> str | None:
    status = current.status(event.ref)
    # Forged episodes may be detected after the agent's last episode, until the generation is completed.
    if event.kind is FailureKind.FORGED and status is not None and status.evaluated:
        return _if_completed(event.ref, current)
    return _unless_pending(event.ref, current)


def _change_pause(event: AgentPaused | AgentResumed, _: str, current: CurrentState) -> str | None:
    paused = current.is_paused(event.ref)
    if paused is isinstance(event, AgentPaused):
        return f"for {_name(event.ref)}, which is {'paused' if paused else 'not paused'}"
    return _unless_pending(event.ref, current)


def _restart(event: AgentRestarted, _: str, current: CurrentState) -> str | None:
    if current.status(event.ref) is not AgentStatus.FAILED:
        return f"for {_name(event.ref)}, which has not failed"
    return _if_completed(event.ref, current)


def _inject(event: GenomeInjected, _: str, current: CurrentState) -> str | None:
    following = current.generations_started()
    if event.generation != following:
        return f"for generation {event.generation}: the next one is {following}"
    return None


def _complete(event: GenerationCompleted, _: str, current: CurrentState) -> str | None:
    summary, completed = event.summary, current.generations_completed()
    if not completed == summary.index < current.generations_started():
        return f"for generation {summary.index}, with {completed} generations completed"
    if pending := current.agent_count(summary.index, pending=True):
        return f"for generation {summary.index}, which has {pending} pending agents"
    if summary.best.generation != summary.index:
        return f"for generation {summary.index} with {_name(summary.best)} as its best agent"
    return _unless_evaluated(summary.best, current)


def _choose(event: ChampionChosen, _: str, current: CurrentState) -> str | None:
    return _unless_evaluated(event.champion, current)


_RULES: dict[type, Callable[[Any, str, CurrentState], str | None]] = {
    ExperimentStarted: _start,
    GenerationStarted: _add_agents,
    AgentsAsked: _add_agents,
    EpisodeFinished: _finish_episode,
    AgentEvaluated: _evaluate,
    AgentDropped: _evaluate,
    AgentFailed: _fail,
    AgentPaused: _change_pause,
    AgentResumed: _change_pause,
    AgentRestarted: _restart,
    GenomeInjected: _inject,
    GenerationCompleted: _complete,
    ChampionChosen: _choose,
}
"""Rules of generations, agents and episodes. A rule returns the reason why an event is illegal, or None."""


def _unless_pending(ref: AgentRef, current: CurrentState) -> str | None:
    status = current.status(ref)
    return None if status is AgentStatus.PENDING else f"for {_name(ref)}, which is {status or 'missing'}"


def _unless_evaluated(ref: AgentRef, current: CurrentState) -> str | None:
    status = current.status(ref)
    return None if status is not None and status.evaluated else f"for {_name(ref)}, which has no fitness"


def _if_completed(ref: AgentRef, current: CurrentState) -> str | None:
    completed = ref.generation < current.generations_completed()
    return f"for {_name(ref)}, after its generation is completed" if completed else None


def _name(ref: AgentRef) -> str:
    return f"agent {ref.index} of generation {ref.generation}"


@lru_cache(maxsize=10_000)
def _ref(experiment: str, agent: str) -> AgentRef | None:
    """Return the place of an agent of the experiment by its id, or None."""
    try:
        owner, generation, index = parse_agent_id(agent)
    except AgentNotFound:
        return None
    return AgentRef(generation, index) if owner == experiment else None
