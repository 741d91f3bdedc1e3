"""Tests of the folders that modules of users are imported from."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clau_doom.config import import_paths, import_target, importing_from
from clau_doom.errors import ConfigError

NAME = "own_module_of_paths"


@pytest.fixture(autouse=True)
def unchanged_imports() -> Iterator[None]:
    """Restore `sys.path`, and forget the modules of these tests."""
    before = [*sys.path]
    yield
    sys.path[:] = before
    for name in [name for name in sys.modules if name.startswith(NAME)]:
        del sys.modules[name]


def folder_with(path: Path, text: str, name: str = f"{NAME}.py") -> str:
    file = path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"class Kind:\n    text = {text!r}\n")
    return str(path)


def imported(*folders: str, name: str = NAME) -> str:
    """Return the text of the class that is imported from the folders."""
    with importing_from(folders):
        target = import_target(f"{name}:Kind", field="policy.target", group="clau_doom.policies")
    return str(target.value.text)


def test_working_folder_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder_with(tmp_path, "here"))
    assert imported() == "here"


def test_folders_are_searched_in_order(tmp_path: Path) -> None:
    """One process can use several configurations with modules of the same name."""
    first, second = folder_with(tmp_path / "a", "first"), folder_with(tmp_path / "b", "second")
    assert imported(first, second) == "first"
    assert imported(second, first) == "second"
    assert imported(first) == "first"


def test_packages_of_the_same_name_are_not_mixed(tmp_path: Path) -> None:
    """A package and its modules come from one folder."""
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder_with(folder, f"package {folder.name}", f"{NAME}_package/__init__.py")
        folder_with(folder, f"module {folder.name}", f"{NAME}_package/part.py")
    found = [imported(str(folder), name=f"{NAME}_package.part") for folder in (*folders, folders[0])]
    assert found == ["module a", "module b", "module a"]


def test_folders_have_priority_over_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interactive session and a notebook search the working folder first."""
    monkeypatch.chdir(folder_with(tmp_path / "here", "working folder"))
    monkeypatch.syspath_prepend("")
    assert imported(folder_with(tmp_path / "paths", "import paths")) == "import paths"


@pytest.mark.parametrize("default", [True, False])
def test_folders_of_another_configuration_are_not_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, default: bool
) -> None:
    """The message names the folders that were searched, and not the folder of the other configuration."""
    monkeypatch.chdir(folder_with(tmp_path / "before", "other"))
    assert imported(*(() if default else (str(tmp_path / "before"),))) == "other"
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=f"{NAME}' not found; it must be importable from {tmp_path}/empty$"):
        imported(str(tmp_path / "empty"))


def test_module_of_the_users_own_code_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects of the replaced module would no longer be instances of its classes."""
    name = f"{NAME}_of_the_user"
    monkeypatch.syspath_prepend(folder_with(tmp_path / "here", "here", f"{name}.py"))
    monkeypatch.chdir(tmp_path / "here")
    __import__(name)
    with pytest.raises(ConfigError, match=f"has imported '{name}' from another folder already: rename one of them"):
        imported(folder_with(tmp_path / "paths", "paths", f"{name}.py"), name=name)


def test_installed_packages_are_not_replaced(tmp_path: Path) -> None:
    """A file of the user that is named like a module of Python stays unused, also in workers."""
    folder = folder_with(tmp_path, "random", "colorsys.py")
    program = (
        "from clau_doom.config import import_target, importing_from\n"
        f"with importing_from([{folder!r}]):\n"
        "    import_target('colorsys:Kind', field='policy.target', group='clau_doom.policies')\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=False)
    assert "'colorsys' has no class 'Kind'" in done.stderr


def test_failed_import_leaves_no_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A corrected module is imported without a restart."""
    monkeypatch.chdir(folder_with(tmp_path / "here", "here"))
    monkeypatch.syspath_prepend("")
    broken = Path(folder_with(tmp_path / "paths", "paths"))
    (broken / f"{NAME}.py").write_text("raise ValueError('not yet')\n")
    with pytest.raises(ConfigError, match="raised ValueError: not yet"):
        imported(str(broken))
    assert imported(folder_with(broken, "corrected")) == "corrected"


async def test_folders_belong_to_a_context_of_code() -> None:
    """Concurrent experiments, and the threads that they start, do not see the folders of each other."""

    async def seen(folder: str) -> list[tuple[str, ...]]:
        with importing_from([folder]):
            await asyncio.sleep(0)
            return [import_paths(), await asyncio.to_thread(import_paths)]

    first, second = await asyncio.gather(seen("/a"), seen("/b"))
    assert (first, second) == ([("/a",), ("/a",)], [("/b",), ("/b",)])
    assert import_paths() == ()
