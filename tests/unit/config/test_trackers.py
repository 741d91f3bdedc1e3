"""Tests of the sections of trackers: messages, and their absence from stored configurations."""

from pathlib import Path

import pytest

from clau_doom.config import (
    JsonlTrackerConfig,
    TensorBoardTrackerConfig,
    WebhookTrackerConfig,
    check_resume,
    config_from_yaml,
    load_config,
    starter,
    to_yaml,
)
from clau_doom.errors import ConfigError


def refused(tracker: str) -> tuple[str, str]:
    """Return path and text of the only problem of a tracker."""
    with pytest.raises(ConfigError) as raised:
        config_from_yaml(f"trackers: [{tracker}]", name="lab.yaml")
    (problem,) = raised.value.problems
    return problem


@pytest.mark.parametrize(
    ("tracker", "path", "text"),
    [
        ("{kind: tensorbord}", "trackers[0].kind", "did you mean tensorboard?"),
        ("{kind: tensorboard, foldr: x}", "trackers[0].foldr", "did you mean trackers[0].folder?"),
        ("{folder: x}", "trackers[0]", "has no kind: write `kind: NAME` first"),
        ("{kind: wandb, mode: online}", "trackers[0].mode", "use offline"),
        ("{kind: webhook}", "trackers[0].url", "is missing: Web address"),
        ("{kind: webhook, url: 'https://h', events: [nope]}", "trackers[0].events[0]", "is not an event"),
        ("{kind: webhook, url: 'https://h', header: 'a b'}", "trackers[0].header", "is not the name of a header"),
        ("{kind: class, target: 'no target'}", "trackers[0].target", "has the wrong form"),
    ],
)
def test_problem_names_the_field_of_the_tracker(tracker: str, path: str, text: str) -> None:
    found = refused(tracker)
    assert found[0] == path
    assert text in found[1]


def test_problems_do_not_show_addresses() -> None:
    """The path of a webhook can be a secret."""
    path, text = refused("{kind: webhook, url: 'ftp://host/secret-path'}")
    assert (path, "secret-path" in text) == ("trackers[0].url", False)
    assert "write https://HOST/PATH" in text


def test_secret_has_one_source() -> None:
    path, text = refused("{kind: webhook, url: 'https://h', secret_file: a, secret_variable: B}")
    assert (path, "use one of them" in text) == ("trackers[0].secret_file", True)


def test_yaml_text_has_all_options() -> None:
    """The text of a configuration gives the same trackers; a stored configuration has none."""
    text = "trackers: [{kind: tensorboard, film: false}, {kind: webhook, url: 'https://h/p', timeout: 3}]"
    config = config_from_yaml(text, name="lab")
    assert config.trackers == (
        TensorBoardTrackerConfig(film=False),
        WebhookTrackerConfig(url="https://h/p", timeout=3.0),
    )
    assert config_from_yaml(to_yaml(config), name="lab") == config
    assert config.without_services().trackers == ()


def test_trackers_can_change_at_a_resume() -> None:
    check_resume(config_from_yaml("{}", name="old"), config_from_yaml("trackers: [{kind: jsonl}]", name="new"))


def test_starter_lists_the_options_of_each_kind() -> None:
    for text in ("# Kind tensorboard: ", "# Kind webhook: ", "#   secret_file: ", "\ntrackers: []\n"):
        assert text in starter()


def test_paths_of_a_file_are_relative_to_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of a variable are relative to the working folder."""
    (tmp_path / "lab").mkdir()
    file = tmp_path / "lab/lab.yaml"
    file.write_text("trackers: [{kind: jsonl, folder: out}, {kind: webhook, url: 'https://h', secret_file: key}]")
    jsonl, webhook = load_config(file, environ={}, overrides={}).config.trackers
    assert isinstance(jsonl, JsonlTrackerConfig)
    assert isinstance(webhook, WebhookTrackerConfig)
    assert (jsonl.folder, webhook.secret_file) == (str(tmp_path / "lab/out"), str(tmp_path / "lab/key"))
    monkeypatch.chdir(tmp_path)
    environ = {"CLAU_DOOM_TRACKERS": "[{kind: jsonl, folder: out}]"}
    assert load_config(file, environ=environ, overrides={}).config.trackers == (
        JsonlTrackerConfig(folder=str(tmp_path / "out")),
    )
