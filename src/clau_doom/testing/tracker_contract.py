"""Contract suite for trackers, with the updates of a synthetic experiment."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from clau_doom.domain import AgentRef
from clau_doom.domain.events import (
    Event,
    ExperimentCompleted,
    ExperimentCreated,
    ExperimentStarted,
    GenerationCompleted,
    RecordedEvent,
)
from clau_doom.domain.experiment import Experiment, GenerationSummary, Provenance
from clau_doom.ports import FinalResults, GenerationCurves, TrackedExperiment, TrackedTable, Tracker, TrackerUpdate

__all__ = ["check_tracker", "synthetic_updates", "tracked_experiment"]

Point = tuple[str, str, int, float]

_CREATED = 1_700_000_000.0


def tracked_experiment(name: str, folder: Path) -> TrackedExperiment:
    """Return the description of a synthetic experiment.

    Args:
        name: Id of the experiment. The UUID is derived from it.
        folder: Folder for files of trackers.
    """
    return TrackedExperiment(
        id=name,
        uuid=f"00000000-0000-4000-8000-{sum(name.encode()):012}",
        created=_CREATED,
        config={"name": name, "seed": 7, "evolution.kind": "genetic", "evolution.sigma": 0.25, "local.pin": True},
        config_yaml=f"name: {name}\nseed: 7\n",
        provenance={"clau-doom": "0.1"},
        folder=folder,
    )


def synthetic_updates(experiment: TrackedExperiment, generations: int = 4) -> tuple[TrackerUpdate, ...]:
    """Return the updates of a completed experiment: curves of each generation, and final results.

    Values are multiples of 1/4, which are exact in 32 bits.
    """
    created = Experiment(
        id=experiment.id,
        uuid=experiment.uuid,
        seed=7,
        config_yaml=experiment.config_yaml,
        provenance=Provenance(facts=tuple(experiment.provenance.items())),
    )
    started = ExperimentStarted(resumed=False, generations=generations, config_yaml=experiment.config_yaml)
    events: list[Event] = [ExperimentCreated(experiment=created), started]
    events += [_completed(index) for index in range(generations)]
    events.append(ExperimentCompleted(generations=generations))
    return tuple(_update(number, event, experiment) for number, event in enumerate(events, start=1))


def _completed(index: int) -> GenerationCompleted:
    best = index + 0.5
    return GenerationCompleted(
        summary=GenerationSummary(
            index=index,
            best=AgentRef(index, 0),
            best_fitness=best,
            mean_fitness=best - 1.0,
            worst_fitness=best - 2.0,
            std_fitness=1.0,
            failed=0,
            episodes=8,
        )
    )


def _update(number: int, event: Event, experiment: TrackedExperiment) -> TrackerUpdate:
    curves = results = None
    if isinstance(event, GenerationCompleted):
        index = event.summary.index
        values = {"fitness/best": index + 0.5, "fitness/mean": index - 0.5, "progress/episodes": 8.0 * (index + 1)}
        curves = GenerationCurves(generation=index, values=values)
    if isinstance(event, ExperimentCompleted):
        champion = AgentRef(event.generations - 1, 0).agent_id(experiment.id)
        table = TrackedTable(name="held_out", columns=("role", "mean"), rows=(("champion", 3.25), ("ran|dom", None)))
        results = FinalResults(
            generations=event.generations,
            champion=champion,
            values={"held_out/champion/fitness": 3.25},
            tables=(table,),
        )
    recorded = RecordedEvent(sequence=number, time=_CREATED + number, event=event)
    return TrackerUpdate(recorded=recorded, curves=curves, results=results)


def check_tracker(make: Callable[[], Tracker], read: Callable[[], Iterable[Point]], folder: Path) -> None:
    """Check that a tracker fulfils the port's contract: each point once, also after interruptions.

    Two experiments are written in parts, each by a new tracker, as by processes that ended.

    Args:
        make: Creates a tracker of the same target.
        read: Returns all points of curves in the target: experiment, curve, generation and value. Other names are
            ignored.
        folder: Empty folder for files of the trackers.

    Raises:
        AssertionError: The tracker violates the contract; the message names the rule.
    """
    make().close()  # a tracker that was never opened
    expected: list[Point] = []
    for name in ("first", "second"):
        experiment = tracked_experiment(name, folder / name)
        updates = synthetic_updates(experiment)
        position = 0
        for end in (1, 4, 4, len(updates), len(updates)):
            position = _write(make(), experiment, updates[:end], position)
        expected += [
            (name, curve, update.curves.generation, value)
            for update in updates
            if update.curves
            for curve, value in update.curves.values.items()
        ]
    names = {curve for _, curve, _, _ in expected}
    found = sorted(point for point in read() if point[1] in names)
    assert len(found) == len({*found}), "a point is written twice"
    assert found == sorted(expected), "the points of the target are not those of the updates"


def _write(tracker: Tracker, experiment: TrackedExperiment, updates: Sequence[TrackerUpdate], position: int) -> int:
    """Write the updates that the target lacks, in two calls. Return the position of the last one."""
    try:
        known = tracker.open(experiment)
        assert isinstance(tracker.target, str), "the target is not a text"
        assert known is None or 0 <= known <= position, f"open returned {known}, but {position} updates were written"
        rest = [update for update in updates if update.sequence > (position if known is None else known)]
        for part in (rest[:2], rest[2:]):
            if part:
                tracker.write(part)
    finally:
        tracker.close()
    return updates[-1].sequence
