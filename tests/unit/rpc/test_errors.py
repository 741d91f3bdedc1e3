"""Tests of the mapping between errors and gRPC statuses."""

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from clau_doom import errors
from clau_doom.errors import ClauDoomError, ConfigError, EngineCrashed, ServerFailed, StorageFailed
from clau_doom.rpc.errors import DETAILS, CallRefused, error_of_reason, error_of_status, status_of

CODES = [
    (errors.ExperimentNotFound, "NOT_FOUND"),
    (errors.GenerationNotFound, "NOT_FOUND"),
    (errors.AgentNotFound, "NOT_FOUND"),
    (errors.ExperimentExists, "ALREADY_EXISTS"),
    (errors.ConfigError, "INVALID_ARGUMENT"),
    (errors.InvalidAgentId, "INVALID_ARGUMENT"),
    (errors.InvalidGenome, "INVALID_ARGUMENT"),
    (errors.InvalidMessage, "INVALID_ARGUMENT"),
    (errors.GenerationFull, "RESOURCE_EXHAUSTED"),
    (errors.DiskFull, "RESOURCE_EXHAUSTED"),
    (errors.ExperimentDone, "FAILED_PRECONDITION"),
    (errors.WrongState, "FAILED_PRECONDITION"),
    (errors.ClusterRefused, "FAILED_PRECONDITION"),
    (errors.ClusterUnreachable, "UNAVAILABLE"),
    (errors.ContainerRefused, "FAILED_PRECONDITION"),
    (errors.DockerUnreachable, "UNAVAILABLE"),
    (errors.ExperimentBusy, "FAILED_PRECONDITION"),
    (errors.ResumeRefused, "FAILED_PRECONDITION"),
    (errors.NotAllowed, "PERMISSION_DENIED"),
    (errors.NotAuthenticated, "UNAUTHENTICATED"),
    (errors.ShutdownRequested, "UNAVAILABLE"),
]


@pytest.mark.parametrize(("kind", "code"), CODES)
def test_error_round_trip(kind: type[ClauDoomError], code: str) -> None:
    """Each error has its canonical code. Text and kind are kept."""
    status = status_of(kind("it cannot be done: do that"))
    assert status.code is grpc.StatusCode[code]
    assert status.error_id == ""
    again = error_of_status(status.number, status.message, dict(status.trailers)[DETAILS])
    assert type(again) is kind
    assert str(again) == "it cannot be done: do that"
    assert type(error_of_reason(status.reason, status.number, status.message)) is kind


@pytest.mark.parametrize("error", [ValueError("secret"), EngineCrashed("secret"), StorageFailed("secret")])
def test_unexpected_error_is_internal_with_an_id(error: Exception) -> None:
    """The status does not contain the error's text."""
    statuses = [status_of(error), status_of(error)]
    assert {status.code for status in statuses} == {grpc.StatusCode.INTERNAL}
    assert all(status.error_id and status.error_id in status.message for status in statuses)
    assert statuses[0].error_id != statuses[1].error_id
    assert "secret" not in repr(statuses)
    assert isinstance(error_of_status(13, statuses[0].message, None), ServerFailed)


def test_configuration_problems_are_violations() -> None:
    """Each problem is one violation with its path. The client's error has the problems."""
    problems = (("population", "-1 is too small: use 1 or more"), ("seed", "'x' is not a whole number"))
    status = status_of(ConfigError("config_yaml: 2 problems:\n  ...", problems))
    sent = status_pb2.Status.FromString(dict(status.trailers)[DETAILS])
    request = error_details_pb2.BadRequest()
    assert any(detail.Unpack(request) for detail in sent.details)
    assert [(each.field, each.description) for each in request.field_violations] == list(problems)
    again = error_of_status(status.number, status.message, dict(status.trailers)[DETAILS])
    assert isinstance(again, ConfigError)
    assert again.problems == problems


def test_unreadable_configuration_has_one_violation() -> None:
    """The violation has an empty field name."""
    status = status_of(ConfigError("line 1: no mapping"))
    sent = status_pb2.Status.FromString(dict(status.trailers)[DETAILS])
    request = error_details_pb2.BadRequest()
    assert any(detail.Unpack(request) for detail in sent.details)
    assert [(each.field, each.description) for each in request.field_violations] == [("", "line 1: no mapping")]


def test_excess_violations_are_counted() -> None:
    """A header has a limited size."""
    problems = tuple((f"field{number}", "ä" * 50) for number in range(1000))
    status = status_of(ConfigError("ü" * 100_000, problems))
    trailer = dict(status.trailers)[DETAILS]
    assert len(trailer) < 3200
    assert len(status.message) < 1024
    error = error_of_status(status.number, status.message, trailer)
    assert isinstance(error, ConfigError)
    assert len(error.problems) > 10
    assert error.problems[-1] == ("", f"and {1000 - len(error.problems) + 1} more problems")


def test_refused_call_and_group_of_one_error() -> None:
    """A group of one error has the status of that error."""
    assert status_of(CallRefused(grpc.StatusCode.ABORTED, "come back")).code is grpc.StatusCode.ABORTED
    assert status_of(ExceptionGroup("", [errors.WrongState("x")])).code is grpc.StatusCode.FAILED_PRECONDITION


@pytest.mark.parametrize("details", [None, b"", b"\xff\xff", status_pb2.Status(code=5).SerializeToString()])
def test_foreign_status_is_mapped_by_its_code(details: bytes | None) -> None:
    """A proxy can send it. An unknown code is a server failure."""
    assert isinstance(error_of_status(5, "nothing there", details), errors.AgentNotFound)
    assert isinstance(error_of_reason("", 2, "who knows"), ServerFailed)
    assert isinstance(error_of_reason("WHO_KNOWS", 5, "nothing there"), errors.AgentNotFound)


def test_class_name_does_not_change_the_status() -> None:
    status = status_of(type("Renamed", (errors.ExperimentNotFound,), {})("not found"))
    assert dict(status.trailers) == dict(status_of(errors.ExperimentNotFound("not found")).trailers)
    assert b"EXPERIMENT_NOT_FOUND" in dict(status.trailers)[DETAILS]
