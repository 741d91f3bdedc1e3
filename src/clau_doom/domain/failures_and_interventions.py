"""Failures of policies and interventions of users, from which tracebacks and deviations derive."""

from clau_doom.domain.agent import AgentRef
from clau_doom.domain.event_effects import AgentStatusChanged, Change, ContestantExcluded, Intervention
from clau_doom.domain.events import FailureKind
from clau_doom.domain.experiment import Deviations
from clau_doom.domain.failure_trace import FailureTrace, TraceIndex

__all__ = ["Irregularities"]


class Irregularities:
    """Failures and interventions of one experiment. Apply its changes in order."""

    def __init__(self) -> None:
        self._interventions = 0
        self._agents: dict[AgentRef, FailureKind] = {}
        self._contestants: list[FailureKind] = []
        self._traces: list[tuple[AgentRef | str, FailureTrace | None]] = []

    def apply(self, change: Change) -> None:
        """Apply the next change. Changes of other types have no effect."""
        match change:
            case AgentStatusChanged(ref, failure_kind=kind):
                self._agents.pop(ref, None)
                if kind is not None:
                    self._agents[ref] = kind
                    self._traces.append((ref, change.traceback))
            case ContestantExcluded():
                self._contestants.append(change.kind)
                self._traces.append((change.agent, change.traceback))
            case Intervention():
                self._interventions += 1

    def traces(self, experiment: str) -> dict[str, str]:
        """Return the traceback of each agent's last failure, by agent id."""
        index = TraceIndex()
        for agent, trace in self._traces:
            name = agent if isinstance(agent, str) else agent.agent_id(experiment)
            index.add(name, trace)
        return index.by_agent()

    def deviations(self, *, repeated_actions: int) -> Deviations:
        """Return the deviations.

        Args:
            repeated_actions: Number of actions that were repeated because a remote agent was late.
        """
        kinds = [*self._agents.values(), *self._contestants]
        return Deviations(
            exhausted_attempts=kinds.count(FailureKind.ATTEMPTS_EXHAUSTED),
            missed_deadlines=kinds.count(FailureKind.POLICY_TIMED_OUT),
            interventions=self._interventions,
            repeated_actions=repeated_actions,
        )
