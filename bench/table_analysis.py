"""Analysis of variance of a large table: seconds and memory of `clau-doom analyze --data`."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from bench.throughput_sample import Spread

__all__ = ["TableAnalysis", "analyze_large_table", "table_analysis_table", "write_large_table"]

_LEVELS = (10, 8)
_AT_ONCE = 100_000


@dataclass(frozen=True, kw_only=True)
class TableAnalysis:
    """Result of the measurement.

    Attributes:
        rows: Number of rows in the table.
        seconds: Wall time of the command.
        processor_seconds: Processor time of the command.
        peak: Maximum memory of the command, in bytes.
    """

    rows: int
    seconds: float
    processor_seconds: float
    peak: int


def write_large_table(path: Path, rows: int) -> None:
    """Write a CSV with two factors of 10 and 8 levels, and a response with unequal variances."""
    rng = np.random.default_rng(1)
    with path.open("w", encoding="utf-8") as file:
        file.write("a,b,y\n")
        for start in range(0, rows, _AT_ONCE):
            count = min(_AT_ONCE, rows - start)
            first, second = (rng.integers(levels, size=count) for levels in _LEVELS)
            values = rng.normal(size=count) * (1.0 + first / 10.0) + first / 10.0
            parts = zip(first.tolist(), second.tolist(), values.tolist(), strict=True)
            file.writelines(f"a{one},{other},{value!r}\n" for one, other, value in parts)


def analyze_large_table(folder: Path, rows: int) -> TableAnalysis:
    """Write a table, analyse it by both factors, and return time and memory of the analysis.

    Raises:
        CalledProcessError: The command failed.
    """
    path = folder / "large.csv"
    write_large_table(path, rows)
    command = [sys.executable, "-m", "clau_doom", "analyze", "--data", str(path), "--response", "y"]
    began = time.perf_counter()
    process = subprocess.Popen([*command, "--factor", "a", "--factor", "b"], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return TableAnalysis(
        rows=rows,
        seconds=time.perf_counter() - began,
        processor_seconds=used.ru_utime + used.ru_stime,
        peak=used.ru_maxrss * 1024,
    )


def table_analysis_table(measured: Sequence[TableAnalysis]) -> Table:
    """Return the measurements and the documented limits."""
    table = Table(title=f"analyze --data: {measured[0].rows:,} rows, two factors")
    for heading in ("", "measured", "goal"):
        table.add_column(heading)
    goals = {
        "seconds": ([each.seconds for each in measured], "below 20"),
        "processor seconds": ([each.processor_seconds for each in measured], ""),
        "peak memory in MB": ([each.peak / 1e6 for each in measured], "below 1,500"),
    }
    for name, (values, goal) in goals.items():
        table.add_row(name, Spread(tuple(values)).text(",.1f"), goal)
    return table
