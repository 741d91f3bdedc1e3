"""Creation, hardening, inspection and removal of agents' containers, which are found by their labels."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiodocker

from clau_doom.backends.docker.configuration import DockerConfig
from clau_doom.backends.docker.daemon import Daemon, asking
from clau_doom.backends.docker.exit_reason import ExitState
from clau_doom.domain.ids import parse_agent_id
from clau_doom.errors import AgentNotFound, ClauDoomError, ContainerRefused
from clau_doom.escaping import sanitized

__all__ = [
    "AGENT",
    "EXPERIMENT",
    "GENERATION",
    "RUN",
    "ContainerInfo",
    "ContainerManager",
    "ContainerSpec",
    "check_image",
    "generation_of",
    "limits",
    "list_containers",
    "reachable",
    "remove_containers",
]

AGENT, GENERATION = "clau-doom.agent-id", "clau-doom.generation"
EXPERIMENT, RUN = "clau-doom.experiment", "clau-doom.run"
_NO_SUCH, _CONFLICT = 404, 409
_STOP_SECONDS = 10
_AGAIN = 0.05
_SHARED_MEMORY = 64 << 20
_LOG_SIZE = "1m"
# An unused address of TEST-NET-1 (RFC 5737). Old daemons query the host's resolver even for internal networks.
_NO_RESOLVER = "192.0.2.1"
_USER = "10001:10001"


def generation_of(agent: str) -> str:
    """Return the generation in an agent's id as a label value; empty for the random baseline."""
    try:
        return str(parse_agent_id(agent)[1])
    except AgentNotFound:
        return ""


@dataclass(frozen=True, kw_only=True)
class ContainerSpec:
    """Settings of one new container.

    Attributes:
        agent: The agent's id.
        environment: Additional environment variables, including a token.
        core: The CPU core of the container, or None.
    """

    agent: str
    environment: Mapping[str, str] = field(repr=False)
    core: int | None


@dataclass(frozen=True, kw_only=True)
class ContainerInfo:
    """A container with the labels of clau-doom.

    Attributes:
        id: Docker's id of the container.
        agent: The agent's id.
        experiment: The experiment's id.
        generation: The agent's generation, as text; empty for the random baseline.
        state: State in Docker's terms, such as ``running`` or ``exited``.
        unhealthy: Whether the container's health check fails.
    """

    id: str
    agent: str
    experiment: str
    generation: str
    state: str
    unhealthy: bool


class ContainerManager:
    """Creates, finds and removes the containers of one experiment's agents."""

    def __init__(self, daemon: Daemon, config: DockerConfig, image: str, *, experiment: str, run: str) -> None:
        """Create a manager.

        Args:
            daemon: The Docker daemon; already entered.
            config: Resource limits and network of the containers.
            image: The id of the image. The image's name may be assigned to another image during the run.
            experiment: The experiment's id.
            run: The experiment's UUID, which is unique even if an id is used again.
        """
        self._daemon = daemon
        self._config = config
        self._image = image
        self._experiment = experiment
        self._run = run

    async def reachable(self, container: str, port: int) -> str:
        """Wait until the program in a container listens on a port, and return the container's address."""
        return await reachable(self._daemon, container, self._config.network, port)

    async def spawn(self, spec: ContainerSpec) -> str:
        """Create a container and start it; return its id.

        Raises:
            ContainerRefused: The image or the network is missing, or a container of another owner has the name.
            DockerUnreachable: No daemon answers.
            InfrastructureFailed: The daemon has failed.
        """
        step = f"creating container for agent {spec.agent}"
        with asking(step, image=self._config.image):
            try:
                container = await self._create(spec)
            except aiodocker.DockerError as error:
                if error.status != _CONFLICT:
                    raise
                await self._make_room(spec.agent, step)
                container = await self._create(spec)
        try:
            with asking(f"starting container for agent {spec.agent}"):
                await container.start()
        except BaseException:
            with contextlib.suppress(ClauDoomError):  # the removal may fail like the start
                await self.remove(container.id)
            raise
        return str(container.id)

    async def list_containers(self, *, generation: int | None = None) -> tuple[ContainerInfo, ...]:
        """Return this experiment's containers in all states."""
        labels = {RUN: self._run} | ({} if generation is None else {GENERATION: str(generation)})
        return await list_containers(self._daemon, labels)

    async def move(self, container: str, core: int) -> None:
        """Move a container to another CPU core."""
        with asking(f"moving container {container[:12]} to core {core}"):
            await self._daemon.client._query_json(  # noqa: SLF001 - aiodocker has no call for it
                f"containers/{container}/update", method="POST", data={"CpusetCpus": str(core)}
            )

    async def exit_state(self, container: str) -> ExitState:
        """Return the exit state of a container. Wait briefly if the container is about to end."""
        for _ in range(20):
            with asking(f"inspecting container {container[:12]}"):
                state: dict[str, Any] = (await self._daemon.client.containers.container(container).show())["State"]
            if not state.get("Running"):
                break
            await asyncio.sleep(_AGAIN)
        return ExitState(
            running=bool(state.get("Running")),
            code=int(state.get("ExitCode", 0)),
            out_of_memory=bool(state.get("OOMKilled")),
            error=str(state.get("Error") or ""),
        )

    async def last_log_line(self, container: str) -> str:
        """Return the last line of a container's log, or an empty text."""
        with contextlib.suppress(ClauDoomError):
            with asking("reading a container's log"):
                lines = await self._daemon.client.containers.container(container).log(stdout=True, stderr=True, tail=1)
            return sanitized("".join(lines).strip(), 300).strip()
        return ""

    async def remove(self, container: str) -> None:
        """Kill a container and remove it. Do nothing if it is already gone."""
        with asking(f"removing container {container[:12]}"):
            await _remove(self._daemon, container)

    async def cleanup_generation(
        self, generation: int | None = None, *, living: Callable[[], Collection[str]] = tuple
    ) -> int:
        """Stop and remove this experiment's containers of a generation (None: of all); return their number.

        Args:
            generation: Generation of the agents.
            living: Returns the agents that play again, such as agents in evaluation. Their containers are kept.

        Raises:
            ExceptionGroup: Some containers could not be removed; all others were.
        """
        there = await self.list_containers(generation=generation)
        playing = living()  # before the query, so that containers created after it are not removed
        return await remove_containers(self._daemon, [each for each in there if each.agent not in playing])

    async def _create(self, spec: ContainerSpec) -> Any:
        return await self._daemon.client.containers.create(self._settings(spec), name=f"agent-{spec.agent}")

    async def _make_room(self, agent: str, step: str) -> None:
        """Remove an old container that has an agent's name, such as one of a killed orchestrator.

        Containers of other owners are kept. If the daemon cannot remove the container, it is renamed. A daemon may fail
        to remove a container permanently after a restart.
        """
        name = f"agent-{agent}"
        try:
            other = await self._daemon.client.containers.get(name)
        except aiodocker.DockerError as error:
            if error.status == _NO_SUCH:
                return
            raise
        labels: Mapping[str, str] = (await other.show())["Config"].get("Labels") or {}
        if labels.get(RUN) != self._run:
            raise ContainerRefused(
                f"{step}: container {name} exists and does not belong to this experiment: "
                f"remove it (docker rm -f {name}), or rename the experiment"
            )
        try:
            await _remove(self._daemon, str(other.id))
        except aiodocker.DockerError:
            await other.rename(f"{name}-{other.id[:12]}")

    def _settings(self, spec: ContainerSpec) -> dict[str, Any]:
        return {
            "Image": self._image,
            "User": _USER,
            "Env": [f"{name}={value}" for name, value in {"AGENT_ID": spec.agent, **spec.environment}.items()],
            "Labels": {
                AGENT: spec.agent,
                GENERATION: generation_of(spec.agent),
                EXPERIMENT: self._experiment,
                RUN: self._run,
            },
            "Hostname": "agent",
            "StopTimeout": _STOP_SECONDS,
            "HostConfig": limits(self._config, spec.core),
        }


async def check_image(daemon: Daemon, image: str) -> str:
    """Return the id of an image.

    Raises:
        ContainerRefused: The image is missing.
    """
    with asking(f"looking for the image {image}", image=image):
        return str((await daemon.client.images.inspect(image))["Id"])


def limits(config: DockerConfig, core: int | None) -> dict[str, Any]:
    """Return the ``HostConfig`` with the limits of every container that runs untrusted code."""
    return {
        "NetworkMode": config.network,
        "Dns": [_NO_RESOLVER],
        "Memory": config.memory,
        "MemorySwap": config.memory,
        # Pinning to one core is a sufficient limit. An additional quota costs a busy worker a fifth of its time.
        "NanoCpus": 0 if core is not None and config.cpus >= 1.0 else round(config.cpus * 1e9),
        "CpusetCpus": "" if core is None else str(core),
        "PidsLimit": config.pids,
        "ReadonlyRootfs": True,
        "Tmpfs": {"/tmp": f"rw,nosuid,nodev,exec,size={config.tmpfs},mode=1777"},  # noqa: S108 - in the container
        "ShmSize": _SHARED_MEMORY,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "IpcMode": "private",
        "Ulimits": [{"Name": "core", "Soft": 0, "Hard": 0}, {"Name": "nofile", "Soft": 1024, "Hard": 1024}],
        "LogConfig": {"Type": "json-file", "Config": {"max-size": _LOG_SIZE, "max-file": "1"}},
        "RestartPolicy": {"Name": "no"},
    }


async def reachable(daemon: Daemon, container: str, network: str, port: int) -> str:
    """Wait until the program in a container listens on a port; return the container's address on a network."""
    while True:
        with asking(f"inspecting container {container[:12]}"):
            shown: dict[str, Any] = await daemon.client.containers.container(container).show()
        if host := str(shown["NetworkSettings"]["Networks"].get(network, {}).get("IPAddress", "")):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(host, port)
                writer.close()
                return host
        await asyncio.sleep(_AGAIN)


async def list_containers(daemon: Daemon, labels: Mapping[str, str]) -> tuple[ContainerInfo, ...]:
    """Return agents' containers with the given labels, in all states, sorted by agent id."""
    spec = [AGENT, *(f"{name}={value}" for name, value in labels.items())]
    with asking("listing containers"):
        rows = await daemon.client.containers.list(all=True, filters={"label": spec})
    return tuple(sorted((_container_info(row) for row in rows), key=lambda each: (each.agent, each.id)))


async def remove_containers(daemon: Daemon, containers: Sequence[ContainerInfo]) -> int:
    """Stop containers, each with ten seconds to end by itself, and remove them; return their number.

    Raises:
        ExceptionGroup: Some containers could not be removed; all others were.
    """

    async def stop(container: ContainerInfo) -> None:
        with asking(f"removing container for agent {container.agent}"):
            with contextlib.suppress(aiodocker.DockerError, TimeoutError):  # killed below if it fails
                await daemon.client.containers.container(container.id).stop(t=_STOP_SECONDS, timeout=_STOP_SECONDS + 20)
            await _remove(daemon, container.id)

    ends = await asyncio.gather(*(stop(each) for each in containers), return_exceptions=True)
    if errors := [end for end in ends if isinstance(end, Exception)]:
        raise ExceptionGroup(f"{len(errors)} of {len(containers)} containers could not be removed", errors)
    if stopped := [end for end in ends if isinstance(end, BaseException)]:
        raise stopped[0]
    return len(containers)


async def _remove(daemon: Daemon, container: str) -> None:
    try:
        await daemon.client.containers.container(container).delete(force=True, v=True)
    except aiodocker.DockerError as error:
        if error.status == _CONFLICT:  # another removal is in progress
            for _ in range(100):
                await asyncio.sleep(0.1)
                if not await daemon.client.containers.list(all=True, filters={"id": [container]}):
                    return
        if error.status != _NO_SUCH:
            raise


def _container_info(row: Any) -> ContainerInfo:
    labels = row["Labels"]
    return ContainerInfo(
        id=str(row.id),
        agent=str(labels[AGENT]),
        experiment=str(labels.get(EXPERIMENT, "")),
        generation=str(labels.get(GENERATION, "")),
        state=str(row["State"]),
        unhealthy="(unhealthy)" in str(row["Status"]),
    )
