"""Comparison of the methods of a table over tasks, from the command line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
ROOT = Path(__file__).parents[4]
COLUMNS = ("--response", "score", "--factor", "method", "--task", "game")


@pytest.fixture
def atari(tmp_path: Path) -> str:
    shutil.copy(ROOT / "tests/data/atari_100k.csv", tmp_path)
    return "atari_100k.csv"


def test_the_published_table_is_printed(run: Run, atari: str) -> None:
    """Interquartile means of Alonso et al. 2024, table 1; TWM's median of Robine et al. 2023, table 1."""
    done = run("analyze", "--data", atari, *COLUMNS, "--normalize", "random,human")
    assert (done.code, done.err) == (0, "")
    for words in (
        "score by method over game",
        "260 rows of atari_100k.csv",
        "In each task, random is 0 and human is 1.",
        "0.641 [0.5",
        "0.459 [0.3",
        "0.505 ",
        "Friedman χ², permutations",
        "CD 0.38",
        "DIAMOND, TWM",
    ):
        assert words in done.out
    assert "little power" not in done.out


def test_json_has_all_results(run: Run, atari: str) -> None:
    """With a control and a margin; the order of rows is the order of methods."""
    words = ("--normalize", "random,human", "--baseline", "TWM", "--equivalence", "0.05", "--json")
    done = run("analyze", "--data", atari, *COLUMNS, *words)
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["rows"], found["task"], found["normalize"], found["control"]) == (260, "game", "random,human", "TWM")
    diamond, twm = found["methods"]
    assert diamond["aggregates"]["mean"]["value"] == pytest.approx(1.459, abs=5e-4)
    assert twm["gap"]["value"] == pytest.approx(0.513, abs=5e-4)
    (pair,) = found["pairs"]
    assert (pair["first"], pair["second"]) == ("DIAMOND", "TWM")
    assert pair["improvement"]["value"] == pytest.approx(0.64692308)
    assert sum(pair["posterior"].values()) == pytest.approx(1.0)
    assert found["control_ranks"][0]["p_hochberg"] == found["control_ranks"][0]["p"]
    assert len(found["scores"]["tasks"]) == 26


def test_few_tasks_are_named(run: Run, atari: str) -> None:
    """Four games: rank tests have little power, and Wilcoxon's test cannot be significant."""
    where = "game == 'Alien' or game == 'Pong' or game == 'Krull' or game == 'Hero'"
    done = run("analyze", "--data", atari, *COLUMNS, "--where", where)
    assert done.code == 0, done.err
    text = " ".join(done.out.split())
    assert "4 tasks: below 10 tasks, Friedman's and Nemenyi's tests have little power." in text
    assert "With 4 tasks and 1 comparison, the corrected p-value of Wilcoxon's test cannot be below 0.05." in text
    assert "They are not normalised" in text
    assert "optimality gap" not in text


def test_a_report_is_written(run: Run, atari: str, tmp_path: Path) -> None:
    """One HTML file with the diagram; another file is not replaced."""
    words = ("analyze", "--data", atari, *COLUMNS, "--normalize", "range", "--report")
    done = run(*words, "games.html")
    assert done.code == 0, done.err
    page = (tmp_path / "games.html").read_text()
    assert "Critical-difference diagram" in page
    assert "No difference of the methods" in page
    assert run(*words, atari).code == 2


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--factor", "run"], "--task needs exactly one --factor COLUMN, the methods"),
        (["--block", "run"], "--block excludes --task: omit one of them"),
        (["--test", "ranks"], "--test excludes --task: omit one of them"),
        (["--covariate", "run"], "--covariate excludes --task: omit one of them"),
        (["--baseline", "IRIS"], "--baseline IRIS is not a level of method: choose one of DIAMOND, TWM"),
        (["--normalize", "random"], "give two columns as LOW,HIGH, or range"),
        (["--report", "atari_100k.csv"], "is not an .html file"),
    ],
)
def test_invalid_comparison_is_refused(run: Run, atari: str, words: list[str], complaint: str) -> None:
    """The exit code is 2. One line contains the value and the remedy."""
    done = run("analyze", "--data", atari, *COLUMNS, *words)
    assert (done.code, done.out) == (2, "")
    assert complaint in done.err
    assert len(done.err.splitlines()) == 1


def test_task_needs_data(run: Run) -> None:
    """The option is one of tables."""
    done = run("analyze", "tiny", "--task", "game")
    assert done.code == 2
    assert "--task needs a table: use --data FILE" in done.err
