"""Writing of a stored or running experiment to a tracker, at any time after its start."""

from pathlib import Path

from clau_doom.app.tracking.tracker_follower import TrackerFollower, WrittenCounts
from clau_doom.config import TrackerConfig, resolve_fields
from clau_doom.orchestration import ReaderHealth
from clau_doom.storage import ExperimentFolders
from clau_doom.trackers import check_tracker_config

__all__ = ["track_experiment", "tracker_config"]


def tracker_config(kind: str, options: dict[str, object]) -> TrackerConfig:
    """Return the configuration of a tracker.

    Args:
        kind: Kind of the tracker, such as ``tensorboard``.
        options: Its other fields by name.

    Raises:
        ConfigError: A field is unknown or invalid, or the tracker's package is not installed.
    """
    config = resolve_fields({"trackers": [{"kind": kind, **options}]}, name="the options of the tracker").config
    check_tracker_config(config.trackers[0])
    return config.trackers[0]


async def track_experiment(output_dir: Path, experiment: str, config: TrackerConfig) -> WrittenCounts:
    """Write an experiment to a tracker, and return what was written. A running experiment is followed to its end.

    A tracker that fails while the experiment runs is restarted. Otherwise its error is raised, and the next call
    continues behind the last written event.

    Raises:
        ExperimentNotFound: No experiment has that id.
        ConfigError: The tracker cannot be used as configured.
        ExperimentBusy: Another process writes the experiment to the same target.
        TrackerUnavailable: The target failed.
    """
    folder = ExperimentFolders(output_dir).open(experiment)
    follower = TrackerFollower(config, output_dir, experiment)
    async with folder.read() as store:
        if folder.holder() is None:
            await follower.follow(store, live=False)
        else:
            health = ReaderHealth()
            await health.keep_reading(follower.name, experiment, lambda: follower.follow(store), follower.position)
    return follower.counts
