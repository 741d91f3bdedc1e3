"""Evaluation function of all peers: mean reward of a genome on the job's seeds, by a bare ViZDoom loop.

Each process of a peer keeps one engine, pinned to a free core if one is available. Episodes begin only after one
process per core is ready, so that start-up time is excluded for all peers. Each process writes its decisions and tics
to a file, because peers return only a fitness.
"""

import fcntl
import functools
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from bench.bare_loops import new_game, play_episodes
from bench.throughput_sample import Sample
from clau_doom.config import PolicyConfig, ScenarioConfig
from clau_doom.game import resolve
from clau_doom.game.engine_launch_script import LAUNCHES, write_launcher
from clau_doom.policies import make_policy

__all__ = ["JOB", "PeerJob", "evaluate", "noted"]

_PATIENCE = 60.0
_PLAYED, _READY = "played-", "ready-"


@dataclass(frozen=True, kw_only=True)
class PeerJob:
    """Genomes, seeds and settings of an evaluation by a peer.

    Attributes:
        folder: Empty folder for all files.
        scenario: The scenario's section, as JSON.
        policy: The policy's section, as JSON.
        generations: Genomes of the agents, by generation and index.
        seeds: Seeds that each agent plays.
        cores: Core of each process.
    """

    folder: str
    scenario: str
    policy: str
    generations: tuple[tuple[tuple[float, ...], ...], ...]
    seeds: tuple[int, ...]
    cores: tuple[int, ...]


JOB = TypeAdapter(PeerJob)
_POLICY: TypeAdapter[PolicyConfig] = TypeAdapter(PolicyConfig)


def evaluate(path: str, genome: Sequence[float]) -> float:
    """Return the mean reward of a genome.

    Args:
        path: Path of the job's file.
        genome: Values of the genes.
    """
    return _evaluator(path)(tuple(float(value) for value in genome))


def noted(job: PeerJob) -> Sample:
    """Return the total of all processes, from the first decision to the last."""
    files = Path(job.folder).glob(f"{_PLAYED}*")
    rows = [[float(word) for word in line.split()] for file in files for line in file.read_text().splitlines()]
    began, ended, decisions, tics = zip(*rows, strict=True)
    return Sample(decisions=sum(decisions), tics=sum(tics), seconds=max(ended) - min(began))


@functools.cache
def _evaluator(path: str) -> "_Evaluator":
    return _Evaluator(JOB.validate_json(Path(path).read_bytes()))


class _Evaluator:
    def __init__(self, job: PeerJob) -> None:
        folder = Path(job.folder)
        self._seeds = job.seeds
        self._core = _claim(folder, job.cores)
        self._scenario = resolve(ScenarioConfig.model_validate_json(job.scenario))
        self._policy = make_policy(_POLICY.validate_json(job.policy), self._scenario.facts)
        work = folder / f"work-{os.getpid()}"
        (work / "_vizdoom").mkdir(parents=True)
        os.chdir(work)
        # End engines with their process, in any way in which a peer ends its processes.
        launcher = write_launcher(work, os.getpid()) if LAUNCHES else None
        self._game = new_game(self._scenario, self._policy, launcher)
        self._notes = (folder / f"{_PLAYED}{os.getpid()}").open("a", buffering=1)
        (folder / f"{_READY}{os.getpid()}").touch()
        _meet(folder, len(job.cores))

    def __call__(self, genome: tuple[float, ...]) -> float:
        began, rewards = time.monotonic(), []
        decisions = tics = 0.0
        for seed in self._seeds:
            sample, _ = play_episodes(self._game, self._scenario, self._policy, [(genome, seed)])
            rewards.append(self._game.get_total_reward())
            decisions += sample.decisions
            tics += sample.tics
        self._notes.write(f"{began} {time.monotonic()} {decisions} {tics}\n")
        return sum(rewards) / len(rewards)


def _claim(folder: Path, cores: tuple[int, ...]) -> int | None:
    """Pin this process to a core without another living process of the job; return the descriptor of its lock."""
    for core in cores:
        lock = os.open(folder / f"core-{core}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            os.sched_setaffinity(0, {core})
            return lock
    return None


def _meet(folder: Path, count: int) -> None:
    end = time.monotonic() + _PATIENCE
    while len([*folder.glob(f"{_READY}*")]) < count:
        if time.monotonic() > end:
            raise TimeoutError(f"no {count} processes were ready to play within {_PATIENCE:g} s")
        time.sleep(0.001)
