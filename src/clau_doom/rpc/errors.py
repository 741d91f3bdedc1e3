"""Mapping of errors to gRPC statuses, and back to errors in the client.

A status carries the canonical code, the message and google.rpc details (`grpc-status-details-bin`). The details hold an
ErrorInfo with the error's code in capitals as reason. For a configuration they also hold a BadRequest with one
violation per problem. Any other error becomes INTERNAL with an error id, and its text is not sent.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError
from google.rpc import code_pb2, error_details_pb2, status_pb2

from clau_doom import errors
from clau_doom.error_description import describe, error_text
from clau_doom.errors import ClauDoomError, ConfigError
from clau_doom.escaping import printable_message

__all__ = ["DETAILS", "CallRefused", "Status", "error_of_reason", "error_of_status", "status_of"]

DETAILS = "grpc-status-details-bin"
"""Trailer that holds google.rpc.Status."""

_DOMAIN = "clau-doom"

# Clients accept at least 8 KiB of headers: message and details (in base64) together stay below that.
_LONGEST_MESSAGE = 1024
_LONGEST_DETAILS = 3072

_CODES: Mapping[type[ClauDoomError], grpc.StatusCode] = MappingProxyType(
    {
        errors.AgentNotFound: grpc.StatusCode.NOT_FOUND,
        errors.ClusterRefused: grpc.StatusCode.FAILED_PRECONDITION,
        errors.ClusterUnreachable: grpc.StatusCode.UNAVAILABLE,
        errors.ConfigError: grpc.StatusCode.INVALID_ARGUMENT,
        errors.ContainerRefused: grpc.StatusCode.FAILED_PRECONDITION,
        errors.DiskFull: grpc.StatusCode.RESOURCE_EXHAUSTED,
        errors.DockerUnreachable: grpc.StatusCode.UNAVAILABLE,
        errors.ExperimentBusy: grpc.StatusCode.FAILED_PRECONDITION,
        errors.ExperimentDone: grpc.StatusCode.FAILED_PRECONDITION,
        errors.ExperimentExists: grpc.StatusCode.ALREADY_EXISTS,
        errors.ExperimentNotFound: grpc.StatusCode.NOT_FOUND,
        errors.GenerationFull: grpc.StatusCode.RESOURCE_EXHAUSTED,
        errors.GenerationNotFound: grpc.StatusCode.NOT_FOUND,
        errors.InvalidAgentId: grpc.StatusCode.INVALID_ARGUMENT,
        errors.InvalidGenome: grpc.StatusCode.INVALID_ARGUMENT,
        errors.InvalidMessage: grpc.StatusCode.INVALID_ARGUMENT,
        errors.NotAllowed: grpc.StatusCode.PERMISSION_DENIED,
        errors.NotAuthenticated: grpc.StatusCode.UNAUTHENTICATED,
        errors.ResumeRefused: grpc.StatusCode.FAILED_PRECONDITION,
        errors.ShutdownRequested: grpc.StatusCode.UNAVAILABLE,
        errors.StoreCorrupted: grpc.StatusCode.DATA_LOSS,
        errors.WrongState: grpc.StatusCode.FAILED_PRECONDITION,
    }
)
"""Codes of the errors that a client may see."""

# Errors for canonical codes that arrive without a known reason.
_KINDS: Mapping[int, type[ClauDoomError]] = MappingProxyType(
    {
        code_pb2.ALREADY_EXISTS: errors.ExperimentExists,
        code_pb2.FAILED_PRECONDITION: errors.WrongState,
        code_pb2.INVALID_ARGUMENT: errors.InvalidMessage,
        code_pb2.NOT_FOUND: errors.AgentNotFound,
        code_pb2.PERMISSION_DENIED: errors.NotAllowed,
        code_pb2.UNAUTHENTICATED: errors.NotAuthenticated,
        code_pb2.UNAVAILABLE: errors.ShutdownRequested,
    }
)


class CallRefused(Exception):
    """A call cannot be carried out, for a reason in the call itself and not in its request."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Status:
    """Status of a failed call.

    Attributes:
        code: The canonical code.
        message: The text of the error, for users.
        reason: The stable code of the error in capitals; empty for other errors.
        trailers: Trailing metadata with the reason for programs.
        error_id: The id that connects the status to the log, for an unexpected error; otherwise empty.
    """

    code: grpc.StatusCode
    message: str
    reason: str = ""
    trailers: tuple[tuple[str, bytes], ...] = ()
    error_id: str = ""

    @property
    def number(self) -> int:
        """Number of the code, as in google.rpc.Code."""
        return int(self.code.value[0])


def status_of(error: BaseException) -> Status:
    """Return the status for an error."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if isinstance(error, CallRefused):
        return Status(code=error.code, message=_cut(str(error)))
    code = next((_CODES[kind] for kind in type(error).__mro__ if kind in _CODES), None)
    if code is None or not isinstance(error, ClauDoomError):
        error_id = secrets.token_hex(8)
        message = f"internal error {error_id}: find this id in the server's log"
        return Status(code=grpc.StatusCode.INTERNAL, message=message, error_id=error_id)
    message = _cut(describe(error) if isinstance(error, ConfigError) else printable_message(error_text(error)))
    trailers = ((DETAILS, _details(code, message, error)),)
    return Status(code=code, message=message, reason=_reason(type(error)), trailers=trailers)


def error_of_status(code: int, message: str, details: bytes | None) -> ClauDoomError:
    """Return the error for a server's status.

    Args:
        code: The canonical code's number.
        message: The status message.
        details: The value of the trailer `DETAILS`, or None if missing.
    """
    reason, problems = "", []
    for detail in _unpacked(details):
        if isinstance(detail, error_details_pb2.ErrorInfo) and detail.domain == _DOMAIN:
            reason = detail.reason
        elif isinstance(detail, error_details_pb2.BadRequest):
            problems = [(violation.field, violation.description) for violation in detail.field_violations]
    if reason == _reason(ConfigError):
        return ConfigError(message, tuple(problems))
    return error_of_reason(reason, code, message)


def error_of_reason(reason: str, code: int, message: str) -> ClauDoomError:
    """Return the error for a reason, or for a canonical code if the reason is empty or unknown."""
    kind = next((each for each in _CODES if _reason(each) == reason), None)
    return (kind or _KINDS.get(code, errors.ServerFailed))(message)


def _reason(kind: type[ClauDoomError]) -> str:
    return kind.code.upper()


def _cut(message: str) -> str:
    """Shorten a message to the size limit of a header, in which it is percent-encoded."""
    if len(quote(message)) <= _LONGEST_MESSAGE:
        return message
    while len(quote(message)) > _LONGEST_MESSAGE - 3:
        message = message[: len(message) * 7 // 8]
    return f"{message}..."


def _details(code: grpc.StatusCode, message: str, error: ClauDoomError) -> bytes:
    status = status_pb2.Status(code=code.value[0], message=message)
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason=_reason(type(error)), domain=_DOMAIN))
    if isinstance(error, ConfigError):
        problems = error.problems or (("", describe(error)),)
        status.details.add().Pack(_bad_request(problems, _LONGEST_DETAILS - status.ByteSize()))
    return bytes(status.SerializeToString())


def _bad_request(problems: tuple[tuple[str, str], ...], room: int) -> error_details_pb2.BadRequest:
    """Return one violation for each problem, up to the size limit; the last one counts the omitted problems."""
    request = error_details_pb2.BadRequest()
    for done, (path, text) in enumerate(problems):
        request.field_violations.add(field=_cut(path), description=_cut(text))
        if request.ByteSize() > room - 128:
            del request.field_violations[-1]
            request.field_violations.add(description=f"and {len(problems) - done} more problems")
            break
    return request


def _unpacked(details: bytes | None) -> Iterable[error_details_pb2.ErrorInfo | error_details_pb2.BadRequest]:
    try:
        status = status_pb2.Status.FromString(details or b"")
        for packed in status.details:
            yield from _known(packed)
    except DecodeError:
        return  # the details come from another program; the code and the message are still used


def _known(packed: AnyMessage) -> Iterable[error_details_pb2.ErrorInfo | error_details_pb2.BadRequest]:
    for kind in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest):
        message = kind()
        if packed.Unpack(message):
            yield message
