"""Tests of the reader that writes an experiment to a tracker, on stored experiments of scripted episodes."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from clau_doom.app.catalog.folder_source import FolderSource
from clau_doom.app.tracking.tracked_source import TrackedFolder
from clau_doom.app.tracking.tracker_follower import TrackerFollower
from clau_doom.config import CustomTrackerConfig, JsonlTrackerConfig, TrackerConfig
from clau_doom.domain.events import ExperimentCompleted
from clau_doom.errors import ConfigError, ExperimentBusy, TrackerUnavailable
from clau_doom.ports import TrackedExperiment, TrackerUpdate
from clau_doom.storage import ExperimentFolders
from tests.support.stored_scripted_run import create_scripted, play_scripted, scripted_config
from tests.support.tracker_readers import jsonl_lines

LOG: list[TrackerUpdate] = []
FAILURES: list[Exception] = []


class Recorder:
    """Tracker of a user that cannot tell its position."""

    film_suffix: str | None = None
    target = "memory"

    def open(self, experiment: TrackedExperiment) -> None:
        assert experiment.config["population"] == 4

    def write(self, updates: Sequence[TrackerUpdate]) -> None:
        if FAILURES:
            raise FAILURES.pop()
        LOG.extend(updates)

    def close(self) -> None:
        pass


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> TrackerConfig:
    LOG.clear()
    FAILURES.clear()
    monkeypatch.setitem(sys.modules, "recorder", sys.modules[__name__])
    return CustomTrackerConfig(target="recorder:Recorder", film=False)


async def follow(root: Path, config: TrackerConfig) -> TrackerFollower:
    follower = TrackerFollower(config, TrackedFolder(root, "lab"))
    async with ExperimentFolders(root).open("lab").read() as store:
        await follower.follow(store, live=False)
    return follower


async def test_all_events_are_written_once(tmp_path: Path, recorder: TrackerConfig) -> None:
    """A second reader finds nothing to write. Curves and results belong to the events that complete them."""
    create_scripted(tmp_path, scripted_config())
    await play_scripted(tmp_path, scripted_config())
    first, second = await follow(tmp_path, recorder), await follow(tmp_path, recorder)
    assert [each.sequence for each in LOG] == list(range(1, len(LOG) + 1))
    assert (first.counts.events, first.counts.generations, first.counts.results) == (len(LOG), 3, True)
    assert (second.counts.events, second.position()) == (0, len(LOG))
    assert [each.curves.generation for each in LOG if each.curves] == [0, 1, 2]
    (results,) = [each.results for each in LOG if each.results]
    assert isinstance(LOG[-1].recorded.event, ExperimentCompleted)
    assert [table.name for table in results.tables] == ["held_out", "champion_genome"]
    assert {row[0] for row in results.tables[1].rows} == {"x", "mood"}
    assert {row[1] for row in results.tables[1].rows if row[0] == "mood"} <= {"bold", "shy"}
    assert results.values.keys() >= {"held_out/champion/fitness", "champion/validation_fitness"}


async def test_writing_continues_after_a_failure(tmp_path: Path, recorder: TrackerConfig) -> None:
    """The error of a user's class propagates unchanged. The events of the failed call are offered again."""
    create_scripted(tmp_path, scripted_config())
    await play_scripted(tmp_path, scripted_config())
    FAILURES.append(KeyError("a bug"))
    with pytest.raises(KeyError, match="a bug"):
        await follow(tmp_path, recorder)
    assert LOG == []
    await follow(tmp_path, recorder)
    assert Counter(each.sequence for each in LOG).most_common(1)[0][1] == 1
    assert isinstance(LOG[-1].recorded.event, ExperimentCompleted)


async def test_failure_is_stored_until_the_tracker_writes(tmp_path: Path, recorder: TrackerConfig) -> None:
    """`status` reads it from the experiment's folder."""
    folder = create_scripted(tmp_path, scripted_config())
    await play_scripted(tmp_path, scripted_config())
    for reason in ("first", "second"):
        FAILURES.append(OSError(reason))
        with pytest.raises(OSError, match=reason):
            await follow(tmp_path, recorder)
    (failure,) = (await FolderSource(tmp_path).experiment("lab")).reader_failures
    assert (failure.reader, failure.failures) == ("recorder:Recorder tracker", 2)
    assert (failure.failing, failure.error) == (True, "OSError: second")
    await follow(tmp_path, recorder)
    assert (await FolderSource(tmp_path).experiment("lab")).reader_failures == ()
    assert not list(folder.trackers.glob(".state/*/failure.json"))


async def test_resumed_experiment_continues(tmp_path: Path, recorder: TrackerConfig) -> None:
    """More generations add points, and the results are those of the longer run."""
    create_scripted(tmp_path, scripted_config())
    await play_scripted(tmp_path, scripted_config())
    await follow(tmp_path, recorder)
    before = len(LOG)
    await play_scripted(tmp_path, scripted_config(generations=5))
    await follow(tmp_path, recorder)
    assert [each.curves.generation for each in LOG if each.curves] == [0, 1, 2, 3, 4]
    assert [each.results.generations for each in LOG if each.results] == [3, 5]
    assert LOG[before].sequence == before + 1


async def test_experiment_tracked_later_has_one_set_of_results(tmp_path: Path, recorder: TrackerConfig) -> None:
    """The results of the first completion cannot be computed any more, and are left out."""
    create_scripted(tmp_path, scripted_config())
    await play_scripted(tmp_path, scripted_config())
    await play_scripted(tmp_path, scripted_config(generations=4))
    await follow(tmp_path, recorder)
    assert [each.results.generations for each in LOG if each.results] == [4]


async def test_cursor_of_another_experiment_is_ignored(tmp_path: Path, recorder: TrackerConfig) -> None:
    """An experiment that was copied into the folder of another one starts with its first event."""
    create_scripted(tmp_path, scripted_config())
    await play_scripted(tmp_path, scripted_config())
    await follow(tmp_path, recorder)
    (cursor,) = (tmp_path / "lab/trackers/.state").glob("*/cursor.json")
    cursor.write_text(cursor.read_text().replace('"uuid": "6', '"uuid": "7'))
    LOG.clear()
    await follow(tmp_path, recorder)
    assert LOG[0].sequence == 1


async def test_two_processes_do_not_write_one_target(tmp_path: Path, recorder: TrackerConfig) -> None:
    create_scripted(tmp_path, scripted_config())
    await play_scripted(tmp_path, scripted_config())

    class Nested(Recorder):
        def open(self, experiment: TrackedExperiment) -> None:
            raise AssertionError("opened twice")

    from clau_doom.app.tracker_cursor import TrackerCursor

    cursor = TrackerCursor(tmp_path / "lab/trackers", recorder, "any")
    with cursor.claim(), pytest.raises(ExperimentBusy, match=r"writes lab to this class tracker already"):
        await follow(tmp_path, recorder)


async def test_failures_of_libraries_are_one_line(tmp_path: Path) -> None:
    """A folder that cannot be created is an outage, and not a bug."""
    create_scripted(tmp_path, scripted_config())
    (tmp_path / "file").write_text("")
    with pytest.raises(TrackerUnavailable, match="NotADirectoryError"):
        await follow(tmp_path, JsonlTrackerConfig(folder=str(tmp_path / "file/below")))


async def test_link_in_an_experiment_is_not_followed(tmp_path: Path) -> None:
    """The folder of an experiment can come from a stranger."""
    folder = create_scripted(tmp_path, scripted_config())
    (tmp_path / "elsewhere").mkdir()
    folder.trackers.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Exception, match="is a link"):
        await follow(tmp_path, JsonlTrackerConfig())
    assert list((tmp_path / "elsewhere").iterdir()) == []


async def test_incomplete_line_is_replaced(tmp_path: Path) -> None:
    """A killed process leaves half a line. The file is complete and unchanged before it afterwards."""
    create_scripted(tmp_path, scripted_config())
    await play_scripted(tmp_path, scripted_config())
    config = JsonlTrackerConfig(folder=str(tmp_path / "out"))
    await follow(tmp_path, config)
    file = tmp_path / "out/lab.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) * 2 // 3])
    await follow(tmp_path, config)
    assert file.read_bytes() == whole
    assert jsonl_lines(file)[0]["type"] == "experiment"


async def test_file_of_another_experiment_is_refused(tmp_path: Path) -> None:
    create_scripted(tmp_path / "a", scripted_config())
    create_scripted(tmp_path / "b", scripted_config(), uuid="11111111-7a1e-4d53-9a53-08a1a8c6b5d2")
    config = JsonlTrackerConfig(folder=str(tmp_path / "out"))
    await follow(tmp_path / "a", config)
    with pytest.raises(ConfigError, match="events of another experiment: choose another folder"):
        await follow(tmp_path / "b", config)
