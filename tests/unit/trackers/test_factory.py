"""Tests of checks before a run: missing packages and classes that are not trackers."""

import subprocess
import sys
from pathlib import Path

import pytest

from clau_doom.config import CustomTrackerConfig, MlflowTrackerConfig
from clau_doom.errors import ConfigError
from clau_doom.trackers import check_tracker_config, factory
from tests.support.installed_package import install_package

TRACKER = """
class Quiet:
    film_suffix = None
    target = "nothing"

    def __init__(self, label=""):
        self.label = label

    def open(self, experiment):
        return None

    def write(self, updates):
        pass

    def close(self):
        pass


class Half:
    target = "half"

    def open(self, experiment):
        return None
"""


@pytest.fixture(autouse=True)
def _module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "quiet_tracker.py").write_text(TRACKER)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "quiet_tracker", raising=False)


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factory, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'clau-doom\[mlflow\]'"):
        check_tracker_config(MlflowTrackerConfig())


@pytest.mark.parametrize(
    ("config", "text"),
    [
        (CustomTrackerConfig(target="quiet_tracker:Half"), "is not a tracker: missing film_suffix, write, close"),
        (CustomTrackerConfig(target="quiet_tracker:Loud"), "has no class 'Loud'; use Half, Quiet"),
        (CustomTrackerConfig(target="quiet_tracker:Quiet", options={"volume": 3}), "raised TypeError"),
        (CustomTrackerConfig(target="loud"), "'loud' is not a tracker of an installed package"),
    ],
)
def test_unusable_class_is_refused(config: CustomTrackerConfig, text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        check_tracker_config(config)
    assert text in str(raised.value)


def test_options_reach_the_class() -> None:
    tracker = factory.load_custom_tracker(CustomTrackerConfig(target="quiet_tracker:Quiet", options={"label": "a"}))
    assert vars(tracker) == {"label": "a"}


def test_entry_point_is_a_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of a plugin stands for its class."""
    package = install_package(
        tmp_path / "package",
        "quiet-lab",
        {"quiet_plugin": TRACKER},
        {"clau_doom.trackers": {"quiet": "quiet_plugin:Quiet"}},
    )
    monkeypatch.syspath_prepend(str(package))
    tracker = factory.make_tracker(CustomTrackerConfig(target="quiet", options={"label": "b"}))
    assert (type(tracker).__module__, vars(tracker)) == ("quiet_plugin", {"label": "b"})


def test_runs_without_trackers_import_no_library() -> None:
    """The libraries take seconds to import."""
    names = ("tensorboard", "mlflow", "wandb", "httpx", "sqlalchemy")
    code = f"import sys, clau_doom.app.served_run, clau_doom.app.track; print([n for n in {names} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
