"""Conversion of errors: of a worker to its actor's answer and back, and of Ray to clau-doom's own."""

from collections.abc import Mapping
from types import MappingProxyType

from ray import exceptions

from clau_doom.error_description import error_text
from clau_doom.errors import (
    AgentUnreachable,
    ClauDoomError,
    DiskFull,
    EngineCrashed,
    EpisodeTimedOut,
    InfrastructureFailed,
    MeasureFailed,
    PolicyFailed,
    PolicyTimedOut,
    WorkerCrashed,
    WorkerRefused,
    WorkerUnavailable,
)
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.wire import claimed_traceback

__all__ = ["error_of", "fault_of", "loss_error"]

_Fault = pb.EpisodeFailed.Fault

# The first class that an error is an instance of decides its fault.
_FAULTS: Mapping[type[ClauDoomError], _Fault] = MappingProxyType(
    {
        PolicyTimedOut: pb.EpisodeFailed.FAULT_POLICY_TIMED_OUT,
        PolicyFailed: pb.EpisodeFailed.FAULT_POLICY,
        MeasureFailed: pb.EpisodeFailed.FAULT_MEASURE,
        AgentUnreachable: pb.EpisodeFailed.FAULT_UNREACHABLE,
        EpisodeTimedOut: pb.EpisodeFailed.FAULT_TIMED_OUT,
        EngineCrashed: pb.EpisodeFailed.FAULT_ENGINE,
        WorkerRefused: pb.EpisodeFailed.FAULT_REFUSED,
        DiskFull: pb.EpisodeFailed.FAULT_UNAVAILABLE,  # the node's disk; results are stored elsewhere
        WorkerUnavailable: pb.EpisodeFailed.FAULT_UNAVAILABLE,
        ClauDoomError: pb.EpisodeFailed.FAULT_WORKER,
    }
)
_ERRORS = {fault: error for error, fault in _FAULTS.items()}
_MISSING = "No module named 'clau_doom"
_LONGEST = 300


def fault_of(error: ClauDoomError) -> _Fault:
    """Return the fault code of a worker's error in an actor's answer."""
    return next(fault for kind, fault in _FAULTS.items() if isinstance(error, kind))


def error_of(failed: pb.EpisodeFailed, where: str) -> ClauDoomError:
    """Return the error that an actor's answer stands for.

    Args:
        failed: The answer.
        where: The actor's node. Failures of the agent do not name it.
    """
    kind = _ERRORS.get(failed.fault, WorkerCrashed)
    if issubclass(kind, PolicyFailed):
        return kind(failed.reason, traceback=claimed_traceback(failed))
    return (WorkerCrashed if kind is ClauDoomError else kind)(f"{where}: {failed.reason}")


def loss_error(error: Exception, where: str) -> InfrastructureFailed:
    """Convert Ray's error of a lost actor."""
    text = _last_line(error)
    if _MISSING in text:
        return WorkerRefused(
            f"{where} does not have this version of clau-doom: install the same version of clau-doom[ray] there: {text}"
        )
    if isinstance(error, exceptions.RuntimeEnvSetupError):
        return WorkerRefused(f"{where} cannot receive the policy's files: {text}")
    return WorkerCrashed(f"{where} has lost its worker: {text}")


def _last_line(error: Exception) -> str:
    """Return the last line of Ray's error, which follows the remote traceback."""
    lines = [line.strip() for line in error_text(error).splitlines() if line.strip()]
    return lines[-1][:_LONGEST] if lines else type(error).__name__
