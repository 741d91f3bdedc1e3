"""Memory of the orchestrator over 100,000 instant episodes: resident pages at the end of each generation.

``python -m bench.memory RESULT`` measures in a separate process.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table

from bench.child_processes import run_children
from bench.scale_simulation import experiment
from bench.simulated_backend import Fleet, SimulatedBackend
from bench.throughput_sample import Spread
from bench.virtual_time import VirtualLoop

__all__ = ["Memory", "memory_over_episodes", "memory_table"]

_GENERATIONS, _POPULATION, _EPISODES = 250, 50, 8
_WARM = 5
"""Divisor of the run: the first part is excluded, because caches and the allocator's memory grow at first."""
_PATIENCE = 900.0
_FLEET = Fleet(workers=4, crashes=0.0, hangs=0.0, stragglers=0.0)


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Memory during the run.

    Attributes:
        episodes: Number of episodes.
        warm: MiB at the end of the first part.
        end: MiB at the end of the run.
        slope: Growth in KiB per thousand episodes, by least squares, without the first part.
    """

    episodes: int
    warm: float
    end: float
    slope: float


class _Watched(SimulatedBackend):
    """Workers that record the memory of this process at the end of each generation, in bytes."""

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(fleet)
        self.resident: list[int] = []

    async def end_generation(self, generation: int) -> None:
        await super().end_generation(generation)
        self.resident.append(_resident())


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def memory_over_episodes(folder: Path) -> Memory:
    """Measure in a child process."""
    result = folder / "memory.json"
    run_children([["-m", "bench.memory", str(result)]], folder / "memory.log", _PATIENCE)
    return Memory(**json.loads(result.read_text()))


def memory_table(rounds: Sequence[Memory]) -> Table:
    """Return the results as a table."""
    table = Table(title="the orchestrator's memory", title_justify="left", header_style="bold")
    for heading in ("episodes", "MiB after a fifth", "MiB at the end", "KiB more by 1,000 episodes"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row(
        f"{rounds[0].episodes:,}",
        Spread(tuple(each.warm for each in rounds)).text(".1f"),
        Spread(tuple(each.end for each in rounds)).text(".1f"),
        Spread(tuple(each.slope for each in rounds)).text(".1f"),
    )
    return table


def main() -> None:
    """Measure; entry point of the child process."""
    backend = _Watched(_FLEET)
    with (
        tempfile.TemporaryDirectory(prefix="clau-doom-bench-") as name,
        asyncio.Runner(loop_factory=lambda: VirtualLoop(charged=False)) as runner,
    ):
        runner.run(
            experiment(backend, Path(name), generations=_GENERATIONS, population=_POPULATION, episodes=_EPISODES)
        )
    warm = backend.resident[len(backend.resident) // _WARM :]
    thousands = [number * _POPULATION * _EPISODES / 1000 for number in range(len(warm))]
    memory = Memory(
        episodes=_GENERATIONS * _POPULATION * _EPISODES,
        warm=warm[0] / 2**20,
        end=warm[-1] / 2**20,
        slope=statistics.linear_regression(thousands, warm).slope / 2**10,
    )
    Path(sys.argv[1]).write_text(json.dumps(asdict(memory)))


if __name__ == "__main__":
    main()
