"""Docker backend: each agent in its own container, with limits and without a network.

`ContainerManager` creates and removes containers, which are known by their labels. Workers connect to `WorkerServer`
with a token that is valid once. A `WorkerSession` checks the messages of one worker. An `AgentContainer` is one agent's
container from creation to removal. `DockerBackend` assigns the places. The daemon is reached through aiodocker.
"""

__all__: list[str] = []
