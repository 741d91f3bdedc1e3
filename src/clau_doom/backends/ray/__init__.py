"""Episodes on the nodes of a Ray cluster: one actor a worker, which starts and watches it as the local backend would.

`actor` runs on the nodes: it brings the scenario's files there (`files`), takes a core (`seats`), and plays on a local
backend of one worker. `Cluster` is this process's connection, `Hosted` one actor seen from here, and `RayBackend` keeps
as many of them as are wanted. Every call carries messages of `worker/v1` as bytes; `faults` says what an error becomes
on the way. Ray is imported in this room only.
"""

from clau_doom.backends.ray.actor_handle import Rules
from clau_doom.backends.ray.backend import RayBackend
from clau_doom.backends.ray.cluster import Cluster, check_cluster, connected

__all__ = ["Cluster", "RayBackend", "Rules", "check_cluster", "connected"]
