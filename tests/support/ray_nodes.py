"""Ray cluster of several nodes on this machine, for tests."""

import signal
import warnings
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

__all__ = ["RayNodes"]

_STORE = 80 << 20


class RayNodes:
    """Ray cluster with separate processes for each node. Nodes can be added and killed."""

    def __init__(self, cpus: int) -> None:
        """Create a cluster that starts when it is entered."""
        self._cpus = cpus
        self._cluster: Any = None

    def __enter__(self) -> Self:
        """Start the head with the given number of CPUs."""
        from ray.cluster_utils import Cluster

        self._handler = signal.getsignal(signal.SIGTERM)
        with _quiet():
            self._cluster = Cluster()
        self.add(self._cpus)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop all nodes."""
        with _quiet():
            self._cluster.shutdown()
        signal.signal(signal.SIGTERM, self._handler)  # Ray has replaced the handler

    @property
    def address(self) -> str:
        """Address of the head."""
        return str(self._cluster.address)

    def add(self, cpus: int) -> Any:
        """Add a node with a number of CPUs."""
        with _quiet():
            return self._cluster.add_node(num_cpus=cpus, object_store_memory=_STORE, include_dashboard=False)

    def kill(self, node: Any) -> None:
        """Kill all processes of a node."""
        with _quiet():
            self._cluster.remove_node(node, allow_graceful=False)


def _quiet() -> AbstractContextManager[object]:
    """Ignore warnings of Ray's own code, which pytest would raise as errors."""
    return warnings.catch_warnings(action="ignore")
