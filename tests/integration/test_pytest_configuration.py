"""Tests of the project's pytest configuration: asynchronous tests are awaited, so that they can fail."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = """
import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"


async def one():
    await asyncio.sleep(0)
    return 1


async def test_passes():
    assert await one() == 1


async def test_wrong_value():
    assert await one() == 2


@given(number=st.integers())
async def test_wrong_value_of_an_example(number):
    assert await one() == 2


def test_forgotten_await():
    one()
"""


def test_asynchronous_tests_can_fail(tmp_path: Path) -> None:
    """A test that is not awaited would pass with false assertions."""
    (tmp_path / "test_examples.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "no:xdist", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "-c", ROOT / "pyproject.toml", "--rootdir", tmp_path, tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    failed = {line.partition("::")[2].split()[0] for line in done.stdout.splitlines() if line.startswith("FAILED")}
    assert failed == {"test_wrong_value", "test_wrong_value_of_an_example", "test_forgotten_await"}
    assert "3 failed, 1 passed" in done.stdout
