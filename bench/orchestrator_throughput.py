"""Throughput of orchestrator and store, with instant episodes."""

import asyncio
import time
from pathlib import Path

from bench.throughput_sample import Sample
from clau_doom.app.run import SystemClock
from clau_doom.config import ExperimentConfig, HoldoutConfig, to_yaml
from clau_doom.domain import Fitness, Gene, GenomeSpace
from clau_doom.domain.experiment import Experiment, ExperimentState, Provenance
from clau_doom.orchestration import ExperimentRun, Shutdown
from clau_doom.storage import ExperimentFolders
from clau_doom.testing import ScriptedBackend

_SPACE = GenomeSpace(tuple(Gene.real(f"gene_{number}", -1.0, 1.0) for number in range(16)))


def orchestrator_throughput(folder: Path, *, generations: int, population: int, episodes: int, slots: int) -> Sample:
    """Run an experiment with instant episodes; the sample counts an episode as a decision."""
    config = ExperimentConfig(
        name="scripted",
        generations=generations,
        population=population,
        episodes=episodes,
        holdout=HoldoutConfig(validation=1, episodes=2),
    )
    backend = ScriptedBackend(slots=slots, recording=bytes(2048))
    started = time.perf_counter()
    state = asyncio.run(_run(config, folder, backend))
    seconds = time.perf_counter() - started
    assert state is ExperimentState.COMPLETED
    return Sample(decisions=len(backend.played), tics=0, seconds=seconds)


async def _run(config: ExperimentConfig, folder: Path, backend: ScriptedBackend) -> ExperimentState:
    text = to_yaml(config)
    experiment = Experiment(
        id=config.name, uuid="4f8", seed=config.seed, config_yaml=text, provenance=Provenance(facts=())
    )
    run_folder = ExperimentFolders(folder).create(experiment)
    async with run_folder.write(keep_recordings=config.execution.record) as store, backend as entered:
        run = ExperimentRun(
            config,
            text,
            space=_SPACE,
            fitness=Fitness.named("reward"),
            store=store,
            backend=entered,
            shutdown=Shutdown(),
            clock=SystemClock(),
        )
        return await run.run()
