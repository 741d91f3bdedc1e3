"""Ray backend: one actor for each worker on the nodes of a Ray cluster.

`actor` runs on the nodes: it fetches the scenario's files (`scenario_cache`), takes a core, and plays on a local
backend of one worker. `Cluster` is this process's connection, `ActorHandle` one actor seen from here, and `RayBackend`
keeps the requested number of actors. Each call carries messages of `worker/v1` as bytes; `error_mapping` converts
errors. Ray is imported in this package only.
"""

__all__: list[str] = []
