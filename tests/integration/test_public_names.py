"""The public names of the library."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import clau_doom
from clau_doom.api import PUBLIC

NAMES = {
    "Analysis",
    "ClauDoomError",
    "EpisodeRecord",
    "Experiment",
    "ExperimentConfig",
    "ExperimentList",
    "ExperimentOverview",
    "ExperimentStatus",
    "Gene",
    "Genome",
    "GenomeSpace",
    "Offspring",
    "OptimizationResult",
    "Result",
    "Run",
    "Server",
    "SteadyState",
    "StoredAgent",
    "Strategy",
    "Table",
    "__version__",
    "analyze_table",
    "check_config",
    "compare",
    "connect",
    "experiments",
    "load_agent",
    "make_env",
    "make_strategy",
    "measure",
    "open",
    "optimize",
    "resume",
    "run",
    "scenarios",
    "start",
}


def test_the_public_names_are_frozen() -> None:
    assert set(clau_doom.__all__) == NAMES
    assert set(PUBLIC) == NAMES - {"__version__"}
    assert dir(clau_doom) == clau_doom.__all__


@pytest.mark.parametrize("name", sorted(NAMES))
def test_each_public_name_can_be_used(name: str) -> None:
    assert getattr(clau_doom, name) is not None


def test_the_stub_file_imports_the_names_from_the_same_modules() -> None:
    stub = ast.parse(Path(clau_doom.__file__).with_suffix(".pyi").read_text())
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    assert {alias.name: node.module for node in imports for alias in node.names} == PUBLIC
    assert {alias.asname for node in imports for alias in node.names} == set(PUBLIC)
    listed = next(node.value for node in stub.body if isinstance(node, ast.Assign))
    assert ast.literal_eval(listed) == clau_doom.__all__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = clau_doom.nothing  # type: ignore[attr-defined]


def test_the_import_loads_no_large_package() -> None:
    large = {"numpy", "pyarrow", "pydantic"}
    code = f"import sys, clau_doom; print(*sorted({{m.split('.')[0] for m in sys.modules}} & {large}))"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == ""
