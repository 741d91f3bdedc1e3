"""Tests of the example notebooks: they run from the top with small budgets, and their stored outputs are complete."""

import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[2] / "examples"
NOTEBOOKS = sorted((EXAMPLES / "notebooks").glob("*.ipynb"))
SMALL = {
    "CLAU_DOOM_GENERATIONS": "2",
    "CLAU_DOOM_POPULATION": "5",
    "CLAU_DOOM_EPISODES": "1",
    "CLAU_DOOM_SCENARIO_TIMEOUT": "300",
    "CLAU_DOOM_HOLDOUT_VALIDATION": "2",
    "CLAU_DOOM_HOLDOUT_EPISODES": "6",
    "CLAU_DOOM_EXECUTION_WORKERS": "1",
}
"""Variables of the environment, which override the configurations in the cells."""
LINES_TO_THE_FIGURE = 30


def read(notebook: Path) -> Any:
    return nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]


def code_cells(notebook: Path) -> list[Any]:
    return [cell for cell in read(notebook).cells if cell.cell_type == "code"]


def outputs(notebook: Path) -> list[Any]:
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def named(notebook: Path) -> str:
    return notebook.stem


@pytest.mark.engine
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")  # of the kernel's packages
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=named)
def test_notebook_runs_from_the_top(notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each cell runs without an exception, in a copy of the examples."""
    copy = shutil.copytree(EXAMPLES, tmp_path / "examples") / "notebooks"
    for name, value in SMALL.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CLAU_DOOM_OUTPUT_DIR", raising=False)
    resources = {"metadata": {"path": str(copy)}}
    NotebookClient(read(notebook), timeout=600, kernel_name="python3", resources=resources).execute()


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=named)
def test_stored_outputs_are_those_of_one_run(notebook: Path) -> None:
    """The cells were executed once, in order, without exceptions, warnings or paths of a machine."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    kinds = {output.output_type for output in outputs(notebook)}
    assert kinds <= {"display_data", "execute_result", "stream"}
    assert not [output.text for output in outputs(notebook) if output.get("name") == "stderr"]
    assert not re.findall(r"(?<![\w:.])/(?:home|root|tmp|usr|work|var)/[\w./-]*", str(outputs(notebook)))


def test_notebooks_show_figures_and_a_film() -> None:
    shown = {
        notebook.stem: [key for output in outputs(notebook) for key in output.get("data", {})] for notebook in NOTEBOOKS
    }
    assert all("image/png" in keys for keys in shown.values())
    assert "image/gif" in shown["1_first_experiment"]


def test_thirty_runs_need_few_lines() -> None:
    """The code from the import to the figure has at most 30 lines."""
    lines: list[str] = []
    for cell in code_cells(EXAMPLES / "notebooks/4_thirty_runs.ipynb"):
        lines += [line for line in cell.source.splitlines() if line.strip()]
        if "plt.show()" in cell.source:
            break
    assert len(lines) <= LINES_TO_THE_FIGURE
