"""Cost of the live view for a worker, for an available view and for a view in use."""

import os
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.throughput_sample import Sample
from clau_doom.config import RulesPolicyConfig, ScenarioConfig
from clau_doom.domain import Genome
from clau_doom.game import VizdoomEngine, resolve
from clau_doom.policies import make_policy
from clau_doom.worker import ProgressPage, SharedFrame, play

__all__ = ["LiveViewRound", "live_view_rounds"]

_EPISODES = 30
_PERIOD = 0.1


@dataclass(frozen=True, kw_only=True)
class LiveViewRound:
    """The same episodes, played three times.

    Attributes:
        closed: Without a live view.
        unseen: With an unused live view.
        seen: With ten live frames per second.
    """

    closed: Sample
    unseen: Sample
    seen: Sample


def live_view_rounds(rounds: int) -> list[LiveViewRound]:
    """Measure the three variants in turns on one core. Call this function in the main thread of the process."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    scenario = resolve(ScenarioConfig(name="defend_the_center", timeout=2100))
    policy = make_policy(RulesPolicyConfig(), scenario.facts)
    genome = Genome(tuple((gene.low + gene.high) // 2 for gene in policy.space.genes))
    with tempfile.TemporaryDirectory(prefix="clau-doom-bench-") as name:
        folder = Path(name)
        engine = VizdoomEngine(scenario, folder / "engine")
        engine.start(policy.needs, record=False)
        path = folder / "shared-frame"
        try:
            with (
                ProgressPage(folder / "phase", create=True) as page,
                SharedFrame(path, scenario.facts.resolution) as shared_frame,
            ):

                def played(shared_frame: SharedFrame | None) -> Sample:
                    all_of_it = [
                        play(engine, policy, genome, seed, page, shared_frame=shared_frame) for seed in range(_EPISODES)
                    ]
                    return Sample(
                        decisions=sum(each.outcome.measures.decisions for each in all_of_it),
                        tics=sum(each.outcome.measures.tics for each in all_of_it),
                        seconds=sum(each.seconds for each in all_of_it),
                    )

                played(None)  # warm-up, which is not measured
                return [_round(played, shared_frame, path, turn) for turn in range(rounds)]
        finally:
            engine.close()


def _round(
    played: Callable[[SharedFrame | None], Sample], shared_frame: SharedFrame, path: Path, turn: int
) -> LiveViewRound:
    found = {}
    names = ["closed", "unseen", "seen"]
    for name in names[turn % 3 :] + names[: turn % 3]:
        over = threading.Event()
        looks = threading.Thread(target=_look, args=(path, over))
        if name == "seen":
            looks.start()
        found[name] = played(None if name == "closed" else shared_frame)
        over.set()
        if name == "seen":
            looks.join()
    return LiveViewRound(**found)


def _look(path: Path, over: threading.Event) -> None:
    with SharedFrame(path) as shared_frame:
        while not over.wait(_PERIOD):
            shared_frame.look()
