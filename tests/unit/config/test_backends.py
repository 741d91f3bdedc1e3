"""Tests of the registry of backends: bundled ones, registered ones, and those of installed packages."""

import ast
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import clau_doom
from clau_doom.backends.provider import BackendContext, BackendProvider
from clau_doom.config import (
    BackendSection,
    ExecutionConfig,
    ExperimentConfig,
    config_from_yaml,
    json_schema,
    load_failures,
    register_backend,
    registered_backends,
    starter,
    to_yaml,
    unregister_backend,
)
from clau_doom.config import backends as registry
from clau_doom.errors import ConfigError
from clau_doom.ports import EvaluationBackend
from clau_doom.testing import ScriptedBackend


class GridConfig(BackendSection):
    """Grid backend."""

    site: str = "north"


class GridProvider(BackendProvider):
    name = "grid"
    section = GridConfig

    def create(self, context: BackendContext) -> EvaluationBackend:
        return ScriptedBackend()


class Unverified(GridProvider):
    trusted = False


class Capital(GridProvider):
    name = "Grid"


class Taken(GridProvider):
    name = "local"


class Section(GridProvider):
    name = "scenario"


@pytest.fixture
def grid() -> Iterator[GridProvider]:
    provider = GridProvider()
    register_backend(provider)
    yield provider
    unregister_backend(provider.name)


def test_bundled_backends_come_first_and_provide_sections_with_defaults() -> None:
    names = [backend.name for backend in registered_backends()]
    assert names[:3] == ["local", "docker", "ray"]
    config = ExperimentConfig()
    assert all(config.section_of(backend.section) == backend.section() for backend in registered_backends())


def test_a_registered_backend_is_part_of_every_format(grid: GridProvider) -> None:
    """File, starter, JSON Schema and messages are derived from the registry."""
    config = config_from_yaml("execution: {backend: grid}\ngrid: {site: south}", name="file")
    assert config.selected_backend is grid
    assert config.section_of(GridConfig).site == "south"
    assert config_from_yaml(to_yaml(config), name="written") == config
    assert "(local, docker, ray, grid)" in starter()
    assert "# Grid backend.\ngrid:\n" in starter()
    assert '"GridConfig"' in json_schema()
    with pytest.raises(ConfigError, match=r"did you mean grid\? use local, docker, ray, grid"):
        config_from_yaml("execution: {backend: grids}", name="file")


def test_an_unregistered_backend_is_refused(grid: GridProvider) -> None:
    unregister_backend("grid")
    with pytest.raises(ConfigError, match=r"execution\.backend \(line 1\): 'grid' is not one of the choices"):
        config_from_yaml("execution: {backend: grid}", name="file")
    with pytest.raises(ConfigError, match=r"grid \(line 1\): is an unknown field"):
        config_from_yaml("grid: {site: south}", name="file")
    register_backend(grid)


@pytest.mark.parametrize(
    ("provider", "problem"),
    [
        (Unverified(), "needs a field `verify`"),
        (Capital(), "'Grid' is not a name of a backend"),
        (Taken(), "a backend local is registered already"),
    ],
)
def test_an_invalid_backend_is_refused(provider: BackendProvider, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        register_backend(provider)


def test_a_backend_must_not_have_the_name_of_a_section() -> None:
    register_backend(Section())
    try:
        with pytest.raises(ConfigError, match="backend scenario has the name of another section"):
            ExperimentConfig()
    finally:
        unregister_backend("scenario")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install one package with a backend, and one that cannot be imported."""
    group = registry.ENTRY_POINTS
    entries = (
        EntryPoint("grid", f"{__name__}:GridProvider", group),
        EntryPoint("broken", "no_such_package:Provider", group),
    )
    monkeypatch.setattr(registry, "entry_points", lambda *, group: entries)
    registry._installed.cache_clear()
    yield
    registry._installed.cache_clear()


@pytest.mark.usefixtures("installed")
def test_packages_add_backends_and_a_broken_one_prevents_no_other() -> None:
    assert ExecutionConfig(backend="grid").backend == "grid"
    assert load_failures() == {"broken": "ModuleNotFoundError: No module named 'no_such_package'"}
    with pytest.raises(ConfigError, match=r"'broken' cannot be loaded: reinstall the package that provides it"):
        config_from_yaml("execution: {backend: broken}", name="file")


def test_no_module_compares_with_the_name_of_a_backend() -> None:
    names = {backend.name for backend in registered_backends()}
    source = Path(clau_doom.__file__).parent
    found = []
    for path in source.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare | ast.MatchValue):
                compared = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
                others = [name for name in names if name in compared and path.parent.name != name]
                found += [f"{path}: {ast.unparse(node)}" for _ in others]
    assert found == []
