"""The parts of the benchmark that can be measured alone, each a function from the options to tables."""

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from rich.table import Table

from bench.busy import busy_round, busy_table
from bench.memory import memory_over_episodes, memory_table
from bench.million import million_episodes, million_table
from bench.peers.rounds import PeerRound, peer_round, peer_table
from bench.scale import FLEETS, SLOWNESS, simulations
from bench.scale_report import PICTURE, draw_scale, scale_table
from bench.simulated import Fleet
from bench.vector_env import VectorJob
from clau_doom.config import (
    ExecutionConfig,
    ExperimentConfig,
    HoldoutConfig,
    PolicyConfig,
    RandomPolicyConfig,
    RulesPolicyConfig,
    ScenarioConfig,
)

__all__ = ["PARTS"]

_T = TypeVar("_T")
_RANDOM_SECONDS = 5.0
_EPISODES = {"rules": 4, "random": 12}


def _rounds(options: argparse.Namespace, play: Callable[[Path, int], _T]) -> list[_T]:
    """Return what a function finds in as many rounds as wanted, each in a folder of its own, numbered from 0."""
    found = []
    with tempfile.TemporaryDirectory(prefix="clau-doom-bench-") as name:
        for number in range(options.rounds):
            folder = Path(name) / str(number)
            folder.mkdir()
            found.append(play(folder, number))
    return found


def _cores(options: argparse.Namespace) -> tuple[int, ...]:
    return tuple(sorted(os.sched_getaffinity(0)))[: options.workers]


def _peers(options: argparse.Namespace) -> Table:
    cores = _cores(options)
    scenario = ScenarioConfig(name=options.scenario)
    vector = VectorJob(
        scenario=scenario.name,
        resolution=scenario.resolution,
        frame_skip=scenario.frame_skip,
        environments=len(cores),
        seconds=_RANDOM_SECONDS,
    )

    def config(policy: PolicyConfig, number: int) -> ExperimentConfig:
        return ExperimentConfig(
            name="bench",
            seed=1 + number,
            seeds="fixed",
            generations=options.generations,
            population=options.population,
            episodes=_EPISODES[policy.kind],
            scenario=scenario,
            policy=policy,
            execution=ExecutionConfig(workers=len(cores), record=options.record),
            holdout=HoldoutConfig(validation=1, episodes=2),
        )

    def play(folder: Path, number: int) -> PeerRound:
        return peer_round(
            config(RulesPolicyConfig(), number), config(RandomPolicyConfig(), number), vector, cores, folder
        )

    return peer_table(_rounds(options, play))


def _busy(options: argparse.Namespace) -> Table:
    cores = _cores(options)
    return busy_table(_rounds(options, lambda folder, number: busy_round(folder, cores, seed=1 + number)))


def _memory(options: argparse.Namespace) -> Table:
    return memory_table(_rounds(options, lambda folder, _: memory_over_episodes(folder)))


def _million(options: argparse.Namespace) -> Table:
    return million_table(
        _rounds(options, lambda folder, _: million_episodes(folder, options.scripted, options.workers))
    )


def _scale(options: argparse.Namespace) -> Table:
    """Simulate once: nothing but the orchestrator's processor time could differ. The picture is drawn anew."""
    counts = [count for count in FLEETS if count <= options.most]
    found = {
        name: simulations([Fleet(workers=count, slowness=slowness) for count in counts])
        for name, slowness in SLOWNESS.items()
    }
    draw_scale(found, PICTURE)
    return scale_table(found)


PARTS: dict[str, Callable[[argparse.Namespace], Table]] = {
    "peers": _peers,
    "cores": _busy,
    "memory": _memory,
    "million": _million,
    "scale": _scale,
}
"""By the name that ``--only`` takes."""
