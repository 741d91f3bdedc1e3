"""A Ray cluster of several nodes on this machine, for tests."""

import signal
import warnings
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

__all__ = ["RayNodes"]

_STORE = 80 << 20


class RayNodes:
    """A real cluster, whose nodes can be added and killed; every node is a set of processes of its own."""

    def __init__(self, cpus: int) -> None:
        """Prepare a cluster; entering it starts a head with so many CPUs."""
        self._cpus = cpus
        self._cluster: Any = None

    def __enter__(self) -> Self:
        """Start the head."""
        from ray.cluster_utils import Cluster

        self._handler = signal.getsignal(signal.SIGTERM)
        with _quiet():
            self._cluster = Cluster()
        self.add(self._cpus)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all nodes."""
        with _quiet():
            self._cluster.shutdown()
        signal.signal(signal.SIGTERM, self._handler)  # Ray has put its own in its place

    @property
    def address(self) -> str:
        """Where the head is."""
        return str(self._cluster.address)

    def add(self, cpus: int) -> Any:
        """Add a node with so many CPUs."""
        with _quiet():
            return self._cluster.add_node(num_cpus=cpus, object_store_memory=_STORE, include_dashboard=False)

    def kill(self, node: Any) -> None:
        """Kill all processes of a node."""
        with _quiet():
            self._cluster.remove_node(node, allow_graceful=False)


def _quiet() -> AbstractContextManager[object]:
    """Return what keeps warnings about Ray's own code from whoever makes errors of them."""
    return warnings.catch_warnings(action="ignore")
