"""Tests of the stored copies of an experiment's input files."""

import os
import stat
from pathlib import Path

import pytest

from clau_doom.domain.experiment import Experiment
from clau_doom.errors import StoreCorrupted
from clau_doom.storage import CFG, GENES, LARGEST_INPUT, WAD, ExperimentFolders, StoredInputs


def test_inputs_are_kept_with_an_experiment(experiment: Experiment, tmp_path: Path) -> None:
    """The files are private. A missing input is None."""
    folder = ExperimentFolders(tmp_path).create(experiment, {GENES: b"[]", CFG: b"mode = PLAYER"})
    inputs = ExperimentFolders(tmp_path).open(folder.id).inputs
    assert (inputs.read(GENES), inputs.read(CFG), inputs.read(WAD)) == (b"[]", b"mode = PLAYER", None)
    path = inputs.path(CFG)
    assert path is not None
    assert path.is_absolute()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(inputs.folder.stat().st_mode) == 0o700


def test_experiment_without_inputs(experiment: Experiment, tmp_path: Path) -> None:
    """Older experiments have no such folder."""
    assert ExperimentFolders(tmp_path).create(experiment).inputs.read(GENES) is None


def test_other_kinds_of_file_are_damage(tmp_path: Path) -> None:
    """The files are a FIFO, a link, and a file above the size limit."""
    os.mkfifo(tmp_path / GENES)
    (tmp_path / CFG).symlink_to("/dev/zero")
    with (tmp_path / WAD).open("wb") as file:
        file.truncate(LARGEST_INPUT + 1)
    for name in (GENES, CFG, WAD):
        with pytest.raises(StoreCorrupted, match=f"{name} is not a file of at most 10000000 bytes"):
            StoredInputs(tmp_path).read(name)
