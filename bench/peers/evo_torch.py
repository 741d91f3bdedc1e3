"""EvoTorch: a `Problem` whose solutions are evaluated by Ray actors, as many as there are cores.

``python -m bench.peers.evo_torch JOB``. A generation is handed out in four parts an actor, so that none waits for the
longest, as its documentation advises where evaluations differ in length.
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
    """Return a solution's fitness."""
    return evaluate(path, solution.tolist())


def main() -> None:
    """Evaluate the job's generations."""
    path = sys.argv[1]
    job = JOB.validate_json(Path(path).read_bytes())
    ray.init(num_cpus=len(job.cores), include_dashboard=False, _temp_dir=sys.argv[2])
    problem = Problem(
        "max",
        functools.partial(fitness_of, path),
        solution_length=len(job.generations[0][0]),
        initial_bounds=(-1.0, 1.0),
        dtype=torch.float64,  # its default would round genes
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
