"""Tests of the error hierarchy, and of messages that include the causes."""

import inspect
import re

from clau_doom import errors
from clau_doom.errors import (
    ClauDoomError,
    InfrastructureFailed,
    PolicyFailed,
    UsageError,
)

TREE = [line for line in inspect.getdoc(errors).splitlines() if "──" in line]  # type: ignore[union-attr]


def _drawn() -> dict[str, str]:
    """Return each error's parent, from the indentation of the drawing."""
    parents: dict[str, str] = {}
    above = ["ClauDoomError"]
    for line in TREE:
        branch, name = line.split("── ")
        depth = (len(branch) - 1 - 4) // 4 + 1
        above = [*above[:depth], name.split()[0]]
        parents[above[-1]] = above[-2]
    return parents


def test_drawing_shows_the_error_hierarchy() -> None:
    """The drawing in the module docstring names every error and its parent."""
    classes = [value for value in vars(errors).values() if isinstance(value, type) and value is not ClauDoomError]
    assert {kind.__name__: kind.__base__.__name__ for kind in classes if kind.__base__} == _drawn()


def test_every_error_is_exported() -> None:
    defined = [name for name, value in vars(errors).items() if isinstance(value, type)]
    assert sorted(defined) == sorted(errors.__all__)


def test_no_error_is_both_policy_and_infrastructure_failure() -> None:
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    assert not [kind for kind in classes if issubclass(kind, PolicyFailed) and issubclass(kind, InfrastructureFailed)]
    assert not [kind for kind in classes if issubclass(kind, UsageError) and issubclass(kind, InfrastructureFailed)]


def test_each_error_declares_a_unique_code() -> None:
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    codes = [vars(kind).get("code") for kind in classes]
    assert all(code and re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)
    assert len({*codes}) == len(classes)
