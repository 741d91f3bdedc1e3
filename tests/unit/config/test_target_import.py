"""Tests of the import of classes and functions of users. Policies have further tests in `policies/test_factory.py`."""

import sys
from pathlib import Path

import pytest

from clau_doom.config import import_target
from clau_doom.errors import ConfigError
from tests.support.importable_modules import unused_module_name
from tests.support.installed_package import install_package

SOURCE = "class Kind:\n    pass\n\n\ndef function():\n    return 3\n\n\nnumber = 3\n"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = unused_module_name()
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    return name


def test_classes_and_functions_are_imported_from_the_working_folder(module: str, tmp_path: Path) -> None:
    kind = import_target(f"{module}:Kind", field="evolution.target", group="clau_doom.strategies")
    function = import_target(f"{module}:function", field="measures.m", group="clau_doom.measures", functions=True)
    assert kind.value.__name__ == "Kind"
    assert function.value() == 3
    assert kind.source == (module, tmp_path / f"{module}.py")
    assert kind.name == f"evolution.target '{module}:Kind'"


@pytest.mark.parametrize(
    ("target", "functions", "message"),
    [
        ("{}:function", False, r"evolution.target '.*' has no class 'function'; use Kind"),
        ("{}:Kind", True, r"has no function 'Kind'; use function"),
        ("{}:number", True, r"has no function 'number'; use function"),
        ("{}_none:Kind", False, r"module '.*_none' not found; it must be importable from "),
        ("{}.py:Kind", False, r"'module_\w+\.py' is a file: use the name of its module, 'module_\w+'$"),
        ("nowhere", False, r"evolution.target 'nowhere': 'nowhere' is not a strategy of an installed package \("),
        ("__main__:Kind", False, r"a script or a notebook; .* %%writefile my_strategy.py\), and use my_strategy:Kind"),
    ],
)
def test_faults_have_separate_errors(module: str, target: str, functions: bool, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        import_target(
            target.format(module), field="evolution.target", group="clau_doom.strategies", functions=functions
        )


def test_a_module_without_a_file_has_no_source() -> None:
    builtin = import_target("itertools:chain", field="evolution.target", group="clau_doom.strategies")
    with pytest.raises(ConfigError, match=r"evolution.target 'itertools:chain': the module has no source file"):
        _ = builtin.source


def test_a_plugin_has_package_and_version_in_its_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = {"clau_doom.strategies": {"named-es": "plugin_of_target_import:Kind"}}
    site = install_package(tmp_path, "named-doom", {"plugin_of_target_import": SOURCE}, points)
    monkeypatch.syspath_prepend(str(site))
    found = import_target("named-es", field="evolution.target", group="clau_doom.strategies")
    assert found.value is sys.modules["plugin_of_target_import"].Kind
    assert found.source[0] == "named-es named-doom 1.2 plugin_of_target_import:Kind"
    assert found.file == site / "plugin_of_target_import.py"


def test_a_changed_file_is_imported_again(module: str, tmp_path: Path) -> None:
    """A second change within the same second and of the same length is noticed, too."""
    file, found = tmp_path / f"{module}.py", []
    for value in (3, 4, 5):
        file.write_text(SOURCE.replace("return 3", f"return {value}"))
        target = import_target(f"{module}:function", field="measures.m", group="clau_doom.measures", functions=True)
        found.append(target.value())
    assert found == [3, 4, 5]
    again = import_target(f"{module}:function", field="measures.m", group="clau_doom.measures", functions=True)
    assert again.value is target.value
