"""The folder of runs."""

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
    ExperimentExists,
    ExperimentNotFound,
    FolderBusy,
    StorageFailed,
    StoreCorrupted,
)
from clau_doom.storage import ExperimentFolder, ExperimentFolders


async def test_a_new_folder_is_complete(experiment: Experiment, tmp_path: Path) -> None:
    """Creating makes configuration, logs, lock and a store that holds the experiment, and nothing else."""
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
def test_no_experiment_takes_the_name_of_a_server_s_file(name: str, experiment: Experiment, tmp_path: Path) -> None:
    """It would keep a server from starting in the folder."""
    runs = ExperimentFolders(tmp_path)
    with pytest.raises(ConfigError, match=f"an experiment cannot have the id {name}: .*choose another --name"):
        runs.create(replace(experiment, id=name))
    assert runs.ids() == ()
    with runs.claim():
        assert not runs.token_file.exists()


def test_folders_are_private(folder: ExperimentFolder) -> None:
    """Nobody but the owner may look into an experiment, whatever the umask."""
    for path in (folder.path, folder.path.parent, folder.logs):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for path in (folder.config, folder.path / "lock", folder.path / "results.sqlite"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_taken_name_is_refused_with_a_remedy(
    folder: ExperimentFolder, experiment: Experiment, beginning: list[Event], finished: Callable[..., EpisodeFinished]
) -> None:
    """Where an episode was played, a second experiment of the name changes nothing, and the message has the remedy."""
    async with folder.write() as store:
        await store.append([*beginning, finished(0, 0)], running_seconds=0.0)
    with pytest.raises(ExperimentExists, match=r"run --resume lab --output-dir .*`, or choose another --name"):
        ExperimentFolders(folder.path.parent).create(replace(experiment, config_yaml="other"))
    assert folder.config.read_text() == experiment.config_yaml
    assert [path.name for path in folder.path.parent.iterdir()] == ["lab"]


async def test_a_name_is_free_as_long_as_no_episode_was_played(
    folder: ExperimentFolder, experiment: Experiment, beginning: list[Event]
) -> None:
    """A new experiment takes the place of one that played nothing, unless that one is run or cannot be read."""
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


async def test_only_a_start_that_failed_is_discarded(
    folder: ExperimentFolder, experiment: Experiment, beginning: list[Event]
) -> None:
    """An experiment is removed before its first agents, and stays once agents were asked."""
    runs = ExperimentFolders(folder.path.parent)
    async with folder.write() as store:
        await store.append(beginning, running_seconds=0.0)
    runs.discard("lab")
    assert runs.ids() == ("lab",)
    runs.create(replace(experiment, id="empty"))
    runs.discard("empty")
    assert [path.name for path in runs.root.iterdir()] == ["lab"]


def test_a_name_taken_meanwhile_is_refused(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two processes that create the same experiment at once, one is told that it exists."""
    runs = ExperimentFolders(tmp_path)
    runs.create(experiment)
    monkeypatch.setattr(Path, "exists", lambda path, **_: False)
    with pytest.raises(ExperimentExists):
        runs.create(experiment)
    assert [path.name for path in tmp_path.iterdir()] == ["lab"]


def test_a_failed_creation_leaves_nothing(experiment: Experiment, tmp_path: Path) -> None:
    """When an experiment cannot be stored there is no folder of it, not even a part of one."""
    with pytest.raises(StoreCorrupted):
        ExperimentFolders(tmp_path).create(replace(experiment, seed=1, provenance=_twice(experiment)))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(StorageFailed, match="cannot be reached"):
        ExperimentFolders(tmp_path / "file").create(experiment)


def _twice(experiment: Experiment) -> Provenance:
    return replace(experiment.provenance, facts=(("numpy", "1"), ("numpy", "2")))


@pytest.mark.parametrize("name", ["", "../lab", "/etc", "Lab", "a" * 41, ".lab", "lab\n"])
def test_an_id_is_checked_before_it_touches_a_path(name: str, experiment: Experiment, tmp_path: Path) -> None:
    """What is no experiment id is refused by its form, whether or not such a path exists."""
    with pytest.raises(ConfigError, match="not an experiment id"):
        ExperimentFolders(tmp_path).open(name)
    with pytest.raises(ConfigError, match="not an experiment id"):
        ExperimentFolders(tmp_path).create(replace(experiment, id=name))
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_experiment_is_named_with_the_nearest_and_the_folder(
    folder: ExperimentFolder, tmp_path: Path
) -> None:
    """The message says what was looked for and where, and what was perhaps meant."""
    root = folder.path.parent
    with pytest.raises(ExperimentNotFound, match=f"experiment lap not found in {root}: did you mean lab\\?"):
        ExperimentFolders(root).open("lap")
    with pytest.raises(ExperimentNotFound, match=f"experiment quickstart not found in {root}$"):
        ExperimentFolders(root).open("quickstart")
    with pytest.raises(ExperimentNotFound):
        ExperimentFolders(tmp_path / "nowhere").open("lab")


def test_the_ids_are_sorted_and_leave_out_strangers(experiment: Experiment, tmp_path: Path) -> None:
    """Folders are listed by id, whatever they hold; files and folders of other names are not."""
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


def test_the_configuration_is_replaced_whole(folder: ExperimentFolder) -> None:
    """A resumed run's configuration takes the place of the one before."""
    folder.write_config("generations: 9\n")
    assert folder.config.read_text() == "generations: 9\n"
    assert stat.S_IMODE(folder.config.stat().st_mode) == 0o600
    assert len(list(folder.path.iterdir())) == 4


async def test_the_holder_is_whoever_writes(folder: ExperimentFolder) -> None:
    """An experiment is running while a store is open for writing, and no longer."""
    async with folder.write():
        assert folder.holder() == os.getpid()
    assert folder.holder() is None


def test_a_folder_has_one_server(tmp_path: Path) -> None:
    """The second one learns which process serves it, and the folder is free when the first has ended."""
    runs = ExperimentFolders(tmp_path / "runs")
    with runs.claim():
        busy = pytest.raises(FolderBusy, match=rf"runs is in use by server process {os.getpid()}: .*--output-dir")
        with busy, runs.claim():
            pass
        assert runs.ids() == ()
    with runs.claim():
        pass


def test_a_restored_backup_gets_a_folder_of_logs(folder: ExperimentFolder) -> None:
    """A backup is the database; what a run needs beside it is made."""
    folder.logs.rmdir()
    for _ in range(2):
        assert folder.make_logs().stat().st_mode & 0o777 == 0o700


def test_a_name_that_leads_nowhere_hides_no_other(folder: ExperimentFolder) -> None:
    """A link whose target cannot be looked up, such as in another user's closed folder, is listed and ends nothing."""
    runs = ExperimentFolders(folder.path.parent)
    (runs.root / "elsewhere").symlink_to("x" * 300)  # longer than a name may be, for root, whom no folder is closed to
    assert runs.ids() == tuple(sorted([folder.id, "elsewhere"]))
    with pytest.raises(StorageFailed):
        runs.open("elsewhere")
