"""Tests of descriptions of errors on one line."""

from itertools import pairwise

import pytest

from clau_doom.error_description import describe
from clau_doom.errors import (
    EngineCrashed,
    ExperimentFailed,
    FailedAgent,
    GenerationFailed,
    PolicyFailed,
)


def _chain(*chain: Exception) -> Exception:
    for error, cause in pairwise(chain):
        error.__cause__ = cause
    return chain[0]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (EngineCrashed("the engine died"), "the engine died"),
        (EngineCrashed(), "EngineCrashed"),
        (
            _chain(
                ExperimentFailed("experiment x failed"), GenerationFailed("generation 3 failed"), OSError("no file")
            ),
            "experiment x failed: generation 3 failed: no file",
        ),
        (_chain(ExperimentFailed("it failed: no file"), OSError("no file")), "it failed: no file"),
        (_chain(ExperimentFailed("x: Not found"), OSError(2, "Not found", "x")), "x: Not found"),
        (ExceptionGroup("several", [EngineCrashed("one"), PolicyFailed("two")]), "one; two"),
        (
            _chain(
                GenerationFailed("generation 0 failed"),
                ExceptionGroup(
                    "several", [_chain(PolicyFailed("a raised"), ValueError("x")), PolicyFailed("b raised")]
                ),
            ),
            "generation 0 failed: a raised: x; b raised",
        ),
    ],
)
def test_causes_are_joined_on_one_line(error: BaseException, text: str) -> None:
    """The outermost error comes first. A repeated cause is omitted."""
    assert describe(error) == text


def failed(agent: str, text: str) -> Exception:
    return FailedAgent.of(agent, PolicyFailed(text))


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ([failed("x-g0-a1", "no courage")], "agent x-g0-a1: no courage"),
        (
            [failed("a1", "no courage"), failed("a2", "no idea"), failed("a3", "no courage")],
            "2 agents (a1, a3): no courage; agent a2: no idea",
        ),
        (
            [failed(f"a{number}", f"KeyError: {number / 7}") for number in range(300)],
            "300 agents (a0, a1, a2 and 297 more): for example KeyError: 0.0",
        ),
        (
            [failed(f"a{number}", f"no {'x' * number}") for number in range(300)],
            "; ".join(f"agent a{number}: no {'x' * number}" for number in range(5))
            + "; and 295 more of 295 other kinds",
        ),
        ([EngineCrashed("it died")] * 4 + [EngineCrashed("it hung")], "4 times it died; it hung"),
    ],
)
def test_group_of_errors_names_and_counts_agents(members: list[Exception], text: str) -> None:
    """Equal errors are printed once, and the message has a bounded length."""
    assert describe(_chain(GenerationFailed("it failed"), ExceptionGroup("several", members))) == f"it failed: {text}"


def test_implicit_context_is_omitted() -> None:
    """Only explicit causes (`raise ... from`) are part of the message."""
    error = EngineCrashed("the engine died")
    error.__context__ = ValueError("while cleaning up")
    assert describe(error) == "the engine died"
