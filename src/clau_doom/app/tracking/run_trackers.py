"""Trackers of one run: supervised readers of its log, which have a limited time after its end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from clau_doom.app.tracking.tracked_source import TrackedFolder
from clau_doom.app.tracking.tracker_follower import TrackerFollower
from clau_doom.config import TrackerConfig
from clau_doom.logs import get_logger
from clau_doom.orchestration import ReaderHealth, Shutdown
from clau_doom.ports import ExperimentStore

__all__ = ["followers_of", "tracked_run"]

_GRACE = 120.0
"""Seconds after the end of a run in which trackers that work may write the rest, such as the film."""
_SHORT_GRACE = 2.0
"""Seconds after a request to stop, and for trackers that are failing."""
_POLL = 0.1

_log = get_logger(__name__)


def followers_of(trackers: Sequence[TrackerConfig], output_dir: Path, experiment: str) -> tuple[TrackerFollower, ...]:
    """Return the followers of an experiment. The second tracker of a kind has the name ``mlflow tracker 2``."""
    followers = tuple(TrackerFollower(config, TrackedFolder(output_dir, experiment)) for config in trackers)
    for index, follower in enumerate(followers):
        same = sum(other.kind == follower.kind for other in followers[:index])
        follower.name += f" {same + 1}" if same else ""
    return followers


@asynccontextmanager
async def tracked_run(
    store: ExperimentStore,
    trackers: Sequence[TrackerConfig],
    output_dir: Path,
    experiment: str,
    *,
    health: ReaderHealth,
    shutdown: Shutdown,
) -> AsyncIterator[None]:
    """Write a run to trackers while it lasts, and after its end for a limited time.

    Args:
        store: Store of the run.
        trackers: The trackers.
        output_dir: Folder of experiments.
        experiment: Id of the experiment.
        health: Restarts failing trackers, and records their failures.
        shutdown: A requested stop shortens the time after the end.
    """
    tasks = {
        asyncio.create_task(
            health.keep_reading(each.name, experiment, partial(each.follow, store), each.position)
        ): each
        for each in followers_of(trackers, output_dir, experiment)
    }
    try:
        yield
        await _finish(tasks, health, experiment, shutdown)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _finish(
    tasks: dict["asyncio.Task[None]", TrackerFollower], health: ReaderHealth, experiment: str, shutdown: Shutdown
) -> None:
    """Wait for trackers, and report those that lack events."""
    loop = asyncio.get_running_loop()
    ended = loop.time()
    waiting = {task for task in tasks if not task.done()}
    if waiting:
        _log.info("writing the end of the run to trackers", trackers=_names(tasks, waiting))
    while waiting:
        failing = {each.reader for each in health.of(experiment) if each.failing}
        short = shutdown.requested or all(tasks[task].name in failing for task in waiting)
        if loop.time() - ended >= (_SHORT_GRACE if short else _GRACE):
            break
        _, waiting = await asyncio.wait(waiting, timeout=_POLL)
    for task in waiting:
        follower = tasks[task]
        _log.warning(
            "a tracker lacks the end of the run: write it with clau-doom track",
            experiment=experiment,
            tracker=follower.name,
            written=follower.position(),
        )


def _names(tasks: dict["asyncio.Task[None]", TrackerFollower], some: set["asyncio.Task[None]"]) -> str:
    return ", ".join(follower.name for task, follower in tasks.items() if task in some)
