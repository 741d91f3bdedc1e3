"""Tests of event files, read by TensorBoard's own reader."""

from pathlib import Path

import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from clau_doom.config import TensorBoardTrackerConfig
from clau_doom.errors import ConfigError
from clau_doom.ports import TrackerUpdate
from clau_doom.testing.tracker_contract import synthetic_updates, tracked_experiment
from clau_doom.trackers.tensorboard import TensorBoardTracker


def write(folder: Path, end: int | None = None, film: Path | None = None) -> int:
    """Write the updates that the file lacks, up to a position. Return the sequence that was found."""
    from dataclasses import replace

    experiment = tracked_experiment("lab", folder)
    updates: list[TrackerUpdate] = [*synthetic_updates(experiment)][:end]
    if film and updates[-1].results:
        updates[-1] = replace(updates[-1], results=replace(updates[-1].results, film=film))
    tracker = TensorBoardTracker(TensorBoardTrackerConfig(folder=str(folder)))
    known = tracker.open(experiment)
    tracker.write([update for update in updates if update.sequence > known])
    tracker.close()
    return known


def read(folder: Path) -> EventAccumulator:
    events = EventAccumulator(str(folder / "lab"))
    events.Reload()
    return events


def test_contents(tmp_path: Path) -> None:
    """Curves by generation and by episodes, hyperparameters, tables as text, and the film."""
    Image.new("RGB", (8, 6)).save(tmp_path / "film.gif")
    write(tmp_path, film=tmp_path / "film.gif")
    events = read(tmp_path)
    assert [(each.step, each.value) for each in events.Scalars("fitness/best")] == [(n, n + 0.5) for n in range(4)]
    assert [each.step for each in events.Scalars("by_episodes/fitness/best")] == [8, 16, 24, 32]
    assert [(each.step, each.value) for each in events.Scalars("held_out/champion/fitness")] == [(4, 3.25)]
    (image,) = events.Images("champion/film")
    assert (image.width, image.height, image.encoded_image_string[:6]) == (8, 6, b"GIF87a")
    (table,) = events.Tensors("results/held_out")
    assert table.tensor_proto.string_val[0].decode().splitlines()[2:] == ["| champion | 3.25 |", "| ran\\|dom |  |"]
    metadata = events.SummaryMetadata("_hparams_/session_start_info")
    parameters = HParamsPluginData.FromString(metadata.plugin_data.content).session_start_info.hparams
    assert (parameters["evolution.sigma"].number_value, parameters["local.pin"].bool_value) == (0.25, True)


@pytest.mark.parametrize("cut", [1, 30, 200, 700])
def test_incomplete_end_is_cut_off(cut: int, tmp_path: Path) -> None:
    """After a kill in a write, the file has the same bytes as without the kill."""
    write(tmp_path / "whole")
    write(tmp_path / "cut")
    (whole,), (file,) = ((tmp_path / name / "lab").iterdir() for name in ("whole", "cut"))
    file.write_bytes(file.read_bytes()[:-cut])
    assert write(tmp_path / "cut") < 7
    assert file.read_bytes() == whole.read_bytes()


def test_running_reader_sees_new_points(tmp_path: Path) -> None:
    """The file grows, so that a TensorBoard that has it open shows the resumed run."""
    write(tmp_path, end=4)
    events = read(tmp_path)
    assert len(events.Scalars("fitness/best")) == 2
    assert write(tmp_path) == 4
    events.Reload()
    assert [each.step for each in events.Scalars("fitness/best")] == [0, 1, 2, 3]


def test_folder_of_another_experiment_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (file,) = (tmp_path / "lab").iterdir()
    file.rename(file.with_name(file.name.replace("0000", "1111", 1)))
    with pytest.raises(ConfigError, match="choose another folder"):
        write(tmp_path)
