"""Tests of cores that several pools of workers claim, in this process and in others."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from clau_doom.backends.core_lease import CoreLease


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Return an exit stack that releases the claims of a test."""
    with ExitStack() as made:
        yield made


def lease(stack: ExitStack, folder: Path, cores: tuple[int, ...] = (3, 5)) -> CoreLease:
    made = CoreLease(cores, folder)
    stack.callback(made.release)
    return made


def test_free_cores_are_claimed_before_cores_are_shared(stack: ExitStack, tmp_path: Path) -> None:
    """Afterwards each core is shared by equally many workers."""
    assert lease(stack, tmp_path).claim(1) == (3,)
    second = lease(stack, tmp_path)
    assert second.claim(1) == (5,)
    assert second.shared == 0
    third = lease(stack, tmp_path)
    assert sorted(third.claim(4)) == [3, 3, 5, 5]
    assert third.shared == 4


def test_affinity_mask_is_respected(stack: ExitStack, tmp_path: Path) -> None:
    """A process that may use one core claims it, even if another is free."""
    lease(stack, tmp_path).claim(1)
    assert lease(stack, tmp_path, (3,)).claim(2) == (3, 3)
    assert lease(stack, tmp_path).claim(2) == (5, 5)


def test_worker_on_a_shared_core_moves_to_a_free_core(stack: ExitStack, tmp_path: Path) -> None:
    """Workers with a core of their own stay."""
    first, second, third = (lease(stack, tmp_path) for _ in range(3))
    assert (first.claim(1), second.claim(1), third.claim(1)) == ((3,), (5,), (3,))
    assert not third.improve()
    second.release()
    assert third.improve()
    assert (third.cores, third.shared) == ((5,), 0)
    assert not first.improve()


def test_killed_process_releases_its_cores(stack: ExitStack, tmp_path: Path) -> None:
    program = "import sys; from clau_doom.backends.core_lease import CoreLease; from pathlib import Path\n"
    program += "print(CoreLease((3, 5), Path(sys.argv[1])).claim(1), flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "(3,)\n"
        here = lease(stack, tmp_path)
        assert here.claim(1) == (5,)
        other.kill()
    here.release()
    assert here.claim(1) == (3,)


def test_cores_are_assigned_in_turn_without_a_lock_file(tmp_path: Path, stack: ExitStack) -> None:
    """The run is not refused."""
    missing = lease(stack, tmp_path / "missing")
    assert missing.claim(3) == (3, 5, 3)
    assert Counter(missing.cores) == {}
    assert not missing.improve()
