"""Import names of users' classes."""

import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import pytest

from clau_doom.api.importable_objects import target_of
from clau_doom.errors import ConfigError


class Policy:
    """A class that workers can import by the name of this module."""


def test_the_name_has_module_and_class() -> None:
    assert target_of(OrderedDict) == "collections:OrderedDict"
    assert target_of(Policy) == f"{__name__}:Policy"


def test_a_local_class_is_refused() -> None:
    class Local:
        pass

    with pytest.raises(ConfigError, match="define it at the top level of its module"):
        target_of(Local)


def test_an_outdated_class_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reloaded module has another class of the same name."""
    outdated = Policy
    monkeypatch.setattr(sys.modules[__name__], "Policy", OrderedDict)
    with pytest.raises(ConfigError, match="import it again after an edit of its module"):
        target_of(outdated)


def test_a_class_of_the_main_script_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import clau_doom as cd\nclass Mine: pass\ncd.run(policy=Mine)\n")
    ended = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (
        "workers cannot import class Mine, which is defined in the main script: "
        "move it to a file such as my_policy.py, then use from my_policy import Mine"
    ) in ended.stderr
    assert not (tmp_path / "runs").exists()
