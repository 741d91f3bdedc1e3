"""ViZDoom of EnvPool: random play on its threads, with three environments per core and asynchronous steps.

``python -m bench.peers.env_pool JOB RESULT`` takes a `bench.vector_env.VectorJob`. EnvPool contains its own engine.
Scenario, resolution and frame skip are those of the other contestants.
"""

import json
import os
import shutil
import sys
import time
from dataclasses import asdict
from pathlib import Path

import envpool
import numpy as np
import vizdoom as vzd

from bench.throughput_sample import Sample
from bench.vector_env import JOB

_AHEAD = 3
"""Environments per core, which its documentation recommends for maximum throughput: one is played while two wait."""
_WARM_UP = 100


def main() -> None:
    """Measure; entry point of the process."""
    job = JOB.validate_json(Path(sys.argv[1]).read_bytes())
    folder = Path(sys.argv[2]).parent / "envpool"
    (folder / "_vizdoom").mkdir(parents=True)
    os.chdir(folder)
    source = Path(vzd.scenarios_path)
    text = (source / f"{job.scenario}.cfg").read_text()
    # If a setting occurs several times, the last line is used.
    (folder / "scenario.cfg").write_text(f"{text}\nscreen_resolution = RES_{job.resolution.upper()}\n")
    wad = shutil.copy(source / f"{job.scenario}.wad", folder)
    width, height = (int(side) for side in job.resolution.split("x"))
    pool = envpool.make(
        "VizdoomCustom-v1",
        env_type="gymnasium",
        num_envs=_AHEAD * job.environments,
        batch_size=job.environments,
        num_threads=job.environments,
        thread_affinity_offset=0,
        seed=1,
        img_width=width,
        img_height=height,
        stack_num=1,
        frame_skip=job.frame_skip,
        use_combined_action=True,
        cfg_path=str(folder / "scenario.cfg"),
        wad_path=str(wad),
    )
    generator = np.random.default_rng(1)
    actions = generator.integers(0, pool.action_space.n, (1000, job.environments), dtype=np.int32)
    pool.async_reset()

    def step(number: int) -> None:
        *_, about = pool.recv()
        pool.send(actions[number % len(actions)], about["env_id"])

    for number in range(_WARM_UP):
        step(number)
    steps = 0
    started = time.perf_counter()
    while (seconds := time.perf_counter() - started) < job.seconds:
        step(steps)
        steps += 1
    decisions = steps * job.environments  # resets count too, as for AsyncVectorEnv
    sample = Sample(decisions=decisions, tics=decisions * job.frame_skip, seconds=seconds)
    Path(sys.argv[2]).write_text(json.dumps(asdict(sample)))


if __name__ == "__main__":
    main()
