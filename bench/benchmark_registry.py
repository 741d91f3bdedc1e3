"""Registry of benchmarks with tables of their own: functions from options to tables."""

import argparse
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from rich.table import Table

from bench.latency_under_attack import latency_round, latency_table
from bench.measurement_journal import Journal, Play
from bench.memory import memory_over_episodes, memory_table
from bench.million_episodes import Million, million_episodes, million_table
from bench.peers.rounds import PeerRound, peer_round, peer_table
from bench.scale_report import PICTURE, draw_scale, scale_table
from bench.scale_simulation import FLEETS, SLOWNESS, simulation
from bench.simulated_backend import Fleet
from bench.start_up import start_up_round, start_up_table
from bench.table_analysis import TableAnalysis, analyze_large_table, table_analysis_table
from bench.throughput_sample import MeasurementFailed
from bench.utilisation import utilisation_round, utilisation_table
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

__all__ = ["BENCHMARKS"]

_T = TypeVar("_T")
_RANDOM_SECONDS = 5.0
_EPISODES = {"rules": 4, "random": 12}


def _rounds(options: argparse.Namespace, journal: Journal, what: str, take: Callable[[Play], _T]) -> list[_T]:
    """Return the results of a function in each round, with a new folder for each round; failed rounds are omitted.

    Raises:
        MeasurementFailed: Every round failed.
    """
    found = []
    with tempfile.TemporaryDirectory(prefix="clau-doom-bench-") as name:
        for number in range(options.rounds):
            folder = Path(name) / str(number)
            folder.mkdir()
            play = Play(journal, number, folder)
            found.append(play.measure(what, partial(take, play)))
    finished = [each for each in found if each is not None]
    if not finished:
        raise MeasurementFailed(f"{what}: every round failed")
    return finished


def _cores(options: argparse.Namespace) -> tuple[int, ...]:
    return tuple(sorted(os.sched_getaffinity(0)))[: options.workers]


def _peers(options: argparse.Namespace, journal: Journal) -> Table:
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

    def take(play: Play) -> PeerRound:
        rules, at_random = config(RulesPolicyConfig(), play.number), config(RandomPolicyConfig(), play.number)
        return peer_round(rules, at_random, vector, cores, play)

    return peer_table(_rounds(options, journal, "peers", take))


def _utilisation(options: argparse.Namespace, journal: Journal) -> Table:
    cores = _cores(options)
    return utilisation_table(_rounds(options, journal, "cores", lambda play: utilisation_round(play, cores)))


def _memory(options: argparse.Namespace, journal: Journal) -> Table:
    return memory_table(_rounds(options, journal, "memory", lambda play: memory_over_episodes(play.folder)))


def _million(options: argparse.Namespace, journal: Journal) -> Table:
    def take(play: Play) -> Million:
        return million_episodes(play.folder, options.scripted, options.workers)

    return million_table(_rounds(options, journal, "a million episodes", take))


def _scale(options: argparse.Namespace, journal: Journal) -> Table:
    """Simulate once, because only the orchestrator's processor time could vary. The chart is drawn again."""
    counts = [count for count in FLEETS if count <= options.most]
    found = {}
    for name, slowness in SLOWNESS.items():
        fleets = [Fleet(workers=count, slowness=slowness) for count in counts]
        taken = [
            journal.measure(0, f"{fleet.workers} simulated workers", partial(simulation, fleet)) for fleet in fleets
        ]
        found[name] = [each for each in taken if each is not None]
    draw_scale(found, PICTURE)
    return scale_table(found)


def _attacks(options: argparse.Namespace, journal: Journal) -> Table:
    return latency_table(_rounds(options, journal, "attacks", latency_round))


def _start_up(options: argparse.Namespace, journal: Journal) -> Table:
    return start_up_table(_rounds(options, journal, "start-up", lambda play: start_up_round(play.folder)))


def _table(options: argparse.Namespace, journal: Journal) -> Table:
    def take(play: Play) -> TableAnalysis:
        return analyze_large_table(play.folder, options.rows)

    return table_analysis_table(_rounds(options, journal, "analysis of a table", take))


BENCHMARKS: dict[str, Callable[[argparse.Namespace, Journal], Table]] = {
    "peers": _peers,
    "cores": _utilisation,
    "memory": _memory,
    "million": _million,
    "scale": _scale,
    "attacks": _attacks,
    "startup": _start_up,
    "table": _table,
}
"""Benchmarks by the name that ``--only`` accepts."""
