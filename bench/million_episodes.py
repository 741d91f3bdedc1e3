"""Disk space, memory and reading time of an experiment with a million scripted episodes."""

import asyncio
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.table import Table

from bench.throughput_sample import MeasurementFailed, Spread
from clau_doom.app.gene_space import genome_space
from clau_doom.app.resource_estimate import most_training_episodes
from clau_doom.app.run import SystemClock
from clau_doom.app.run_planning import make_fitness
from clau_doom.config import (
    ExecutionConfig,
    ExperimentConfig,
    HoldoutConfig,
    RulesPolicyConfig,
    ScenarioConfig,
    to_yaml,
)
from clau_doom.domain import Episode
from clau_doom.domain.experiment import Experiment, ExperimentState, Provenance
from clau_doom.orchestration import ExperimentRun, Shutdown
from clau_doom.ports import EpisodeTask
from clau_doom.storage import ExperimentFolder, ExperimentFolders
from clau_doom.testing import ScriptedBackend

__all__ = ["Million", "million_episodes", "million_table"]

_NAME = "million"
_POPULATION = 500
_EPISODES = 20
_WARM_UP = 0.2
"""Share of the run after which memory should not grow any more."""
_COMMANDS: tuple[tuple[str, ...], ...] = (
    ("status", _NAME),
    ("analyze", _NAME),
    ("agent", "list", _NAME),
    ("export", _NAME, "--format", "parquet"),
)
_GOALS = {"status": "<= 2 s", "analyze": "<= 20 s"}
_FRAMES = 5
"""Processes that read the episodes into a DataFrame."""
_FRAME = f"""
import sys, clau_doom as cd
frame = cd.open({_NAME!r}, output_dir=sys.argv[1]).episodes.to_pandas()
assert len(frame) >= int(sys.argv[2]), len(frame)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """Duration and maximum memory of a process that reads the experiment.

    Attributes:
        command: Name of the command, or of the result of a library call.
        seconds: Wall time.
        computing: Processor time, which depends less on other load of the machine.
        peak: Maximum resident memory, in bytes.
    """

    command: str
    seconds: float
    computing: float
    peak: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Million:
    """Measurements of an experiment with very many episodes.

    Attributes:
        episodes: Number of episodes.
        seconds: Duration of the run.
        stored: Size of the results in bytes, without recordings.
        memory: Resident memory of the orchestrator after each generation, in bytes.
        readings: Measurements of commands that read the experiment.
        frames: Measurements of processes that read the episodes into a pandas DataFrame.
    """

    episodes: int
    seconds: float
    stored: int
    memory: tuple[int, ...]
    readings: tuple[_Reading, ...]
    frames: tuple[_Reading, ...]

    @property
    def growth(self) -> float:
        """Growth of the orchestrator in bytes per episode after the warm-up, by least squares over generations."""
        first = int(len(self.memory) * _WARM_UP)
        ys = self.memory[first:]
        middle, mean = (len(ys) - 1) / 2, sum(ys) / len(ys)
        spread = sum((x - middle) ** 2 for x in range(len(ys)))
        return sum((x - middle) * (y - mean) for x, y in enumerate(ys)) / spread / (_POPULATION * _EPISODES)


class _Backend(ScriptedBackend):
    """Backend that plays instantly, keeps no state of episodes, and records the memory of this process."""

    def __init__(self, slots: int) -> None:
        super().__init__(slots=slots)
        self.memory: list[int] = []

    async def play(self, task: EpisodeTask) -> Episode:
        """Play one episode instantly. Its measures and duration have as many digits as those of a real episode."""
        played = await super().play(task)
        measures = replace(played.outcome.measures, distance=played.outcome.measures.reward / 3.0)
        timing = replace(played.timing, seconds=1.0 / 3.0, worker=task.number % self.slots)
        return replace(played, outcome=replace(played.outcome, measures=measures), timing=timing)

    async def end_generation(self, generation: int) -> None:
        """Record the memory."""
        self.played.clear()
        if generation % 10 == 0:
            print(f"generation {generation} is over", file=sys.stderr)
        self.memory.append(_resident())


def million_episodes(folder: Path, episodes: int, slots: int) -> Million:
    """Create an experiment with scripted episodes in a folder, and read it by commands.

    Args:
        folder: Empty folder for the experiment.
        episodes: Approximate number of episodes, in generations of 10,000; at least three generations.
        slots: Number of concurrent episodes.
    """
    config = ExperimentConfig(
        name=_NAME,
        generations=max(episodes // (_POPULATION * _EPISODES), 3),
        population=_POPULATION,
        episodes=_EPISODES,
        scenario=ScenarioConfig(name="defend_the_center"),
        policy=RulesPolicyConfig(),
        execution=ExecutionConfig(record="none"),
        holdout=HoldoutConfig(validation=20, episodes=100),
    )
    backend = _Backend(slots)
    started = time.perf_counter()
    state = asyncio.run(_run(config, folder, backend))
    seconds = time.perf_counter() - started
    if state is not ExperimentState.COMPLETED:
        raise MeasurementFailed(f"the experiment of a million episodes is {state.value}")
    files = [path for path in (folder / _NAME).iterdir() if path.name.startswith("results.sqlite")]
    played = most_training_episodes(config)
    return Million(
        episodes=played,
        seconds=seconds,
        stored=sum(path.stat().st_size for path in files),
        memory=tuple(backend.memory),
        readings=tuple([_read(command, folder) for command in _COMMANDS]),
        frames=tuple([_read_frame(folder, played) for _ in range(_FRAMES)]),
    )


def million_table(measured: Sequence[Million]) -> Table:
    """Return the measurements, one in each column."""
    first = measured[0]
    title = f"an experiment of {first.episodes:,} scripted episodes"
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column("what")
    for _ in measured:
        table.add_column("measured", justify="right")
    table.add_column("goal", justify="right")
    table.add_row("episodes a second", *(f"{each.episodes / each.seconds:,.0f}" for each in measured), "")
    table.add_row("bytes an episode", *(f"{each.stored / each.episodes:.0f}" for each in measured), "<= 300")
    table.add_row("the orchestrator's memory", *(_memory(each) for each in measured), "flat")
    for place, reading in enumerate(first.readings):
        cells = [f"{_seconds(each.readings[place])}" for each in measured]
        table.add_row(reading.command, *cells, _GOALS.get(reading.command, ""))
    table.add_row("episodes as a DataFrame", *[_frames(each.frames) for each in measured], "<= 5 s computing")
    return table


def _memory(measured: Million) -> str:
    last = measured.memory[-1] / 2**20
    return f"{last:.0f} MiB, growing by {measured.growth:+.1f} bytes an episode"


def _seconds(reading: _Reading) -> str:
    return f"{reading.seconds:.2f} s ({reading.computing:.2f} s computing), {reading.peak / 2**20:,.0f} MiB"


def _frames(readings: Sequence[_Reading]) -> str:
    seconds, computing = [Spread(tuple(getattr(each, name) for each in readings)) for name in ("seconds", "computing")]
    peak = max(each.peak for each in readings) / 2**20
    return f"{seconds.text('.2f')} s, {computing.text('.2f')} s computing, {peak:,.0f} MiB"


async def _run(config: ExperimentConfig, folder: Path, backend: ScriptedBackend) -> ExperimentState:
    run_folder = _create(config, folder)
    async with run_folder.write(keep_recordings="none") as store, backend as entered:
        run = ExperimentRun(
            config,
            to_yaml(config),
            space=genome_space(config),
            fitness=make_fitness(config),
            store=store,
            backend=entered,
            shutdown=Shutdown(),
            clock=SystemClock(),
        )
        return await run.run()


def _create(config: ExperimentConfig, folder: Path) -> ExperimentFolder:
    experiment = Experiment(
        id=config.name, uuid="4f8", seed=config.seed, config_yaml=to_yaml(config), provenance=Provenance(facts=())
    )
    return ExperimentFolders(folder).create(experiment)


def _read(command: tuple[str, ...], folder: Path) -> _Reading:
    """Run a command on the experiment and discard its output."""
    exported = ["--to", str(folder / "tables")] if command[0] == "export" else []
    name = " ".join(part for part in command[:2] if part != _NAME)
    return _measured(name, ["-m", "clau_doom", *command, *exported, "--output-dir", str(folder)])


def _read_frame(folder: Path, episodes: int) -> _Reading:
    """Read the episodes into a pandas DataFrame with the library."""
    return _measured("episodes", ["-c", _FRAME, str(folder), str(episodes)])


def _measured(name: str, arguments: list[str]) -> _Reading:
    """Run Python with arguments. The time includes the start of Python and the imports."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise MeasurementFailed(f"python {' '.join(arguments)} ended with {process.returncode}")
    computing = usage.ru_utime + usage.ru_stime
    return _Reading(command=name, seconds=seconds, computing=computing, peak=usage.ru_maxrss * 1024)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
