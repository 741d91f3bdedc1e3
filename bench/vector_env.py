"""Gymnasium's AsyncVectorEnv over ViZDoom's own Gymnasium wrapper: random play, according to its documentation.

``python -m bench.vector_env JOB RESULT`` measures in a separate process.
"""

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import gymnasium
import vizdoom as vzd
from pydantic import TypeAdapter
from vizdoom.gymnasium_wrapper.gymnasium_env_defns import VizdoomScenarioEnv

from bench.child_processes import run_children
from bench.throughput_sample import Sample

_PATIENCE = 120.0  # time limit: seconds for the start, plus a multiple of the measured time
_MULTIPLE = 20.0
_WARM_UP = 100


@dataclass(frozen=True, kw_only=True)
class VectorJob:
    """Settings of the measurement.

    Attributes:
        scenario: Name of a bundled scenario.
        resolution: Screen resolution, such as ``160x120``.
        frame_skip: Tics of each action.
        environments: Number of environments, each in a separate process.
        seconds: Duration of the measurement.
    """

    scenario: str
    resolution: str
    frame_skip: int
    environments: int
    seconds: float


JOB = TypeAdapter(VectorJob)


def vector_env(job: VectorJob, folder: Path) -> Sample:
    """Measure in a child process and return the sample."""
    (folder / "vector.json").write_bytes(JOB.dump_json(job))
    result = folder / "vector-result.json"
    arguments = ["-m", "bench.vector_env", str(folder / "vector.json"), str(result)]
    run_children([arguments], folder / "vector.log", _PATIENCE + _MULTIPLE * job.seconds)
    return Sample(**json.loads(result.read_text()))


def main() -> None:
    """Measure; entry point of the child process."""
    job = JOB.validate_json(Path(sys.argv[1]).read_bytes())
    # Engines that start concurrently in a new folder compete to create this folder, and crash.
    os.chdir(Path(sys.argv[2]).parent)
    Path("_vizdoom").mkdir(exist_ok=True)
    resolution = getattr(vzd.ScreenResolution, f"RES_{job.resolution.upper()}")

    def make() -> VizdoomScenarioEnv:
        return VizdoomScenarioEnv(f"{job.scenario}.cfg", frame_skip=job.frame_skip, screen_resolution=resolution)

    environments = gymnasium.vector.AsyncVectorEnv([make] * job.environments)
    environments.reset(seed=1)
    environments.action_space.seed(1)
    actions = [environments.action_space.sample() for _ in range(1000)]
    for action in actions[:_WARM_UP]:
        environments.step(action)
    steps = 0
    started = time.perf_counter()
    while (seconds := time.perf_counter() - started) < job.seconds:
        environments.step(actions[steps % len(actions)])
        steps += 1
    environments.close()
    decisions = steps * job.environments  # resets count too, because they are steps of the vector
    sample = Sample(decisions=decisions, tics=decisions * job.frame_skip, seconds=seconds)
    Path(sys.argv[2]).write_text(json.dumps(asdict(sample)))


if __name__ == "__main__":
    main()
