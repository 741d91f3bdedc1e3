"""Ray Tune: one trial for each agent, with actors that reuse their engine.

``python -m bench.peers.ray_tune JOB FOLDER`` evaluates all agents in one grid, because Ray Tune has no generations.
Therefore it does not wait for the end of a generation.
"""

import sys
from pathlib import Path
from typing import Any

import ray
from ray import tune

from bench.peers.evaluation import JOB, evaluate


class Evaluation(tune.Trainable):  # type: ignore[misc] # untyped
    """Evaluation of one agent."""

    def setup(self, config: dict[str, Any]) -> None:
        """Set the first agent."""
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Set another agent."""
        self._path, self._genome = new_config["path"], new_config["genome"]
        return True

    def step(self) -> dict[str, Any]:
        """Evaluate the agent once."""
        return {"fitness": evaluate(self._path, self._genome), "done": True}


def main() -> None:
    """Evaluate the agents of the job."""
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
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),  # no checkpoint is needed
        ),
    )
    results = tuner.fit()
    if results.num_errors:
        sys.exit(f"{results.num_errors} trials failed: {results.errors[0]}")
    ray.shutdown()


if __name__ == "__main__":
    main()
