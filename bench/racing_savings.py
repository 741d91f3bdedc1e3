"""Savings of racing: an example with and without racing, over several seeds.

``python -m bench.racing_savings --out FOLDER`` runs ``examples/NAME.yaml`` and ``examples/NAME_raced.yaml`` with the
seeds 1 to 5 and prints one table. Existing results in FOLDER are read instead of played again, so that the benchmark
can be stopped and continued.
"""

import argparse
import asyncio
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from scipy import stats

from bench.child_processes import python_path
from clau_doom.app.catalog.stored_experiments import read_experiment
from clau_doom.app.run_planning import make_fitness
from clau_doom.domain import Purpose
from clau_doom.domain.experiment import ExperimentState

_EXAMPLES = Path(__file__).parent.parent / "examples"
_NAMES = ("defend_the_center", "health_gathering")


@dataclass(frozen=True, kw_only=True)
class Evolved:
    """Result of one evolution.

    Attributes:
        held_out: Mean fitness of the champion over its held-out episodes.
        episodes: Number of episodes for training and validation.
    """

    held_out: float
    episodes: int


def main() -> None:
    """Run missing evolutions, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.racing_savings", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the folder of the experiments")
    parser.add_argument("--seeds", type=int, default=5, help="how many, from 1 (default: 5)")
    parser.add_argument("--only", choices=_NAMES, action="append", help="one of the examples")
    options = parser.parse_args()
    table = Table(title=f"champions' held-out means, and the episodes that found them; seeds 1 to {options.seeds}")
    for heading in ("example", "plain", "raced", "raced - plain [95 %]", "episodes", "raced", "raced / plain [95 %]"):
        table.add_column(heading, justify="left" if heading == "example" else "right")
    for name in options.only or _NAMES:
        plain, raced = (
            [_evolved(options.out, file, seed) for seed in range(1, options.seeds + 1)]
            for file in (name, f"{name}_raced")
        )
        table.add_row(name, *_row(plain, raced))
    Console(width=140).print(table)


def _evolved(out: Path, file: str, seed: int) -> Evolved:
    name = f"{file.replace('_', '-')}-{seed}"
    if not (out / name).exists():
        command = ["run", "-c", str(_EXAMPLES / f"{file}.yaml"), "--name", name, "--seed", str(seed)]
    else:
        command = ["run", "--resume", name]
    if not _is_done(out, name):
        subprocess.run(
            [sys.executable, "-m", "clau_doom", *command, "--output-dir", str(out)],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": python_path()},
        )
    return _found(out, name)


def _is_done(out: Path, name: str) -> bool:
    if not (out / name).exists():
        return False
    stored = asyncio.run(read_experiment(out, name, measured=False))
    return stored.state is ExperimentState.COMPLETED


def _found(out: Path, name: str) -> Evolved:
    stored = asyncio.run(read_experiment(out, name, measured=False))
    snapshot, fitness = stored.snapshot, make_fitness(stored.config)
    assert snapshot.champion is not None, "it ran to its end"
    ref, _ = snapshot.champion
    held_out = snapshot.judging[Purpose.HELD_OUT, ref.agent_id(name)]
    validation = sum(len(played) for (purpose, _), played in snapshot.judging.items() if purpose is Purpose.VALIDATION)
    return Evolved(
        held_out=statistics.fmean(fitness.of_episode(episode.outcome.measures) for episode in held_out),
        episodes=sum(map(len, snapshot.episodes.values())) + validation,
    )


def _row(plain: Sequence[Evolved], raced: Sequence[Evolved]) -> list[str]:
    pairs = list(zip(plain, raced, strict=True))
    return [
        f"{statistics.fmean(one.held_out for one in plain):,.2f}",
        f"{statistics.fmean(one.held_out for one in raced):,.2f}",
        _interval([after.held_out - before.held_out for before, after in pairs]),
        f"{statistics.fmean(one.episodes for one in plain):,.0f}",
        f"{statistics.fmean(one.episodes for one in raced):,.0f}",
        _interval([after.episodes / before.episodes for before, after in pairs]),
    ]


def _interval(values: Sequence[float]) -> str:
    """Return the mean with Student's 95 % interval."""
    mean, count = statistics.fmean(values), len(values)
    if count < 2:
        return f"{mean:.2f}"
    half = float(stats.t.ppf(0.975, count - 1)) * statistics.stdev(values) / math.sqrt(count)
    return f"{mean:.2f} [{mean - half:.2f}, {mean + half:.2f}]"


if __name__ == "__main__":
    main()
