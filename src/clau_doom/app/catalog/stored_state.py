"""Results of a stored experiment with its current state, read from its folder."""

from dataclasses import dataclass

from clau_doom.domain.experiment import Experiment, ExperimentState
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import StoreCorrupted
from clau_doom.storage import ExperimentFolder

__all__ = ["StoredState", "check_origin", "read_state"]


@dataclass(frozen=True, kw_only=True)
class StoredState:
    """Results of an experiment without its parsed configuration.

    Attributes:
        snapshot: Content of the store.
        state: State of the snapshot, but `INTERRUPTED` if a killed process left `RUNNING`.
        last_activity: Time of the latest event, in seconds since the epoch.
    """

    snapshot: Snapshot
    state: ExperimentState
    last_activity: float


async def read_state(folder: ExperimentFolder, *, measured: bool) -> StoredState:
    """Read the results of an experiment.

    Args:
        folder: Folder of the experiment.
        measured: False: leave out the measures of training episodes; see `ExperimentStore.snapshot`.

    Raises:
        StorageFailed: The experiment cannot be read.
    """
    held = folder.holder() is not None  # read first: a run that ends between the two reads is shown as ended
    async with folder.read() as store:
        snapshot = await store.snapshot(measured=measured)
        # Not the files' modification times: reading the files after a kill modifies them.
        times = [recorded.time async for recorded in store.events(snapshot.last_sequence - 1)]
    abandoned = snapshot.state is ExperimentState.RUNNING and not held
    state = ExperimentState.INTERRUPTED if abandoned else snapshot.state
    return StoredState(snapshot=snapshot, state=state, last_activity=times[-1])


def check_origin(stored: Experiment, folder: str, name: str, seed: int) -> None:
    """Check that a stored configuration belongs to the results.

    Args:
        stored: The experiment of the results.
        folder: Name of the folder, for the message.
        name: Name in the configuration.
        seed: Seed in the configuration.

    Raises:
        StoreCorrupted: Name or seed differ.
    """
    if (name, seed) != (stored.id, stored.seed):
        raise StoreCorrupted(
            f"experiment {folder} is damaged: its configuration names {name} and seed {seed}, "
            f"its results {stored.id} and seed {stored.seed}: restore its folder from a copy, or delete it"
        )
