"""EvoTorch: a `Problem` with one Ray actor per core for the evaluation of solutions.

``python -m bench.peers.evo_torch JOB`` divides a generation into four parts per actor. This reduces waiting for long
evaluations, and EvoTorch's documentation recommends it for evaluations of different length.
"""

import functools
import sys
from pathlib import Path

import ray
import torch
from evotorch import Problem, SolutionBatch

from bench.peers.evaluation import JOB, evaluate

_PARTS = 4


def fitness_of(path: str, solution: torch.Tensor) -> float:
    """Return the fitness of a solution."""
    return evaluate(path, solution.tolist())


def main() -> None:
    """Evaluate the generations of the job."""
    path = sys.argv[1]
    job = JOB.validate_json(Path(path).read_bytes())
    ray.init(num_cpus=len(job.cores), include_dashboard=False, _temp_dir=sys.argv[2])
    problem = Problem(
        "max",
        functools.partial(fitness_of, path),
        solution_length=len(job.generations[0][0]),
        initial_bounds=(-1.0, 1.0),
        dtype=torch.float64,  # the default type would round genes
        num_actors=len(job.cores),
        num_subbatches=_PARTS * len(job.cores),
    )
    for genomes in job.generations:
        batch = SolutionBatch(problem, popsize=len(genomes))
        batch.set_values(torch.tensor(genomes, dtype=torch.float64))
        problem.evaluate(batch)
    ray.shutdown()


if __name__ == "__main__":
    main()
