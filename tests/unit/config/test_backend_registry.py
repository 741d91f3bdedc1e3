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
    backend_registry,
    config_from_yaml,
    json_schema,
    load_failures,
    register_backend,
    registered_backends,
    starter,
    to_yaml,
    unregister_backend,
)
from clau_doom.errors import ConfigError
from clau_doom.ports import EvaluationBackend
from clau_doom.testing import ScriptedBackend


class ElsewhereConfig(BackendSection):
    """Elsewhere backend."""

    site: str = "north"


class ElsewhereProvider(BackendProvider):
    name = "elsewhere"
    section = ElsewhereConfig

    def create(self, context: BackendContext) -> EvaluationBackend:
        return ScriptedBackend()


class Unverified(ElsewhereProvider):
    trusted = False


class Capital(ElsewhereProvider):
    name = "Elsewhere"


class Taken(ElsewhereProvider):
    name = "local"


class Section(ElsewhereProvider):
    name = "scenario"


@pytest.fixture
def elsewhere() -> Iterator[ElsewhereProvider]:
    provider = ElsewhereProvider()
    register_backend(provider)
    yield provider
    unregister_backend(provider.name)


def test_bundled_backends_come_first_and_provide_sections_with_defaults() -> None:
    names = [backend.name for backend in registered_backends()]
    assert names[:3] == ["local", "docker", "ray"]
    config = ExperimentConfig()
    assert all(config.section_of(backend.section) == backend.section() for backend in registered_backends())


def test_registered_backend_is_part_of_every_format(elsewhere: ElsewhereProvider) -> None:
    """File, starter, JSON Schema and messages are derived from the registry."""
    config = config_from_yaml("execution: {backend: elsewhere}\nelsewhere: {site: south}", name="file")
    assert config.selected_backend is elsewhere
    assert config.section_of(ElsewhereConfig).site == "south"
    assert config_from_yaml(to_yaml(config), name="written") == config
    assert ", elsewhere)\n  backend: local\n" in starter()
    assert "# Elsewhere backend.\nelsewhere:\n" in starter()
    assert '"ElsewhereConfig"' in json_schema()
    with pytest.raises(ConfigError, match=r"did you mean elsewhere\? use local, docker, .*elsewhere"):
        config_from_yaml("execution: {backend: elsewheres}", name="file")


def test_unregistered_backend_is_refused(elsewhere: ElsewhereProvider) -> None:
    unregister_backend("elsewhere")
    with pytest.raises(ConfigError, match=r"execution\.backend \(line 1\): 'elsewhere' is not one of the choices"):
        config_from_yaml("execution: {backend: elsewhere}", name="file")
    with pytest.raises(ConfigError, match=r"elsewhere \(line 1\): is an unknown field"):
        config_from_yaml("elsewhere: {site: south}", name="file")
    register_backend(elsewhere)


@pytest.mark.parametrize(
    ("provider", "problem"),
    [
        (Unverified(), "needs a field `verify`"),
        (Capital(), "'Elsewhere' is not a name of a backend"),
        (Taken(), "a backend local is registered already"),
    ],
)
def test_invalid_backend_is_refused(provider: BackendProvider, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        register_backend(provider)


def test_backend_with_the_name_of_a_section_is_refused() -> None:
    register_backend(Section())
    try:
        with pytest.raises(ConfigError, match="backend scenario has the name of another section"):
            ExperimentConfig()
    finally:
        unregister_backend("scenario")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install one package with a backend, and one that cannot be imported."""
    group = backend_registry.ENTRY_POINTS
    entries = (
        EntryPoint("elsewhere", f"{__name__}:ElsewhereProvider", group),
        EntryPoint("broken", "no_such_package:Provider", group),
    )
    monkeypatch.setattr(backend_registry, "entry_points", lambda *, group: entries)
    backend_registry._installed.cache_clear()
    yield
    backend_registry._installed.cache_clear()


@pytest.mark.usefixtures("installed")
def test_broken_package_does_not_prevent_other_backends() -> None:
    assert ExecutionConfig(backend="elsewhere").backend == "elsewhere"
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
