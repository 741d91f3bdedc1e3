"""Ray Tune: one trial for each agent, with actors that reuse their engine.

``python -m bench.peers.ray_tune JOB FOLDER``. It knows no generations: all agents are in one grid, so that it never
waits for one to end.
"""

import sys
from pathlib import Path
from typing import Any

import ray
from ray import tune

from bench.peers.evaluation import JOB, evaluate


class Evaluation(tune.Trainable):  # type: ignore[misc] # untyped
    """One agent's evaluation."""

    def setup(self, config: dict[str, Any]) -> None:
        """Take the first agent."""
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Take another agent."""
        self._path, self._genome = new_config["path"], new_config["genome"]
        return True

    def step(self) -> dict[str, Any]:
        """Evaluate it, once."""
        return {"fitness": evaluate(self._path, self._genome), "done": True}


def main() -> None:
    """Evaluate the job's agents."""
    path, folder = sys.argv[1:]
    job = JOB.validate_json(Path(path).read_bytes())
    ray.init(num_cpus=len(job.cores), include_dashboard=False, _temp_dir=folder)
    genomes = [genome for generation in job.generations for genome in generation]
    tuner = tune.Tuner(
        tune.with_resources(Evaluation, {"cpu": 1}),
        param_space={"path": path, "genome": tune.grid_search(genomes)},
        tune_config=tune.TuneConfig(metric="fitness", mode="max", reuse_actors=True),
        run_config=tune.RunConfig(
            storage_path=job.folder,
            verbose=0,
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),  # there is nothing to keep
        ),
    )
    results = tuner.fit()
    if results.num_errors:
        sys.exit(f"{results.num_errors} trials failed: {results.errors[0]}")
    ray.shutdown()


if __name__ == "__main__":
    main()
