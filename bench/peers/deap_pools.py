"""DEAP with a pool of processes as its toolbox's `map`, as its documentation recommends.

``python -m bench.peers.deap_pools JOB POOL`` uses Python's own pool or that of loky.
"""

import multiprocessing
import sys
from pathlib import Path
from typing import Any

from deap import base, creator
from loky import get_reusable_executor

from bench.peers.evaluation import JOB, PeerJob, evaluate

# Defined at module level as DEAP requires, because other processes find the classes by these names.
creator.create("FitnessMax", base.Fitness, weights=(1.0,))
creator.create("Individual", list, fitness=creator.FitnessMax)


def fitness_of(path: str, individual: list[float]) -> tuple[float]:
    """Return the fitness of an individual as a tuple, as DEAP requires."""
    return (evaluate(path, individual),)


def main() -> None:
    """Evaluate the generations of the job."""
    path, pool = sys.argv[1:]
    job = JOB.validate_json(Path(path).read_bytes())
    if pool == "loky":
        _evolve(job, path, get_reusable_executor(max_workers=len(job.cores)).map)
    else:
        with multiprocessing.Pool(len(job.cores)) as processes:
            _evolve(job, path, processes.map)


def _evolve(job: PeerJob, path: str, mapped: Any) -> None:
    toolbox = base.Toolbox()
    toolbox.register("evaluate", fitness_of, path)
    toolbox.register("map", mapped)
    for genomes in job.generations:
        population = [creator.Individual(genome) for genome in genomes]
        for individual, fitness in zip(population, toolbox.map(toolbox.evaluate, population), strict=True):
            individual.fitness.values = fitness


if __name__ == "__main__":
    main()
