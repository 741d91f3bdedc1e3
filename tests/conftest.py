"""Programs of others that some tests run."""

import os
import shutil
from collections.abc import Callable

import pytest


@pytest.fixture(scope="session")
def tool() -> Callable[[str, str], str]:
    """Return what finds a program, or says which package it comes in; in CI it must be there."""

    def find(program: str, package: str) -> str:
        if found := shutil.which(program):
            return found
        message = f"{program} is not on this machine: apt-get install --no-install-recommends {package}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)

    return find
