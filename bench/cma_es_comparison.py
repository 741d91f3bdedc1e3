"""CMA-ES of this project compared with the package `cma`, on functions with a known optimum.

``python -m bench.cma_es_comparison [--seeds N]`` prints evaluations until a value of 1e-8, and the time of one
generation. Both searches start at the same point, with a step of 2 on [-5, 5]. The dependency group `bench` contains
the package.
"""

import argparse
import math
import statistics
import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from clau_doom.evolution.search_distribution import SearchDistribution

Points = NDArray[np.float64]
Search = tuple[Callable[[], Points], Callable[[Points, Points], None]]
"""Functions that sample a generation, and that learn from points and their values."""

_POPULATION, _STEP, _TARGET, _MOST = 20, 2.0, 1e-8, 20_000


def sphere(x: Points) -> float:
    """Return the squared distance from the origin."""
    return float(x @ x)


def rosenbrock(x: Points) -> float:
    """Return Rosenbrock's function, which is 0 if all coordinates are 1."""
    return float(np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2))


def own(start: Points, seed: int) -> Search:
    """Return this project's search."""
    normals = np.random.default_rng(seed)
    n = len(start)
    search = SearchDistribution(start, _STEP, _POPULATION, diagonal=False, smallest=np.full(n, 1e-13), largest=math.inf)
    return (
        lambda: search.sample(normals.standard_normal((_POPULATION, n))),
        lambda points, values: search.update(points[np.argsort(values, kind="stable")]),
    )


def package(start: Points, seed: int) -> Search:
    """Return the package's search, which has its own random generator."""
    import cma  # noqa: PLC0415 of the group `bench`

    normals = np.random.default_rng(seed)
    options = {
        "popsize": _POPULATION,
        "randn": lambda *shape: normals.standard_normal(shape),
        "seed": math.nan,
        "verbose": -10,
        "verb_log": 0,
        "signals_filename": "",
        "AdaptSigma": cma.sigma_adaptation.CMAAdaptSigmaCSA,
    }
    search = cma.CMAEvolutionStrategy(start, _STEP, options)
    return (
        lambda: np.array(search.ask()),
        lambda points, values: search.tell(list(points), values.tolist()),
    )


def _evaluations(make: Callable[[Points, int], Search], function: Callable[[Points], float], seed: int) -> int:
    sample, learn = make(np.random.default_rng(1_000 + seed).uniform(-5.0, 5.0, 10), seed)
    for count in range(_POPULATION, _MOST + 1, _POPULATION):
        points = sample()
        values = np.array([function(point) for point in points])
        if values.min() <= _TARGET:
            return count
        learn(points, values)
    return _MOST


def _milliseconds(make: Callable[[Points, int], Search], dimensions: int) -> float:
    """Return the processor time of one generation in milliseconds, without the evaluations of the function."""
    sample, learn = make(np.full(dimensions, 3.0), 1)
    spent, generations = 0.0, 50
    for _ in range(generations):
        started = time.process_time()
        points = sample()
        spent += time.process_time() - started
        values = np.array([sphere(point) for point in points])
        started = time.process_time()
        learn(points, values)
        spent += time.process_time() - started
    return 1_000.0 * spent / generations


def _rows(seeds: int) -> Iterator[str]:
    for function in (sphere, rosenbrock):
        for make in (own, package):
            found = [_evaluations(make, function, seed) for seed in range(1, seeds + 1)]
            missed = sum(count == _MOST for count in found)
            yield (
                f"{function.__name__:<12}{make.__name__:<10}evaluations {statistics.median(found):>7,.0f}"
                f" ({min(found):,} to {max(found):,}), {missed} of {seeds} seeds not solved"
            )
    for dimensions in (16, 50, 200):
        times = [[_milliseconds(make, dimensions) for make in (own, package)] for _ in range(3)]
        ratios = sorted(mine / other for mine, other in times)
        yield (
            f"{dimensions} genes: {times[0][0]:.1f} ms a generation, the package {times[0][1]:.1f} ms;"
            f" ratio {ratios[1]:.2f} ({ratios[0]:.2f} to {ratios[2]:.2f})"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.cma_es_comparison", description=__doc__)
    parser.add_argument("--seeds", type=int, default=24, help="runs of each search on each function")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for row in _rows(options.seeds):
        print(row, flush=True)


if __name__ == "__main__":
    main()
