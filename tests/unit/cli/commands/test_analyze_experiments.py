"""Tests of `analyze` with a new statistic: one module and its name in the registry."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clau_doom.analysis import sections
from clau_doom.domain.events import Event

ROOT = Path(__file__).parents[4]
Run = Callable[..., Any]
Keep = Callable[..., None]

MODULE = '''
"""Generations since the last improvement of the best training fitness."""

from clau_doom.analysis.document import Column, Paragraph, Section, Table
from clau_doom.analysis.sections.generations import rows_of
from clau_doom.analysis.unavailable import Unavailable

TITLE = "Stagnation"


def compute(data):
    """Count the generations after the one with the best training fitness."""
    rows = [row for row in data.result(rows_of) if row.best_fitness is not None]
    if not rows:
        return Unavailable(missing="no generation has a fitness")
    return rows[-1].index - max(rows, key=lambda row: row.best_fitness).index


def describe(data):
    """Describe the stagnation."""
    found = data.result(compute)
    if isinstance(found, Unavailable):
        blocks = (found,)
    else:
        table = Table(title="Stagnation", columns=(Column("generations without improvement"),), rows=((found,),))
        blocks = (Paragraph(text=f"The best fitness is {found} generations old."), table)
    summary = (f"{data.id} stagnates for {found} generations.",)
    return Section(name="stagnation", title=TITLE, blocks=blocks, summary=summary, data={"stagnation": found})
'''


@pytest.fixture
def statistic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a module to the package of sections, and its name to the registry."""
    _add(MODULE, tmp_path, monkeypatch)


def _add(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "added").mkdir()
    (tmp_path / "added" / "stagnation.py").write_text(module)
    monkeypatch.setattr(sections, "__path__", [*sections.__path__, str(tmp_path / "added")])
    monkeypatch.setattr(sections, "EXPERIMENT_SECTIONS", (*sections.EXPERIMENT_SECTIONS, "stagnation"))
    monkeypatch.delitem(sys.modules, f"{sections.__name__}.stagnation", raising=False)


@pytest.mark.usefixtures("statistic")
def test_new_statistic_is_in_every_output(run: Run, keep: Keep, story: list[Event], tmp_path: Path) -> None:
    """Terminal, HTML and JSON show the statistic, its table and its name."""
    keep(story)
    text = run("analyze", "tiny", "--section", "stagnation").out
    assert "Stagnation" in text
    assert "The best fitness is 0 generations old." in text
    assert "generations without improvement" in text
    assert "| stagnation" in " ".join(run("analyze", "tiny").out.split())
    done = run("analyze", "tiny", "--json", "--report", "tiny.html")
    assert json.loads(done.out)["stagnation"] == 0
    page = (tmp_path / "tiny.html").read_text()
    assert '<a href="#stagnation">Stagnation</a>' in page
    assert "tiny stagnates for 0 generations." in page
    assert "<td>0</td>" in page


@pytest.mark.usefixtures("statistic")
def test_reason_replaces_an_unavailable_statistic(run: Run, keep: Keep, story: list[Event], tmp_path: Path) -> None:
    """Each output shows the reason why the data do not allow the result."""
    keep(story[:3])
    assert "Not available: no generation has a fitness." in run("analyze", "tiny", "--section", "stagnation").out
    done = run("analyze", "tiny", "--json", "--report", "tiny.html")
    assert json.loads(done.out)["stagnation"] == {"missing": "no generation has a fitness"}
    assert "Not shown: no generation has a fitness." in (tmp_path / "tiny.html").read_text()


def test_section_is_shown_by_the_name_of_its_module(run: Run, keep: Keep, story: list[Event]) -> None:
    """Each registered name has a module, and `--section` shows exactly that section."""
    keep(story)
    for name in sections.EXPERIMENT_SECTIONS:
        lines = run("analyze", "tiny", "--section", name).out.splitlines()
        assert [line.rsplit("  ", 1)[-1] for line in lines if line.endswith(f"  {name}")] == [name]


def test_statistic_in_the_documentation_works(
    run: Run, keep: Keep, story: list[Event], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The module in the documentation is complete."""
    recipes = (ROOT / "docs/contributing/recipes.md").read_text()
    (module,) = [block for block in re.findall(r"```python\n(.*?)```", recipes, re.DOTALL) if "def describe" in block]
    _add(module, tmp_path, monkeypatch)
    keep(story)
    assert "Generations without an improvement: 0." in run("analyze", "tiny", "--section", "stagnation").out
