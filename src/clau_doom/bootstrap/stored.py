"""The experiments that are stored, for whoever shows them."""

import asyncio
from pathlib import Path

from clau_doom.config import StoredExperiment, config_from_yaml
from clau_doom.domain.experiment import ExperimentState
from clau_doom.storage import Runs

__all__ = ["list_experiments", "read_experiment"]


async def read_experiment(output_dir: Path, experiment: str, *, measured: bool = True) -> StoredExperiment:
    """Return a stored experiment as it stands.

    Args:
        output_dir: The folder of runs.
        experiment: Its id.
        measured: Without, what training episodes measured is left out; see `ExperimentStore.snapshot`.

    Raises:
        ExperimentNotFound: There is none of that id.
        StorageFailed: It cannot be read.
    """
    folder = Runs(output_dir).open(experiment)
    held = folder.holder() is not None  # asked first: a run that ends in between is shown as what it became
    async with folder.read() as store:
        snapshot = await store.snapshot(measured=measured)
        # Not when its files were written to: reading what a killed process has left writes to them.
        times = [recorded.time async for recorded in store.events(snapshot.last_sequence - 1)]
    abandoned = snapshot.state is ExperimentState.RUNNING and not held
    name = f"the stored configuration of {experiment}"
    return StoredExperiment(
        snapshot=snapshot,
        config=await asyncio.to_thread(config_from_yaml, snapshot.config_yaml, name=name),
        state=ExperimentState.INTERRUPTED if abandoned else snapshot.state,
        last_activity=times[-1],
    )


def list_experiments(output_dir: Path) -> tuple[str, ...]:
    """Return the ids of the stored experiments, sorted, those that cannot be read included."""
    return tuple(run.folder.id for run in Runs(output_dir).list())
