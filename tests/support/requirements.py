"""Requirements of tests on the machine: a missing one skips a test on a developer's machine and fails it in CI."""

import os
from typing import NoReturn

import pytest


def missing(message: str) -> NoReturn:
    """Skip the running test, or fail it in CI.

    Args:
        message: What the machine lacks, and how to install it.
    """
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
