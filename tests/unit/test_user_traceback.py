"""Tests of tracebacks of users' policies."""

import importlib
from pathlib import Path

import pytest

import clau_doom
from clau_doom.domain import Genome
from clau_doom.errors import PolicyFailed
from clau_doom.ports import Needs
from clau_doom.testing import ScriptedEngine
from clau_doom.user_traceback import LONGEST_TRACEBACK, user_traceback
from clau_doom.worker import ProgressPage, play

POLICY = """
class Mute(Exception):
    def __str__(self):
        raise ValueError

class Policy:
    def begin(self, genome, rng):
        return self.decide

    def decide(self, observation):
        try:
            {}["secret"]
        except KeyError as error:
            raise RuntimeError("no idea") from error

def deep(left):
    if left:
        deep(left - 1)
    raise ValueError("x" * 100_000)

def mute():
    raise Mute

def group():
    try:
        list(map(int, ["no number"]))
    except ValueError as error:
        found = error
    raise ExceptionGroup("several", [found])
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    (tmp_path / "own_policy.py").write_text(POLICY)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(importlib.sys.modules, "own_policy", raising=False)  # type: ignore[attr-defined]
    return importlib.import_module("own_policy")


def caught(function: object, *arguments: object) -> str:
    try:
        function(*arguments)  # type: ignore[operator]
    except Exception as error:
        return user_traceback(error)
    raise AssertionError


def test_traceback_has_the_file_and_lines_of_a_policy(module: object, tmp_path: Path) -> None:
    """The error has the traceback with its cause, without frames of the product or the folder."""
    engine = ScriptedEngine(decisions=3)
    engine.start(Needs(), record=True)
    with ProgressPage(tmp_path / "phase", create=True) as page, pytest.raises(PolicyFailed) as failed:
        play(engine, module.Policy(), Genome(()), 1, page)  # type: ignore[attr-defined]
    text = failed.value.traceback
    assert [line.strip() for line in text.splitlines() if line.strip(" ~^")] == [
        "Traceback (most recent call last):",
        'File "own_policy.py", line 12, in decide',
        '{}["secret"]',
        "KeyError: 'secret'",
        "The above exception was the direct cause of the following exception:",
        "Traceback (most recent call last):",
        'File "own_policy.py", line 14, in decide',
        'raise RuntimeError("no idea") from error',
        "RuntimeError: no idea",
    ]
    assert str(tmp_path) not in text


def test_traceback_is_shortened_and_never_fails(module: object) -> None:
    """Recursion and messages are shortened. An error without a text has a traceback as well."""
    text = caught(module.deep, 500)  # type: ignore[attr-defined]
    assert len(text) < LONGEST_TRACEBACK + 20
    assert text.startswith("Traceback")
    assert 'File "own_policy.py", line 22, in mute' in caught(module.mute)  # type: ignore[attr-defined]


def test_tracebacks_of_a_group_contain_no_folder(module: object, tmp_path: Path) -> None:
    """The frames of members are shown like those of the group."""
    text = caught(module.group)  # type: ignore[attr-defined]
    assert text.count('File "own_policy.py"') == 2
    assert str(tmp_path) not in text


def test_folder_with_the_packages_prefix_belongs_to_the_user() -> None:
    package = Path(clau_doom.__file__).parent
    made: dict[str, object] = {}
    exec(compile("def fail():\n    raise ValueError", f"{package}_mine/policy.py", "exec"), made)
    text = caught(made["fail"])
    assert 'policy.py", line 2, in fail' in text
    assert "in caught" in text
