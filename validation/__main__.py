"""Command of the validation: ``python -m validation``. It continues where an earlier run was stopped."""

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from hashlib import sha256
from pathlib import Path

import numpy as np

from validation.distributions import DISTRIBUTIONS
from validation.grid import Cell, grid
from validation.procedures import PROCEDURES
from validation.results import Result, markdown, read_results, write_result

_SEED = 20_261_130


def simulate(cell: Cell, tables: int) -> list[Result]:
    """Simulate the tables of a cell.

    Args:
        cell: The cell. Its name seeds the random stream.
        tables: Number of tables.
    """
    rng = np.random.Generator(np.random.PCG64([_SEED, _number(cell)]))
    draw = PROCEDURES[cell.procedure].simulate(DISTRIBUTIONS[cell.distribution], cell.groups)
    drawn = [draw(rng) for _ in range(tables)]
    names = dict.fromkeys(name for errors in drawn for name in errors)
    return [
        Result(
            cell=cell.name,
            result=name,
            tables=tables,
            withheld=sum(errors.get(name) is None for errors in drawn),
            errors=sum(errors.get(name) is True for errors in drawn),
        )
        for name in names
    ]


def _number(cell: Cell) -> int:
    return int.from_bytes(sha256(cell.name.encode()).digest()[:8])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the cells that are missing in the file of results, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m validation", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("validation-results.jsonl"), help="file of results")
    parser.add_argument("--tables", type=int, default=2_000, help="simulated tables for each cell")
    parser.add_argument("--processes", type=int, default=2, help="number of processes")
    parser.add_argument("--only", action="append", choices=[*PROCEDURES], help="procedure to run; repeatable")
    options = parser.parse_args(arguments)
    cells = [cell for cell in grid() if not options.only or cell.procedure in options.only]
    finished = read_results(options.out)
    # In an order without a pattern, an interrupted run has cells of all procedures.
    missing = sorted((cell for cell in cells if cell.name not in finished), key=_number)
    with ProcessPoolExecutor(options.processes) as pool:
        for place, future in enumerate(as_completed([pool.submit(simulate, cell, options.tables) for cell in missing])):
            results = future.result()
            write_result(options.out, results)
            print(f"{place + 1} of {len(missing)}: {results[0].cell}", flush=True)
    print(markdown(cells, read_results(options.out)))


if __name__ == "__main__":
    main()
