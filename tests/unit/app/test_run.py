"""Tests of the relay of a local run, which an error does not end."""

from collections.abc import Sequence

from clau_doom.access import PrivatePaths
from clau_doom.app.run import _relayed
from clau_doom.domain.events import ExperimentCompleted, ExperimentStarted
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.events import InProcessBus
from clau_doom.orchestration import ReaderHealth
from clau_doom.ports import BusMessage
from clau_doom.testing.memory_store import MemoryStore

EXPERIMENT = Experiment(id="lab", uuid="u", seed=1, config_yaml="", provenance=Provenance(facts=()))
STARTED = ExperimentStarted(resumed=False, generations=1, config_yaml="")


async def test_failed_relay_is_restarted_without_loss() -> None:
    """After any error of the bus, the run continues and no event is lost."""

    class Broken(InProcessBus):
        failures = 1

        async def publish(self, messages: Sequence[BusMessage]) -> None:
            if self.failures:
                self.failures -= 1
                raise KeyError("a bug of a library")
            await super().publish(messages)

    store = MemoryStore(EXPERIMENT)
    async with Broken() as bus:
        async with _relayed(store, bus, PrivatePaths({}), ReaderHealth()):
            await store.append([STARTED, ExperimentCompleted(generations=1)], running_seconds=0.0)
        assert (bus.failures, await bus.last_published("u", "")) == (0, 3)
