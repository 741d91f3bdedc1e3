"""Curves of an experiment, computed from its log: fitness, measures and progress at the end of each generation."""

import math
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clau_doom.domain import Measures, Purpose, parse_agent_id
from clau_doom.domain.events import (
    AgentDropped,
    AgentEvaluated,
    AgentFailed,
    EpisodeFinished,
    Event,
    ExperimentCancelled,
    ExperimentCompleted,
    ExperimentFailed,
    ExperimentInterrupted,
    ExperimentPaused,
    ExperimentResumed,
    ExperimentStarted,
    GenerationCompleted,
    RecordedEvent,
)
from clau_doom.domain.experiment import GenerationSummary
from clau_doom.ports import GenerationCurves

__all__ = ["CurveAccumulator"]

_BEGIN = ExperimentStarted | ExperimentResumed
_END = ExperimentPaused | ExperimentInterrupted | ExperimentFailed | ExperimentCompleted | ExperimentCancelled


@dataclass
class _Generation:
    """Results of an unfinished generation."""

    fitness: dict[int, float] = field(default_factory=dict)
    played: list[Measures] = field(default_factory=list)


class CurveAccumulator:
    """Curves of one experiment. It reads all events from the first one.

    The curves of a generation depend on the log only. A generation is removed from memory when it is completed.
    """

    def __init__(self) -> None:
        self._unfinished: defaultdict[int, _Generation] = defaultdict(_Generation)
        self._episodes = 0
        self._tics = 0.0
        self._seconds = 0.0
        self._running_since: float | None = None
        self._latest = 0.0

    def apply(self, recorded: RecordedEvent) -> GenerationCurves | None:
        """Read the next event. Return the curves of the generation that it completes, or None."""
        self._measure_time(recorded)
        event = recorded.event
        match event:
            case EpisodeFinished(episode=episode) if episode.purpose is Purpose.TRAINING:
                measures = episode.outcome.measures
                self._unfinished[parse_agent_id(episode.agent)[1]].played.append(measures)
                self._episodes += 1
                self._tics += measures.tics
            case AgentEvaluated(ref=ref, fitness=fitness) | AgentDropped(ref=ref, fitness=fitness):
                self._unfinished[ref.generation].fitness[ref.index] = fitness
            case AgentFailed(ref=ref):
                self._unfinished[ref.generation].fitness.pop(ref.index, None)
            case GenerationCompleted(summary=summary):
                return self._complete(summary)
        return None

    def _measure_time(self, recorded: RecordedEvent) -> None:
        """Add the time since the previous event, while the experiment runs. Time between two runs does not count."""
        event: Event = recorded.event
        if self._running_since is not None and not isinstance(event, ExperimentStarted):
            self._seconds += max(0.0, recorded.time - self._latest)
        if isinstance(event, _BEGIN):
            self._running_since = recorded.time
        elif isinstance(event, _END):
            self._running_since = None
        self._latest = recorded.time

    def _complete(self, summary: GenerationSummary) -> GenerationCurves:
        done = self._unfinished.pop(summary.index, _Generation())
        values = {
            "fitness/best": summary.best_fitness,
            "fitness/mean": summary.mean_fitness,
            "fitness/worst": summary.worst_fitness,
            "fitness/std": summary.std_fitness,
            "agents/failed": float(summary.failed),
            "progress/episodes": float(self._episodes),
            "progress/tics": self._tics,
            "progress/seconds": self._seconds,
            **_means(done.played),
        }
        if done.fitness:
            values["fitness/median"] = statistics.median(done.fitness.values())
        finite = {name: value for name, value in sorted(values.items()) if math.isfinite(value)}
        return GenerationCurves(generation=summary.index, values=finite)


def _means(played: Sequence[Measures]) -> Mapping[str, float]:
    if not played:
        return {}
    rows = [each.named() for each in played]
    return {f"measures/{name}": math.fsum(row[name] for row in rows) / len(rows) for name in rows[0]}
