"""Comparison of experiments of several scenarios, from the command line."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from clau_doom.cli.commands import analyze
from tests.unit.app.test_scenario_comparison import two_by_two

Run = Callable[..., Any]
IDS = [stored.snapshot.experiment.id for stored in two_by_two()]


@pytest.fixture(autouse=True)
def experiments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the experiments known by their ids."""
    known = dict(zip(IDS, two_by_two(), strict=True))
    monkeypatch.setattr(analyze, "find_experiment", lambda name, *_: known[name])


def test_the_comparison_is_printed(run: Run) -> None:
    """Scales, scores, ranks and pairs of the conditions."""
    done = run("analyze", *IDS)
    assert (done.code, done.err) == (0, "")
    for words in (
        "2 conditions over 2 scenarios",
        "Conditions over scenarios  scenarios",
        "population = 16",
        "take_cover",
        "Friedman χ², permutations",
    ):
        assert words in done.out


def test_json_and_report_have_the_same_results(run: Run, tmp_path: Any) -> None:
    """A given baseline is the control."""
    done = run("analyze", *IDS, "--baseline", IDS[0], "--json", "--report", "s.html")
    assert done.code == 0, done.err
    assert json.loads(done.out)["scenarios"]["control"] == "population = 8"
    assert "Critical-difference diagram" in (tmp_path / "s.html").read_text()


@pytest.mark.parametrize(
    "words", [("--criteria", "kills:1"), ("--target", "3"), ("--section", "conditions")], ids=lambda words: words[0]
)
def test_options_of_one_scenario_are_refused(run: Run, words: tuple[str, str]) -> None:
    """The message names the option and the remedy."""
    done = run("analyze", *IDS, *words)
    assert done.code == 2
    assert f"{words[0]} needs experiments of one scenario: omit {words[0]}, or give such experiments" in done.err
