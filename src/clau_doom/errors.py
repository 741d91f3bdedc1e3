"""Every error that clau-doom raises on purpose, in one tree.

    ClauDoomError
    ├── UsageError                 exit 2: nothing was started, nothing was written
    │   ├── ConfigError            the configuration cannot be read, parsed or accepted
    │   ├── ExperimentNotFound
    │   ├── GenerationNotFound     it has not started
    │   ├── AgentNotFound
    │   │   └── InvalidAgentId     it has not the form of an agent's id
    │   ├── EpisodeNotFound        the agent has not finished it
    │   ├── ExperimentExists       the name is taken
    │   ├── ExperimentBusy         another process runs it
    │   ├── FolderBusy             another server serves the folder of experiments
    │   ├── ExperimentDone         it is completed, failed or cancelled: nothing more can be done to it
    │   ├── WrongState             the request does not fit how the experiment or the agent stands
    │   ├── NotAllowed             a name that the server's allow-list does not hold
    │   ├── AddressTaken           another server listens on a host and port
    │   ├── NotAuthenticated       the server wants a token, or another one
    │   └── ResumeRefused          something that decides the results has changed
    ├── ExperimentFailed           exit 1
    ├── FailedAgent                one agent's failure among those that a group joins
    ├── GenerationFailed
    ├── GenerationFull             an agent beyond the population's capacity
    ├── InvalidGenome              a genome that its space does not hold
    ├── InvalidMessage             what a client, a server or a bus sent is not what it claims to be
    ├── OutOfOrder                 tell before ask, or results that do not fit what was asked
    ├── OutputFailed               standard output cannot be written: its disk is full, or its reader has gone
    ├── ReplayDiffers              an episode that is played again is not what is recorded
    ├── ServerFailed               a server said that something went wrong on its side
    ├── ServerUnreachable          no orchestrator answers at the address
    ├── ShutdownRequested          a person, a signal or a deadline asked the run to stop
    ├── StorageFailed
    │   ├── DiskFull
    │   ├── ResultsLost            the results were deleted or replaced while a run was writing them
    │   └── StoreCorrupted         what is stored contradicts itself or the configuration
    ├── BusUnavailable             events cannot be told: the bus is out of reach, or refuses them
    ├── PolicyFailed               the agent's own fault: no fitness, and never played again
    │   ├── Forged                 what its container claims is not true
    │   ├── OutOfMemory            it took more memory than its container may have
    │   └── PolicyTimedOut         it was still deciding at the deadline
    └── InfrastructureFailed       nobody's fault: the episode is played again with the same seed
        ├── ContainerRefused       no container can be made as things stand: an image or a name is in the way
        ├── DockerUnreachable      no Docker daemon answers
        ├── EngineCrashed
        ├── EpisodeTimedOut        the engine or the worker hung
        ├── WorkerCrashed
        ├── WorkerRefused          its versions or files differ from the orchestrator's
        ├── WorkerUnavailable      no worker can be started: the episode was not begun, and no attempt is counted
        ├── AgentUnreachable       a remote agent's program cannot be reached, has ended, or was late
        ├── ClusterRefused         the cluster has no place for a worker, or takes none as things stand
        ├── ClusterUnreachable     no Ray cluster answers, or it has gone
        └── AttemptsExhausted      played as often as `execution.attempts` allows, and lost each time

Causes are chained with ``raise ... from``; `describe` prints the chain on one line. Several failures that happened side
by side travel as an `ExceptionGroup`.
"""

import re
from typing import TYPE_CHECKING, ClassVar

from clau_doom.escaping import printable_message
from clau_doom.redaction import without_logins

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AddressTaken",
    "AgentNotFound",
    "AgentUnreachable",
    "AttemptsExhausted",
    "BusUnavailable",
    "ClauDoomError",
    "ClusterRefused",
    "ClusterUnreachable",
    "ConfigError",
    "ContainerRefused",
    "DiskFull",
    "DockerUnreachable",
    "EngineCrashed",
    "EpisodeNotFound",
    "EpisodeTimedOut",
    "ExperimentBusy",
    "ExperimentDone",
    "ExperimentExists",
    "ExperimentFailed",
    "ExperimentNotFound",
    "FailedAgent",
    "FolderBusy",
    "Forged",
    "GenerationFailed",
    "GenerationFull",
    "GenerationNotFound",
    "InfrastructureFailed",
    "InvalidAgentId",
    "InvalidGenome",
    "InvalidMessage",
    "NotAllowed",
    "NotAuthenticated",
    "OutOfMemory",
    "OutOfOrder",
    "OutputFailed",
    "PolicyFailed",
    "PolicyTimedOut",
    "ReplayDiffers",
    "ResultsLost",
    "ResumeRefused",
    "ServerFailed",
    "ServerUnreachable",
    "ShutdownRequested",
    "StorageFailed",
    "StoreCorrupted",
    "UsageError",
    "WorkerCrashed",
    "WorkerRefused",
    "WorkerUnavailable",
    "WrongState",
    "describe",
    "words",
]


_MOST_KINDS = 5
_MOST_AGENTS = 3
"""Errors of a group that are told one by one, and agents of each that are named."""
_NUMBER = re.compile(r"0x[0-9a-f]+|\d[\d.,]*(?:e[+-]?\d+)?")


class ClauDoomError(Exception):
    """Base class of all errors that clau-doom raises.

    Attributes:
        code: Stable identifier of the error for clients. It does not depend on the name of the class.
    """

    code: ClassVar[str] = "error"

    def __init_subclass__(cls, *, code: str = "") -> None:
        super().__init_subclass__()
        if code:
            cls.code = code


class UsageError(ClauDoomError, code="usage_error"):
    """The request cannot be carried out as it stands; nothing was started and nothing was written."""


class ConfigError(UsageError, code="config_error"):
    """The configuration cannot be read, parsed or accepted.

    Attributes:
        problems: What is wrong with its values: (dotted path, what and how to mend it), the path empty where a problem
            belongs to no field; empty where the configuration could not be read or parsed at all.
        lines: The line of the file that each problem is in, from 1, or None where it is in none.
    """

    def __init__(
        self,
        message: str,
        problems: tuple[tuple[str, str], ...] = (),
        *,
        lines: tuple[int | None, ...] | None = None,
    ) -> None:
        super().__init__(message)
        self.problems = problems
        self.lines = (None,) * len(problems) if lines is None else lines


class ExperimentNotFound(UsageError, code="experiment_not_found"):
    """No experiment of that id is stored here."""


class GenerationNotFound(UsageError, code="generation_not_found"):
    """The experiment has not started that generation."""


class AgentNotFound(UsageError, code="agent_not_found"):
    """No agent of that id is stored here."""


class InvalidAgentId(AgentNotFound, code="invalid_agent_id"):
    """A text has not the form of an agent's id."""


class EpisodeNotFound(UsageError, code="episode_not_found"):
    """The agent has finished no such episode."""


class ExperimentExists(UsageError, code="experiment_exists"):
    """An experiment of that id is already stored here."""


class ExperimentBusy(UsageError, code="experiment_busy"):
    """Another process is running the experiment."""


class FolderBusy(UsageError, code="folder_busy"):
    """Another server serves the folder of experiments."""


class ExperimentDone(UsageError, code="experiment_done"):
    """The experiment is completed, failed or cancelled."""


class WrongState(UsageError, code="wrong_state"):
    """The request does not fit how the experiment or the agent stands; the message says what would."""


class NotAllowed(UsageError, code="not_allowed"):
    """A request names something that the server's allow-list, which the message names, does not hold."""


class AddressTaken(UsageError, code="address_taken"):
    """Another server listens on the host and port, which the message names."""


class NotAuthenticated(UsageError, code="not_authenticated"):
    """A server wants a token that was not shown, or another one."""


class ResumeRefused(UsageError, code="resume_refused"):
    """Something that decides the results differs from what the experiment was started with."""


class ExperimentFailed(ClauDoomError, code="experiment_failed"):
    """The experiment cannot go on."""


class FailedAgent(ClauDoomError, code="failed_agent"):
    """One agent's failure among several; its cause is what happened.

    Attributes:
        agent: The agent's id.
    """

    def __init__(self, agent: str) -> None:
        super().__init__(f"agent {agent}")
        self.agent = agent

    @classmethod
    def of(cls, agent: str, cause: Exception) -> "FailedAgent":
        """Return the failure of an agent."""
        error = cls(agent)
        error.__cause__ = cause
        return error


class GenerationFailed(ClauDoomError, code="generation_failed"):
    """A generation cannot be finished."""


class GenerationFull(ClauDoomError, code="generation_full"):
    """An agent was added beyond the population's capacity."""


class InvalidGenome(ClauDoomError, code="invalid_genome"):
    """A genome has the wrong number of genes, or a gene is outside its bounds."""


class InvalidMessage(ClauDoomError, code="invalid_message"):
    """What a client, a server or a bus sent is not what it claims to be; the message says in what."""


class OutOfOrder(ClauDoomError, code="out_of_order"):
    """A strategy was told before it was asked, or told about something that it did not ask."""


class OutputFailed(ClauDoomError, code="output_failed"):
    """Standard output cannot be written.

    Attributes:
        reader_gone: Whether the program that read it has ended: nothing needs to be reported then.
    """

    def __init__(self, message: str, *, reader_gone: bool = False) -> None:
        super().__init__(message)
        self.reader_gone = reader_gone


class ReplayDiffers(ClauDoomError, code="replay_differs"):
    """An episode that is played again is not what is recorded; the message says in what, and what may be the cause."""


class ServerFailed(ClauDoomError, code="server_failed"):
    """A server said that something went wrong on its side; its log holds more."""


class ServerUnreachable(ClauDoomError, code="server_unreachable"):
    """No orchestrator answers at an address."""


class ShutdownRequested(ClauDoomError, code="shutdown_requested"):
    """A person, a signal or a deadline asked the run to stop."""


class StorageFailed(ClauDoomError, code="storage_failed"):
    """The store could not keep or give back what it was asked for."""


class DiskFull(StorageFailed, code="disk_full"):
    """There is no room left where the results are kept."""


class ResultsLost(StorageFailed, code="results_lost"):
    """The results were deleted, moved or replaced while a run was writing them; the message says what is lost."""


class StoreCorrupted(StorageFailed, code="store_corrupted"):
    """What is stored contradicts itself, or the configuration that it was made from."""


class BusUnavailable(ClauDoomError, code="bus_unavailable"):
    """The event bus is out of reach, or did not take what it was given; it may have kept it all the same."""


class PolicyFailed(ClauDoomError, code="policy_failed"):
    """The policy raised, returned something that is no action, or was still deciding at the deadline.

    Attributes:
        traceback: Where a policy in Python raised, as text of several lines; empty where that is not known.
    """

    def __init__(self, message: str, *, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = traceback


class PolicyTimedOut(PolicyFailed, code="policy_timed_out"):
    """The policy was still deciding at the episode's deadline."""


class Forged(PolicyFailed, code="forged"):
    """What an agent's container claims is not true, or is nothing that a worker says."""


class OutOfMemory(PolicyFailed, code="out_of_memory"):
    """The agent took more memory than its container may have."""


class InfrastructureFailed(ClauDoomError, code="infrastructure_failed"):
    """An engine, worker, container, node or network failed; the agent is not charged."""


class ContainerRefused(InfrastructureFailed, code="container_refused"):
    """No container can be made until a person has seen to what the message names; no attempt changes it."""


class ClusterRefused(InfrastructureFailed, code="cluster_refused"):
    """The cluster has no place for a worker, or takes none as things stand; the message says what it has."""


class ClusterUnreachable(InfrastructureFailed, code="cluster_unreachable"):
    """No Ray cluster answers, or it has gone in the middle of a run."""


class DockerUnreachable(InfrastructureFailed, code="docker_unreachable"):
    """No Docker daemon answers."""


class EngineCrashed(InfrastructureFailed, code="engine_crashed"):
    """The ViZDoom engine died or could not be started."""


class EpisodeTimedOut(InfrastructureFailed, code="episode_timed_out"):
    """An engine or a worker made no progress, or the episode's deadline passed outside the policy."""


class WorkerCrashed(InfrastructureFailed, code="worker_crashed"):
    """The process or container that played the episode is gone."""


class WorkerRefused(InfrastructureFailed, code="worker_refused"):
    """A worker's versions or files differ from the orchestrator's."""


class WorkerUnavailable(InfrastructureFailed, code="worker_unavailable"):
    """No worker can be started for an episode, which was not begun; the message names what is missing."""


class AgentUnreachable(InfrastructureFailed, code="agent_unreachable"):
    """A remote agent's program cannot be reached, ended in the middle of an episode, or missed a deadline."""


class AttemptsExhausted(InfrastructureFailed, code="attempts_exhausted"):
    """The episode was lost as often as `execution.attempts` allows."""


def words(error: BaseException) -> str:
    """Return what an error says, or its kind where it says nothing; asking one of a policy's may fail."""
    try:
        return str(error) or type(error).__name__
    except Exception:
        return type(error).__name__


def describe(error: BaseException) -> str:
    """Return the error and its chain of causes on one line, outermost first.

    A cause whose text already ends the line before it is not repeated. The members of a group are joined by "; ", those
    that differ in numbers at most are counted and told once, and of many kinds the first few are told.
    Texts from outside in it are shortened and escaped, and urls have no users and passwords.
    """
    return printable_message(without_logins(_chain(error)))


def _chain(error: BaseException) -> str:
    text = _joined(error.exceptions) if isinstance(error, BaseExceptionGroup) else words(error)
    cause = error.__cause__
    if cause is None:
        return text
    if isinstance(cause, OSError) and cause.strerror and cause.strerror in text:
        return text  # it has the operating system's reason; the cause adds an errno and the path again
    rest = _chain(cause)
    return text if text.endswith(rest) else f"{text}: {rest}"


def _joined(errors: "Sequence[BaseException]") -> str:
    kinds: dict[str, list[BaseException]] = {}
    for error in errors:
        kinds.setdefault(_NUMBER.sub("#", _reason(error)), []).append(error)
    alike = list(kinds.values())
    told = [_counted(members) for members in alike[:_MOST_KINDS]]
    if rest := sum(map(len, alike[_MOST_KINDS:])):
        told.append(f"and {rest:,} more of {len(alike) - _MOST_KINDS:,} other kinds")
    return "; ".join(told)


def _counted(errors: "Sequence[BaseException]") -> str:
    """Return what errors that are alike say, with the agents that they are of."""
    reasons = [_reason(error) for error in errors]
    text = reasons[0] if len({*reasons}) == 1 else f"for example {reasons[0]}"
    agents = [error.agent for error in errors if isinstance(error, FailedAgent)]
    if not agents:
        return text if len(errors) == 1 else f"{len(errors):,} times {text}"
    named, rest = ", ".join(agents[:_MOST_AGENTS]), len(agents) - _MOST_AGENTS
    if len(agents) == 1:
        return f"agent {named}: {text}"
    return f"{len(agents):,} agents ({named}{f' and {rest:,} more' if rest > 0 else ''}): {text}"


def _reason(error: BaseException) -> str:
    return _chain(error.__cause__) if isinstance(error, FailedAgent) and error.__cause__ else _chain(error)
