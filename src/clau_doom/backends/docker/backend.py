"""Docker backend: a fixed number of places, each with one playing agent and one agent that is being prepared."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from clau_doom.backends.core_allocator import CoreAllocator, CoreShare
from clau_doom.backends.docker.agent_container import AgentContainer, ConnectorFactory, ContainerContext
from clau_doom.backends.docker.configuration import DockerConfig
from clau_doom.backends.docker.container_lifecycle import ContainerManager, check_image, generation_of
from clau_doom.backends.docker.daemon import Daemon
from clau_doom.backends.docker.network import Network, ensure_network
from clau_doom.backends.docker.worker_connection_modes import Service, inbound_connectors, service_connectors
from clau_doom.backends.docker.worker_gateway import WorkerServer
from clau_doom.backends.docker.worker_session import PendingEpisode, SessionLimits
from clau_doom.backends.local.worker_channel import Requeued
from clau_doom.domain import Episode, Purpose
from clau_doom.error_description import describe
from clau_doom.errors import ClauDoomError, Forged, InfrastructureFailed
from clau_doom.logs import get_logger
from clau_doom.ports import EpisodeTask, EvaluationBackend, Glimpse

__all__ = ["DockerBackend"]

_EPISODES_PER_AGENT = 2
"""Episodes that an agent receives at once: one is played, and the other one waits."""
_WATCH_INTERVAL = 0.5
_QUERY_INTERVAL = 2.0
"""Seconds between two queries of the containers' states."""

_log = get_logger(__name__)


@dataclass
class _Place:
    """A place and its agents: the first one plays, and the second one is being prepared."""

    number: int
    containers: list[AgentContainer] = field(default_factory=list)

    @property
    def active(self) -> list[AgentContainer]:
        """Agents in this place that are not leaving."""
        return [container for container in self.containers if not container.draining]


class DockerBackend(EvaluationBackend):
    """Plays each agent in its own container, and verifies the reported outcomes with trusted local workers."""

    def __init__(
        self,
        *,
        experiment: str,
        run: str,
        config: DockerConfig,
        limits: SessionLimits,
        workers: int,
        trusted: EvaluationBackend,
        service: Service | None = None,
        cores: CoreAllocator,
    ) -> None:
        """Prepare a backend. Entering the context starts it.

        Args:
            experiment: The experiment's id.
            run: The experiment's UUID.
            config: Image, network and limits of the containers.
            limits: Limits on the messages of all workers.
            workers: Number of agents that play at once; 0: one for each core.
            trusted: Local backend that replays actions for verification. It is entered at the first verification.
            service: Settings for local engines, when the containers serve only the policy; otherwise None.
            cores: The places for workers, which other backends may share.
        """
        self._experiment = experiment
        self._run = run
        self._config = config
        self._limits = limits
        self._workers = workers
        self._cores = cores
        self._places = [_Place(number) for number in range(len(self._cores.places))]
        self._share: CoreShare | None = None
        self._trusted = trusted
        self._service = service
        self._trusted_start: asyncio.Future[None] | None = None
        self._verifying = 0
        self._stack = contextlib.AsyncExitStack()
        self._container_tasks: dict[asyncio.Task[None], AgentContainer] = {}
        self._context: ContainerContext | None = None
        self._assignment_scheduled = False
        self._background_tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Connect to Docker, remove containers of a killed orchestrator, create the network, and listen for workers."""
        try:
            daemon = await self._stack.enter_async_context(Daemon())
            image = await check_image(daemon, self._config.image)
            manager = ContainerManager(daemon, self._config, image, experiment=self._experiment, run=self._run)
            if left := await _cleaned_up(manager, None):
                _log.info("removed containers of an earlier process", containers=left)
            network = await ensure_network(daemon, self._config.network)
            connector_factory = await self._connector_factory(manager, network)
            self._context = ContainerContext(manager=manager, connector_factory=connector_factory, config=self._config)
            self._share = self._stack.enter_context(self._cores.share(self._workers))
        except BaseException:
            await self._stack.aclose()
            raise
        self._run_in_background(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove all containers, and end the workers."""
        try:
            for container in self._containers():
                container.end()
            ending: list[asyncio.Future[None]] = [*self._background_tasks]
            if self._trusted_start:  # workers may still start
                ending.append(self._trusted_start)
            for task in ending:
                task.cancel()
            await asyncio.gather(*self._container_tasks, *ending, return_exceptions=True)
            await self._cleanup(None)
        finally:
            await self._stack.aclose()

    @property
    def slots(self) -> int:
        """Maximum number of episodes in the backend at once."""
        return self._max_agents * _EPISODES_PER_AGENT + self._trusted.slots

    @property
    def _max_agents(self) -> int:
        """Maximum number of agents at once: for each place, one that plays and one that is being prepared."""
        return 2 * max(len(self._share.places) if self._share else 0, 1)

    def takes(self, task: EpisodeTask) -> bool:
        """Return whether the backend can accept an episode now.

        It accepts two episodes for each agent, and two agents for each place.
        """
        if task.actions is not None:
            return self._verifying < self._trusted.slots
        busy = 0
        for container in self._containers():
            if container.agent == task.agent:
                return container.draining or container.outstanding < _EPISODES_PER_AGENT
            busy += container.outstanding > 0
        return busy < self._max_agents

    async def play(self, task: EpisodeTask) -> Episode:
        """Play one episode in the container of its agent; see the port."""
        if task.actions is not None:
            return await self._verified(task)
        episode = await self._played(task)
        if self._limits.claims and (self._config.verify == "all" or task.purpose is not Purpose.TRAINING):
            proof = await self._verified(replace(task, actions=episode.actions))
            if wrong := episode.outcome.mismatch(proof.outcome):
                raise Forged(f"episode {task.number} is forged: {wrong}")
            if task.purpose is Purpose.TRAINING:  # actions are kept for replays of evaluation only
                return replace(episode, actions=None)
        return episode

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return the newest pictures of running episodes; see the port."""
        seen = [container.glimpse() for container in self._containers()]
        return tuple([each for each in seen if each])

    async def end_generation(self, generation: int) -> None:
        """Remove the containers of a generation's agents in the background, while the next generation begins."""
        for container in self._containers():
            if generation_of(container.agent) == str(generation):
                container.drain()
        self._run_in_background(self._cleanup(generation))

    async def _connector_factory(self, manager: ContainerManager, network: Network) -> ConnectorFactory:
        if self._service is not None:
            self._stack.enter_context(self._service.folders)
            return service_connectors(manager, self._service)
        listen = self._config.listen or f"{network.gateway}:0"
        server = await self._stack.enter_async_context(WorkerServer(listen, advertise=self._config.advertise))
        return inbound_connectors(server, self._limits)

    async def _played(self, task: EpisodeTask) -> Episode:
        assert self._share is not None, "entered first"
        await self._share.have_any()
        while True:
            pending = PendingEpisode(task=task, answer=asyncio.get_running_loop().create_future())
            container = await self._container_of(task.agent)
            container.enqueue(pending)
            self._assign_places()
            try:
                return await pending.answer
            except Requeued:
                continue
            except asyncio.CancelledError:
                container.end()
                raise

    async def _verified(self, task: EpisodeTask) -> Episode:
        self._verifying += 1
        try:
            start = self._trusted_start = self._trusted_start or asyncio.ensure_future(self._enter_trusted())
            try:
                await asyncio.shield(start)
            except InfrastructureFailed:
                if self._trusted_start is start:
                    self._trusted_start = None  # the next verification starts the workers again
                raise
            return await self._trusted.play(task)
        finally:
            self._verifying -= 1

    async def _enter_trusted(self) -> None:
        await self._stack.enter_async_context(self._trusted)

    async def _container_of(self, agent: str) -> AgentContainer:
        """Return the container of an agent. Create a new one after the agent's previous container has been removed."""
        while found := next((each for each in self._container_tasks.items() if each[1].agent == agent), None):
            task, container = found
            if not container.draining:
                return container
            await asyncio.wait({task})
        assert self._context is not None, "entered first"
        place = self._least_busy_place()
        container = AgentContainer(
            agent, place.number, self._cores.places[place.number], self._context, self._assign_places_soon
        )
        place.containers.append(container)
        task = asyncio.ensure_future(container.run())
        self._container_tasks[task] = container
        task.add_done_callback(self._forget)
        return container

    def _least_busy_place(self) -> _Place:
        """Return the allotted place with the fewest active agents; of equal places, the one with the fewest agents."""
        assert self._share is not None, "entered first"
        ours = [self._places[number] for number in self._share.places] or self._places
        return min(
            ours, key=lambda place: (sum(each.outstanding > 0 for each in place.containers), len(place.containers))
        )

    def _forget(self, task: "asyncio.Task[None]") -> None:
        container = self._container_tasks.pop(task)
        self._places[container.place].containers.remove(container)
        self._assign_places_soon()

    def _containers(self) -> list[AgentContainer]:
        return [container for place in self._places for container in place.containers]

    def _assign_places_soon(self) -> None:
        """Schedule `_assign_places` for the next loop iteration, so that callers can request more episodes first."""
        if not self._assignment_scheduled:
            self._assignment_scheduled = True
            asyncio.get_running_loop().call_soon(self._assign_places)

    def _assign_places(self) -> None:
        """Let the first agent of each place play. An idle agent leaves if another one waits for the place."""
        self._assignment_scheduled = False
        share = self._share
        if share is None:
            return
        for place in self._places:
            active = place.active
            while len(active) > 1 and not active[0].outstanding:
                active.pop(0).drain()
        for place in self._places:
            if place.number in share.places:
                self._play_in(place)
        # A place is also in use while a container is created for it. Other backends must not receive it then.
        share.plays_on(sum(any(container.outstanding for container in place.containers) for place in self._places))

    def _play_in(self, place: _Place) -> None:
        if not any(container.outstanding for container in place.active) and (waiting := self._waiting_container()):
            self._places[waiting.place].containers.remove(waiting)
            place.containers.append(waiting)
            waiting.place = place.number
            self._run_in_background(waiting.move_to(self._cores.places[place.number]))
        for container in place.active:
            if container.outstanding:
                container.play(_EPISODES_PER_AGENT)
                return

    def _waiting_container(self) -> AgentContainer | None:
        """Return a ready agent that waits behind another agent, or None."""
        if self._service is not None:  # the local worker is pinned to a core, too
            return None
        behind = (container for place in self._places for container in place.active[1:])
        return next((each for each in behind if each.ready and each.outstanding and not each.playing), None)

    async def _watch(self) -> None:
        """Check all containers periodically while the backend is entered."""
        last_query = -_QUERY_INTERVAL
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_WATCH_INTERVAL)
            states = {}
            if loop.time() - last_query > _QUERY_INTERVAL and self._container_tasks:
                assert self._context is not None
                with contextlib.suppress(ClauDoomError):  # during a daemon restart, the streams report losses
                    states = {found.id: found for found in await self._context.manager.list_containers()}
                last_query = loop.time()
            for container in self._containers():
                container.watch(states.get(container.container_id or ""))
            self._assign_places()

    async def _cleanup(self, generation: int | None) -> None:
        assert self._context is not None
        tasks = [
            task
            for task, container in self._container_tasks.items()
            if generation is None or generation_of(container.agent) == str(generation)
        ]
        await asyncio.gather(*tasks, return_exceptions=True)
        await _cleaned_up(
            self._context.manager, generation, living=lambda: [container.agent for container in self._containers()]
        )

    def _run_in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._background_tasks.add(task)
        task.add_done_callback(self._background_tasks.discard)


async def _cleaned_up(
    manager: ContainerManager, generation: int | None, *, living: Callable[[], Collection[str]] = tuple
) -> int:
    """Remove containers with `ContainerManager.cleanup_generation`. An error is logged and does not end the run."""
    try:
        return await manager.cleanup_generation(generation, living=living)
    except (ClauDoomError, ExceptionGroup) as error:
        _log.warning("containers may remain: remove them with clau-doom agent cleanup", error=describe(error))
        return 0
