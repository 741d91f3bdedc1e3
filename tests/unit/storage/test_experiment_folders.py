"""Tests of the folder of experiments."""

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from clau_doom.domain.events import EpisodeFinished, Event
from clau_doom.domain.experiment import Experiment, ExperimentState, Provenance
from clau_doom.errors import (
    ConfigError,
    ExperimentBusy,
    ExperimentExists,
    ExperimentNotFound,
    FolderBusy,
    StorageFailed,
    StoreCorrupted,
)
from clau_doom.storage import ExperimentFolder, ExperimentFolders


async def test_new_folder_has_configuration_logs_lock_and_store(experiment: Experiment, tmp_path: Path) -> None:
    runs = ExperimentFolders(tmp_path / "deep" / "runs")
    folder = runs.create(experiment)
    assert sorted(path.name for path in folder.path.iterdir()) == ["config.yaml", "lock", "logs", "results.sqlite"]
    assert folder.config.read_text() == experiment.config_yaml
    assert [path.name for path in runs.root.iterdir()] == ["lab"]
    async with runs.open("lab").read() as store:
        snapshot = await store.snapshot()
    assert snapshot.experiment == experiment
    assert (snapshot.state, snapshot.last_sequence) == (ExperimentState.PENDING, 1)


@pytest.mark.parametrize("name", ["token", "lock"])
def test_id_that_equals_a_servers_file_is_refused(name: str, experiment: Experiment, tmp_path: Path) -> None:
    runs = ExperimentFolders(tmp_path)
    with pytest.raises(ConfigError, match=f"an experiment cannot have the id {name}: .*choose another name"):
        runs.create(replace(experiment, id=name))
    assert runs.ids() == ()
    with runs.claim():
        assert not runs.token_file.exists()


def test_folders_are_private(folder: ExperimentFolder) -> None:
    """The umask does not change this."""
    for path in (folder.path, folder.path.parent, folder.logs):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for path in (folder.config, folder.path / "lock", folder.path / "results.sqlite"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_used_name_is_refused_with_a_remedy(
    folder: ExperimentFolder, experiment: Experiment, beginning: list[Event], finished: Callable[..., EpisodeFinished]
) -> None:
    """An episode was played under the name. The existing experiment is unchanged."""
    async with folder.write() as store:
        await store.append([*beginning, finished(0, 0)], running_seconds=0.0)
    with pytest.raises(ExperimentExists, match=r"cd\.resume\('lab', output_dir=.*\), or choose another name"):
        ExperimentFolders(folder.path.parent).create(replace(experiment, config_yaml="other"))
    assert folder.config.read_text() == experiment.config_yaml
    assert [path.name for path in folder.path.parent.iterdir()] == ["lab"]


async def test_experiment_without_episodes_is_replaced(
    folder: ExperimentFolder, experiment: Experiment, beginning: list[Event]
) -> None:
    """A running or unreadable experiment is kept."""
    runs = ExperimentFolders(folder.path.parent)
    async with folder.write() as store:
        await store.append(beginning, running_seconds=0.0)
        with pytest.raises(ExperimentExists):
            runs.create(experiment)
    again = replace(experiment, uuid="another")
    runs.create(again)
    async with folder.read() as store:
        assert (await store.snapshot()).experiment == again
    assert [path.name for path in runs.root.iterdir()] == ["lab"]
    (folder.path / "results.sqlite").write_bytes(b"damaged")
    with pytest.raises(ExperimentExists):
        runs.create(experiment)


async def test_only_a_failed_start_is_discarded(
    folder: ExperimentFolder, experiment: Experiment, beginning: list[Event]
) -> None:
    """An experiment with agents is kept."""
    runs = ExperimentFolders(folder.path.parent)
    async with folder.write() as store:
        await store.append(beginning, running_seconds=0.0)
    runs.discard("lab")
    assert runs.ids() == ("lab",)
    runs.create(replace(experiment, id="empty"))
    runs.discard("empty")
    assert [path.name for path in runs.root.iterdir()] == ["lab"]


def test_concurrent_creation_of_a_name_is_refused(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = ExperimentFolders(tmp_path)
    runs.create(experiment)
    monkeypatch.setattr(Path, "exists", lambda path, **_: False)
    with pytest.raises(ExperimentExists):
        runs.create(experiment)
    assert [path.name for path in tmp_path.iterdir()] == ["lab"]


def test_failed_creation_leaves_no_folder(experiment: Experiment, tmp_path: Path) -> None:
    with pytest.raises(StoreCorrupted):
        ExperimentFolders(tmp_path).create(replace(experiment, seed=1, provenance=_twice(experiment)))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(StorageFailed, match="cannot be reached"):
        ExperimentFolders(tmp_path / "file").create(experiment)


def _twice(experiment: Experiment) -> Provenance:
    return replace(experiment.provenance, facts=(("numpy", "1"), ("numpy", "2")))


@pytest.mark.parametrize("name", ["", "../lab", "/etc", "Lab", "a" * 41, ".lab", "lab\n"])
def test_malformed_id_is_refused_before_any_access(name: str, experiment: Experiment, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not an experiment id"):
        ExperimentFolders(tmp_path).open(name)
    with pytest.raises(ConfigError, match="not an experiment id"):
        ExperimentFolders(tmp_path).create(replace(experiment, id=name))
    assert list(tmp_path.iterdir()) == []


def test_unknown_experiment_is_refused_with_a_suggestion(folder: ExperimentFolder, tmp_path: Path) -> None:
    """The error names the folder."""
    root = folder.path.parent
    with pytest.raises(ExperimentNotFound, match=f"experiment lap not found in {root}: did you mean lab\\?"):
        ExperimentFolders(root).open("lap")
    with pytest.raises(ExperimentNotFound, match=f"experiment quickstart not found in {root}$"):
        ExperimentFolders(root).open("quickstart")
    with pytest.raises(ExperimentNotFound):
        ExperimentFolders(tmp_path / "nowhere").open("lab")


def test_ids_are_sorted_and_exclude_other_names(experiment: Experiment, tmp_path: Path) -> None:
    runs = ExperimentFolders(tmp_path)
    assert ExperimentFolders(tmp_path / "nowhere").ids() == ()
    for name in ("whole", "empty", "cut"):
        runs.create(replace(experiment, id=name))
    (tmp_path / "empty" / "results.sqlite").write_bytes(b"")
    (tmp_path / "Stranger").mkdir()
    (tmp_path / "file").touch()
    assert runs.ids() == ("cut", "empty", "whole")
    with pytest.raises(StorageFailed, match="cannot be reached"):
        ExperimentFolders(tmp_path / "file").ids()


def test_configuration_is_replaced_at_a_resume(folder: ExperimentFolder) -> None:
    """The file is private, and no temporary file remains."""
    folder.write_config("generations: 9\n")
    assert folder.config.read_text() == "generations: 9\n"
    assert stat.S_IMODE(folder.config.stat().st_mode) == 0o600
    assert len(list(folder.path.iterdir())) == 4


async def test_holder_is_the_writing_process(folder: ExperimentFolder) -> None:
    async with folder.write():
        assert folder.holder() == os.getpid()
    assert folder.holder() is None


def test_second_server_of_a_folder_is_refused(tmp_path: Path) -> None:
    """The error has the process id of the first."""
    runs = ExperimentFolders(tmp_path / "runs")
    with runs.claim():
        busy = pytest.raises(FolderBusy, match=rf"runs is in use by server process {os.getpid()}: .*another output_dir")
        with busy, runs.claim():
            pass
        assert runs.ids() == ()
    with runs.claim():
        pass


def test_restored_backup_gets_a_log_folder(folder: ExperimentFolder) -> None:
    """A backup has only the database."""
    folder.logs.rmdir()
    for _ in range(2):
        assert folder.make_logs().stat().st_mode & 0o777 == 0o700


def test_broken_link_does_not_hide_other_experiments(folder: ExperimentFolder) -> None:
    runs = ExperimentFolders(folder.path.parent)
    (runs.root / "elsewhere").symlink_to("x" * 300)  # longer than a name may be, for root, whom no folder is closed to
    assert runs.ids() == tuple(sorted([folder.id, "elsewhere"]))
    with pytest.raises(StorageFailed):
        runs.open("elsewhere")


async def test_experiment_is_deleted_with_its_results(
    folder: ExperimentFolder, experiment: Experiment, beginning: list[Event], finished: Callable[..., EpisodeFinished]
) -> None:
    """A running experiment is kept."""
    runs = ExperimentFolders(folder.path.parent)
    async with folder.write() as store:
        await store.append([*beginning, finished(0, 0)], running_seconds=0.0)
        with pytest.raises(ExperimentBusy):
            runs.delete("lab")
    runs.delete("lab")
    assert [*runs.root.iterdir()] == []
    runs.create(experiment)
    with pytest.raises(ExperimentNotFound):
        runs.delete("other")


def test_other_folder_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/cat.jpg").touch()
    with pytest.raises(StorageFailed, match="photos is not deleted: it does not hold the results of an experiment"):
        ExperimentFolders(tmp_path).delete("photos")
    assert (tmp_path / "photos/cat.jpg").exists()
