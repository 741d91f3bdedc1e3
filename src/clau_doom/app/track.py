"""Writing of a stored or running experiment to a tracker, at any time after its start."""

from clau_doom.app.catalog.folder_source import ExperimentSource, FolderSource
from clau_doom.app.tracking.tracked_source import EventLog, TrackedFolder, TrackedServer
from clau_doom.app.tracking.tracker_follower import TrackerFollower, WrittenCounts
from clau_doom.config import TrackerConfig, resolve_fields
from clau_doom.errors import ConfigError
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


async def track_experiment(source: ExperimentSource, experiment: str, config: TrackerConfig) -> WrittenCounts:
    """Write an experiment to a tracker, and return what was written. A running experiment is followed to its end.

    A tracker that fails while the experiment runs is restarted. Otherwise its error is raised, and the next call
    continues behind the last written event.

    Args:
        source: Folder or server of the experiment. For a server, the tracker and the film are the work of this machine.
        experiment: Id of the experiment.
        config: The tracker.

    Raises:
        ExperimentNotFound: No experiment has that id.
        ConfigError: The tracker cannot be used as configured.
        ExperimentBusy: Another process writes the experiment to the same target.
        TrackerUnavailable: The target failed.
    """
    if isinstance(source, FolderSource):
        folder = ExperimentFolders(source.output_dir).open(experiment)
        follower = TrackerFollower(config, TrackedFolder(source.output_dir, experiment))
        async with folder.read() as store:
            await _follow(follower, store, live=folder.holder() is not None)
        return follower.counts
    from clau_doom.app.catalog.server_source import ServerSource  # noqa: PLC0415 - gRPC, which a folder does not need

    if not isinstance(source, ServerSource):
        raise ConfigError(f"experiment {experiment} is in another source than a folder or a server")
    served = TrackedServer(source, experiment)
    follower = TrackerFollower(config, served)
    await _follow(follower, served, live=await source.is_live(experiment))
    return follower.counts


async def _follow(follower: TrackerFollower, log: EventLog, *, live: bool) -> None:
    if not live:
        await follower.follow(log, live=False)
        return
    health = ReaderHealth()
    await health.keep_reading(follower.name, follower.experiment, lambda: follower.follow(log), follower.position)
