"""Tests of mapping errors between a worker on a node and its caller."""

import pytest
from ray import exceptions

from clau_doom.backends.ray.error_mapping import error_of, fault_of, loss_error
from clau_doom.errors import (
    AgentUnreachable,
    ClauDoomError,
    DiskFull,
    EngineCrashed,
    EpisodeTimedOut,
    Forged,
    InvalidMessage,
    PolicyFailed,
    PolicyTimedOut,
    WorkerCrashed,
    WorkerRefused,
    WorkerUnavailable,
)
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.worker.worker_loop import failed


def there_and_back(error: ClauDoomError) -> ClauDoomError:
    return error_of(failed(1, fault_of(error), error).failed, "node 1")


@pytest.mark.parametrize(
    "kind", [AgentUnreachable, EngineCrashed, EpisodeTimedOut, WorkerCrashed, WorkerRefused, WorkerUnavailable]
)
def test_infrastructure_error_keeps_its_type_and_names_the_node(kind: type[ClauDoomError]) -> None:
    error = there_and_back(kind("it broke"))
    assert type(error) is kind
    assert str(error) == "node 1: it broke"


def test_full_disk_of_a_node_makes_the_worker_unavailable() -> None:
    """Results are not stored on the node, so the run waits instead of stopping at once."""
    assert type(there_and_back(DiskFull("no room"))) is WorkerUnavailable


@pytest.mark.parametrize("kind", [PolicyFailed, PolicyTimedOut])
def test_policy_failure_keeps_its_type_and_text(kind: type[ClauDoomError]) -> None:
    """The text equals that of a local worker and does not name the node."""
    error = there_and_back(kind("KeyError: 'lost'"))
    assert type(error) is kind
    assert str(error) == "KeyError: 'lost'"


def test_unknown_errors_keep_their_attribution() -> None:
    """Unknown policy failures stay policy failures. Other unknown errors are infrastructure failures."""
    assert type(there_and_back(Forged("a claim"))) is PolicyFailed
    assert type(there_and_back(InvalidMessage("a file"))) is WorkerCrashed
    assert type(error_of(pb.EpisodeFailed(reason="?"), "node 1")) is WorkerCrashed


def test_ray_error_is_reduced_to_its_last_line() -> None:
    """The error contains only the last line of another process's traceback."""
    error = loss_error(exceptions.RayActorError("", "The actor died.\n  File x\nOSError: gone\n\n"), "node 1")
    assert type(error) is WorkerCrashed
    assert str(error).startswith("node 1 has lost its worker: ")
    assert len(str(loss_error(exceptions.RaySystemError("x" * 10_000), "node 1"))) < 400


def test_node_without_the_package_is_refused_with_a_remedy() -> None:
    """A further attempt cannot correct the error, so the run stops at once."""
    error = loss_error(
        exceptions.RaySystemError("ModuleNotFoundError: No module named 'clau_doom.backends.ray'"), "node 1"
    )
    assert type(error) is WorkerRefused
    assert "install the same version of clau-doom[ray] there" in str(error)
