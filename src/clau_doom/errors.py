"""Errors that clau-doom raises on purpose, as one class hierarchy.

    ClauDoomError
    ├── UsageError                 exit 2: nothing was started, nothing was written
    │   ├── ConfigError            the configuration cannot be read or parsed, or is invalid
    │   ├── ExperimentNotFound
    │   ├── GenerationNotFound     the generation has not started
    │   ├── AgentNotFound
    │   │   └── InvalidAgentId     the text does not have the form of an agent's id
    │   ├── EpisodeNotFound        the agent has not finished the episode
    │   ├── ExperimentExists       the name is taken
    │   ├── ExperimentBusy         another process runs the experiment
    │   ├── FolderBusy             another server serves the folder of experiments
    │   ├── ExperimentDone         the experiment is completed, failed or cancelled and cannot be changed
    │   ├── WrongState             the state of the experiment or the agent does not allow the request
    │   ├── NotAllowed             a name is not in the server's allow-list
    │   ├── AddressTaken           another server listens on the host and port
    │   ├── NotAuthenticated       the token is missing or wrong
    │   └── ResumeRefused          something that decides the results has changed
    ├── ExperimentFailed           exit 1
    ├── FailedAgent                failure of one agent in a group of failures
    ├── FunctionFailed             a function that is optimised raised an error, or returned no finite number
    ├── GenerationFailed
    ├── GenerationFull             an agent beyond the population's capacity
    ├── InvalidGenome              a genome outside its space
    ├── InvalidMessage             a malformed message from a client, a server or a bus
    ├── OutOfOrder                 tell before ask, or results that do not match the last ask
    ├── OutputFailed               standard output cannot be written: its disk is full, or its reader has ended
    ├── ReplayDiffers              a replayed episode differs from its record
    ├── ServerFailed               a server reported an internal error
    ├── ServerUnreachable          no orchestrator answers at the address
    ├── ShutdownRequested          a user, a signal or a deadline stopped the run
    ├── StrategyFailed             the user's strategy raised an error, or asked for agents that are not valid
    ├── StorageFailed
    │   ├── DiskFull
    │   ├── ResultsLost            the results were deleted or replaced while a run was writing them
    │   └── StoreCorrupted         stored data contradict each other or the configuration
    ├── MeasureFailed              a user's measure raised, or its value is outside of its declared range
    ├── TrackerUnavailable         a tracker is unreachable or cannot be written
    ├── BusUnavailable             events cannot be published: the bus is unreachable, or rejects them
    ├── PolicyFailed               failure of the policy: the agent gets no fitness and no further attempt
    │   ├── Forged                 the agent's container sent false claims
    │   ├── OutOfMemory            the agent exceeded the memory limit of its container
    │   └── PolicyTimedOut         the policy did not choose an action before the deadline
    └── InfrastructureFailed       failure outside the policy: the episode is played again with the same seed
        ├── ContainerRefused       no container can be created, because of an image or a name
        ├── DockerUnreachable      no Docker daemon answers
        ├── EngineCrashed
        ├── EpisodeTimedOut        the engine or the worker hung
        ├── WorkerCrashed
        ├── WorkerRefused          the worker's versions or files differ from the orchestrator's
        ├── WorkerUnavailable      no worker can be started; the episode did not start, and no attempt is counted
        ├── AgentUnreachable       the program of a remote agent is unreachable, has ended, or was late
        ├── ClusterRefused         the cluster lacks the resources for a worker, or accepts none
        ├── ClusterUnreachable     no Ray cluster answers, or the connection to it was lost
        └── AttemptsExhausted      all `execution.attempts` attempts of the episode were lost

Causes are chained with ``raise ... from``; `error_description.describe` prints the chain on one line. Concurrent
failures are raised as an `ExceptionGroup`.
"""

from typing import ClassVar

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
    "FunctionFailed",
    "GenerationFailed",
    "GenerationFull",
    "GenerationNotFound",
    "InfrastructureFailed",
    "InvalidAgentId",
    "InvalidGenome",
    "InvalidMessage",
    "MeasureFailed",
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
    "StrategyFailed",
    "TrackerUnavailable",
    "UsageError",
    "WorkerCrashed",
    "WorkerRefused",
    "WorkerUnavailable",
    "WrongState",
]


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
    """A request that cannot be carried out; nothing was started and nothing was written."""


class ConfigError(UsageError, code="config_error"):
    """The configuration cannot be read or parsed, or is invalid.

    Attributes:
        problems: Invalid values, each as a dotted path and a text with the problem and its remedy. The path is empty if
            a problem belongs to no field. The mapping is empty if the configuration could not be read or parsed.
        lines: The line of each problem in the file, from 1, or None if the problem belongs to no line.
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
    """No experiment with that id is stored here."""


class GenerationNotFound(UsageError, code="generation_not_found"):
    """The experiment has not started that generation."""


class AgentNotFound(UsageError, code="agent_not_found"):
    """No agent with that id is stored here."""


class InvalidAgentId(AgentNotFound, code="invalid_agent_id"):
    """A text does not have the form of an agent's id."""


class EpisodeNotFound(UsageError, code="episode_not_found"):
    """The agent has finished no such episode."""


class ExperimentExists(UsageError, code="experiment_exists"):
    """An experiment with that id is already stored here."""


class ExperimentBusy(UsageError, code="experiment_busy"):
    """Another process is running the experiment."""


class FolderBusy(UsageError, code="folder_busy"):
    """Another server serves the folder of experiments."""


class ExperimentDone(UsageError, code="experiment_done"):
    """The experiment is completed, failed or cancelled."""


class WrongState(UsageError, code="wrong_state"):
    """The state of the experiment or the agent does not allow the request; the message names the allowed states."""


class NotAllowed(UsageError, code="not_allowed"):
    """A request contains a name that is not in the server's allow-list; the message names the list."""


class AddressTaken(UsageError, code="address_taken"):
    """Another server listens on the host and port; the message names both."""


class NotAuthenticated(UsageError, code="not_authenticated"):
    """A token that a server requires is missing or wrong."""


class ResumeRefused(UsageError, code="resume_refused"):
    """A fact that decides the results differs from the start of the experiment."""


class ExperimentFailed(ClauDoomError, code="experiment_failed"):
    """The experiment cannot continue."""


class FailedAgent(ClauDoomError, code="failed_agent"):
    """Failure of one agent among several failures; its cause is the original error.

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


class FunctionFailed(ClauDoomError, code="function_failed"):
    """A function that is optimised raised an error, returned a value that is not a finite number, or ended its process.

    Attributes:
        traceback: Traceback of the error, several lines; empty if no code raised.
    """

    def __init__(self, message: str, *, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = traceback


class GenerationFailed(ClauDoomError, code="generation_failed"):
    """A generation cannot be completed."""


class GenerationFull(ClauDoomError, code="generation_full"):
    """An agent was added beyond the population's capacity."""


class InvalidGenome(ClauDoomError, code="invalid_genome"):
    """A genome has the wrong number of genes, or a gene is outside its bounds."""


class InvalidMessage(ClauDoomError, code="invalid_message"):
    """A client, a server or a bus sent a malformed message; the message of the error describes the fault."""


class OutOfOrder(ClauDoomError, code="out_of_order"):
    """A strategy received results before it was asked, or results for genomes that it did not propose."""


class OutputFailed(ClauDoomError, code="output_failed"):
    """Standard output cannot be written.

    Attributes:
        reader_gone: Whether the reading program has ended. The error is then not reported.
    """

    def __init__(self, message: str, *, reader_gone: bool = False) -> None:
        super().__init__(message)
        self.reader_gone = reader_gone


class ReplayDiffers(ClauDoomError, code="replay_differs"):
    """A replayed episode differs from its record; the message names the difference and possible causes."""


class ServerFailed(ClauDoomError, code="server_failed"):
    """A server reported an internal error; the server's log has the details."""


class ServerUnreachable(ClauDoomError, code="server_unreachable"):
    """No orchestrator answers at an address."""


class ShutdownRequested(ClauDoomError, code="shutdown_requested"):
    """A user, a signal or a deadline requested the run to stop."""


class StorageFailed(ClauDoomError, code="storage_failed"):
    """The store could not read or write data."""


class DiskFull(StorageFailed, code="disk_full"):
    """The disk that holds the results is full."""


class ResultsLost(StorageFailed, code="results_lost"):
    """The results were deleted, moved or replaced while a run was writing them; the message names the loss."""


class StoreCorrupted(StorageFailed, code="store_corrupted"):
    """Stored data contradict each other, or their configuration."""


class BusUnavailable(ClauDoomError, code="bus_unavailable"):
    """The event bus is unreachable or did not acknowledge a message; the bus may have stored the message."""


class TrackerUnavailable(ClauDoomError, code="tracker_unavailable"):
    """A tracker is unreachable or cannot be written. A later attempt continues behind the last written event."""


class MeasureFailed(ClauDoomError, code="measure_failed"):
    """A user's measure raised an error, or its value is outside of its declared range. The run stops."""


class PolicyFailed(ClauDoomError, code="policy_failed"):
    """The policy raised an error, returned an invalid action, or exceeded the deadline.

    Attributes:
        traceback: Traceback of the error in a Python policy, several lines; empty if unknown.
    """

    def __init__(self, message: str, *, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = traceback


class StrategyFailed(ClauDoomError, code="strategy_failed"):
    """The strategy raised an error, or asked for agents that are not valid.

    Attributes:
        traceback: Traceback of the error in the user's code, several lines; empty if no code raised.
    """

    def __init__(self, message: str, *, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = traceback


class PolicyTimedOut(PolicyFailed, code="policy_timed_out"):
    """The policy did not choose an action before the episode's deadline."""


class Forged(PolicyFailed, code="forged"):
    """An agent's container sent a false claim, or a message that workers do not send."""


class OutOfMemory(PolicyFailed, code="out_of_memory"):
    """The agent exceeded the memory limit of its container."""


class InfrastructureFailed(ClauDoomError, code="infrastructure_failed"):
    """An engine, worker, container, node or network failed; the failure does not count against the agent."""


class ContainerRefused(InfrastructureFailed, code="container_refused"):
    """No container can be created until the user solves the problem in the message; retries do not help."""


class ClusterRefused(InfrastructureFailed, code="cluster_refused"):
    """The cluster lacks the resources for a worker, or accepts none; the message lists its resources."""


class ClusterUnreachable(InfrastructureFailed, code="cluster_unreachable"):
    """No Ray cluster answers, or the cluster became unreachable during a run."""


class DockerUnreachable(InfrastructureFailed, code="docker_unreachable"):
    """No Docker daemon answers."""


class EngineCrashed(InfrastructureFailed, code="engine_crashed"):
    """The ViZDoom engine crashed or could not be started."""


class EpisodeTimedOut(InfrastructureFailed, code="episode_timed_out"):
    """An engine or a worker made no progress, or the episode's deadline passed outside the policy."""


class WorkerCrashed(InfrastructureFailed, code="worker_crashed"):
    """The process or container that played the episode has ended."""


class WorkerRefused(InfrastructureFailed, code="worker_refused"):
    """A worker's versions or files differ from the orchestrator's."""


class WorkerUnavailable(InfrastructureFailed, code="worker_unavailable"):
    """No worker can be started for an episode, which did not start; the message names the missing resource."""


class AgentUnreachable(InfrastructureFailed, code="agent_unreachable"):
    """The program of a remote agent is unreachable, ended during an episode, or missed a deadline."""


class AttemptsExhausted(InfrastructureFailed, code="attempts_exhausted"):
    """All `execution.attempts` attempts of the episode were lost."""
