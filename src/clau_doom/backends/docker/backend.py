"""Docker backend: a fixed number of places, each with one playing agent and one agent that is being prepared."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from clau_doom.backends.core_allocator import CoreAllocator, Share
from clau_doom.backends.docker.agent_container import AgentContainer, ConnectorFactory, ContainerContext
from clau_doom.backends.docker.configuration import DockerConfig
from clau_doom.backends.docker.container_lifecycle import ContainerManager, check_image, generation_of
from clau_doom.backends.docker.daemon import Daemon
from clau_doom.backends.docker.network import Network, ensure_network
from clau_doom.backends.docker.worker_connectors import Service, dialled, served
from clau_doom.backends.docker.worker_server import WorkerServer
from clau_doom.backends.docker.worker_session import PendingEpisode, SessionLimits
from clau_doom.backends.local.worker_channel import Requeued
from clau_doom.domain import Episode, Purpose
from clau_doom.errors import ClauDoomError, Forged, InfrastructureFailed, describe
from clau_doom.logs import get_logger
from clau_doom.ports import EpisodeTask, EvaluationBackend, Glimpse

__all__ = ["DockerBackend"]

_DEPTH = 2
"""Episodes that an agent receives at once: one is played, and the other one waits."""
_WATCH_INTERVAL = 0.5
_LOOK_INTERVAL = 2.0
"""Seconds between two queries of the containers' states."""

_log = get_logger(__name__)


@dataclass
class _Place:
    """A place and its agents: the first one plays, and the second one is being prepared."""

    number: int
    tenants: list[AgentContainer] = field(default_factory=list)

    @property
    def staying(self) -> list[AgentContainer]:
        """Agents in this place that are not leaving."""
        return [tenant for tenant in self.tenants if not tenant.leaving]


class DockerBackend(EvaluationBackend):
    """Plays each agent in its own container, and verifies the reported outcomes with trusted local workers."""

    def __init__(
        self,
        *,
        experiment: str,
        run: str,
        config: DockerConfig,
        rules: SessionLimits,
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
            rules: Limits on the messages of all workers.
            workers: Number of agents that play at once; 0: one for each core.
            trusted: Local backend that replays actions for verification. It is entered at the first verification.
            service: Settings for local engines, when the containers serve only the policy; otherwise None.
            cores: The places for workers, which other backends may share.
        """
        self._experiment = experiment
        self._run = run
        self._config = config
        self._rules = rules
        self._wanted = workers
        self._cores = cores
        self._places = [_Place(number) for number in range(len(self._cores.places))]
        self._share: Share | None = None
        self._trusted = trusted
        self._service = service
        self._trusts: asyncio.Future[None] | None = None
        self._proving = 0
        self._stack = contextlib.AsyncExitStack()
        self._stays: dict[asyncio.Task[None], AgentContainer] = {}
        self._around: ContainerContext | None = None
        self._settling = False
        self._chores: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Connect to Docker, remove containers of a killed orchestrator, create the network, and listen for workers."""
        try:
            daemon = await self._stack.enter_async_context(Daemon())
            image = await check_image(daemon, self._config.image)
            manager = ContainerManager(daemon, self._config, image, experiment=self._experiment, run=self._run)
            if left := await _cleaned_up(manager, None):
                _log.info("containers of an earlier process were removed", containers=left)
            network = await ensure_network(daemon, self._config.network)
            door = await self._door(manager, network)
            self._around = ContainerContext(manager=manager, door=door, config=self._config)
            self._share = self._stack.enter_context(self._cores.share(self._wanted))
        except BaseException:
            await self._stack.aclose()
            raise
        self._chore(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove all containers, and end the workers."""
        try:
            for tenant in self._tenants():
                tenant.end()
            ending = [*self._chores, *([self._trusts] if self._trusts else [])]  # workers may still start
            for task in ending:
                task.cancel()
            await asyncio.gather(*self._stays, *ending, return_exceptions=True)
            await self._cleanup(None)
        finally:
            await self._stack.aclose()

    @property
    def slots(self) -> int:
        """Maximum number of episodes in the backend at once."""
        return self._most * _DEPTH + self._trusted.slots

    @property
    def _most(self) -> int:
        """Maximum number of agents at once: for each place, one that plays and one that is being prepared."""
        return 2 * max(len(self._share.places) if self._share else 0, 1)

    def takes(self, task: EpisodeTask) -> bool:
        """Return whether the backend can accept an episode now.

        It accepts two episodes for each agent, and two agents for each place.
        """
        if task.actions is not None:
            return self._proving < self._trusted.slots
        busy = 0
        for tenant in self._tenants():
            if tenant.agent == task.agent:
                return tenant.leaving or tenant.outstanding < _DEPTH
            busy += tenant.outstanding > 0
        return busy < self._most

    async def play(self, task: EpisodeTask) -> Episode:
        """Play one episode in the container of its agent; see the port."""
        if task.actions is not None:
            return await self._proved(task)
        episode = await self._played(task)
        if self._rules.claims and (self._config.verify == "all" or task.purpose is not Purpose.TRAINING):
            proof = await self._proved(replace(task, actions=episode.actions))
            if wrong := episode.outcome.mismatch(proof.outcome):
                raise Forged(f"episode {task.number} is forged: {wrong}")
            if task.purpose is Purpose.TRAINING:  # actions are kept for replays of evaluation only
                return replace(episode, actions=None)
        return episode

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return the newest pictures of running episodes; see the port."""
        seen = [tenant.glimpse() for tenant in self._tenants()]
        return tuple([each for each in seen if each])

    async def end_generation(self, generation: int) -> None:
        """Remove the containers of a generation's agents in the background, while the next generation begins."""
        for tenant in self._tenants():
            if generation_of(tenant.agent) == str(generation):
                tenant.leave()
        self._chore(self._cleanup(generation))

    async def _door(self, manager: ContainerManager, network: Network) -> ConnectorFactory:
        if self._service is not None:
            self._stack.enter_context(self._service.folders)
            return served(manager, self._service)
        listen = self._config.listen or f"{network.gateway}:0"
        gate = await self._stack.enter_async_context(WorkerServer(listen, advertise=self._config.advertise))
        return dialled(gate, self._rules)

    async def _played(self, task: EpisodeTask) -> Episode:
        assert self._share is not None, "entered first"
        await self._share.have_any()
        while True:
            asked = PendingEpisode(task=task, answer=asyncio.get_running_loop().create_future())
            tenant = await self._tenant(task.agent)
            tenant.ask(asked)
            self._settle()
            try:
                return await asked.answer
            except Requeued:
                continue
            except asyncio.CancelledError:
                tenant.end()
                raise

    async def _proved(self, task: EpisodeTask) -> Episode:
        self._proving += 1
        try:
            trusts = self._trusts = self._trusts or asyncio.ensure_future(self._enter_trusted())
            try:
                await asyncio.shield(trusts)
            except InfrastructureFailed:
                if self._trusts is trusts:
                    self._trusts = None  # the next verification starts the workers again
                raise
            return await self._trusted.play(task)
        finally:
            self._proving -= 1

    async def _enter_trusted(self) -> None:
        await self._stack.enter_async_context(self._trusted)

    async def _tenant(self, agent: str) -> AgentContainer:
        """Return the container of an agent. Create a new one after the agent's previous container has been removed."""
        while found := next((each for each in self._stays.items() if each[1].agent == agent), None):
            stay, tenant = found
            if not tenant.leaving:
                return tenant
            await asyncio.wait({stay})
        assert self._around is not None, "entered first"
        place = self._emptiest()
        tenant = AgentContainer(agent, place.number, self._cores.places[place.number], self._around, self._settle_soon)
        place.tenants.append(tenant)
        stay = asyncio.ensure_future(tenant.live())
        self._stays[stay] = tenant
        stay.add_done_callback(self._moved_out)
        return tenant

    def _emptiest(self) -> _Place:
        """Return the allotted place with the fewest active agents; of equal places, the one with the fewest agents."""
        assert self._share is not None, "entered first"
        ours = [self._places[number] for number in self._share.places] or self._places
        return min(ours, key=lambda place: (sum(each.outstanding > 0 for each in place.tenants), len(place.tenants)))

    def _moved_out(self, stay: "asyncio.Task[None]") -> None:
        tenant = self._stays.pop(stay)
        self._places[tenant.place].tenants.remove(tenant)
        self._settle_soon()

    def _tenants(self) -> list[AgentContainer]:
        return [tenant for place in self._places for tenant in place.tenants]

    def _settle_soon(self) -> None:
        """Schedule `_settle` for the next loop iteration, so that callers can request more episodes first."""
        if not self._settling:
            self._settling = True
            asyncio.get_running_loop().call_soon(self._settle)

    def _settle(self) -> None:
        """Let the first agent of each place play. An idle agent leaves if another one waits for the place."""
        self._settling = False
        share = self._share
        if share is None:
            return
        for place in self._places:
            staying = place.staying
            while len(staying) > 1 and not staying[0].outstanding:
                staying.pop(0).leave()
        for place in self._places:
            if place.number in share.places:
                self._play_in(place)
        # A place is also in use while a container is created for it. Other backends must not receive it then.
        share.plays_on(sum(any(tenant.outstanding for tenant in place.tenants) for place in self._places))

    def _play_in(self, place: _Place) -> None:
        if not any(tenant.outstanding for tenant in place.staying) and (spare := self._spare()):
            self._places[spare.place].tenants.remove(spare)
            place.tenants.append(spare)
            spare.place = place.number
            self._chore(spare.move_to(self._cores.places[place.number]))
        for tenant in place.staying:
            if tenant.outstanding:
                tenant.play(_DEPTH)
                return

    def _spare(self) -> AgentContainer | None:
        """Return a ready agent that waits behind another agent, or None."""
        if self._service is not None:  # the local worker is pinned to a core, too
            return None
        behind = (tenant for place in self._places for tenant in place.staying[1:])
        return next((each for each in behind if each.ready and each.outstanding and not each.playing), None)

    async def _watch(self) -> None:
        """Check all containers periodically while the backend is entered."""
        looked = -_LOOK_INTERVAL
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_WATCH_INTERVAL)
            states = {}
            if loop.time() - looked > _LOOK_INTERVAL and self._stays:
                assert self._around is not None
                with contextlib.suppress(ClauDoomError):  # during a daemon restart, the streams report losses
                    states = {found.id: found for found in await self._around.manager.found()}
                looked = loop.time()
            for tenant in self._tenants():
                tenant.watch(states.get(tenant.container or ""))
            self._settle()

    async def _cleanup(self, generation: int | None) -> None:
        assert self._around is not None
        stays = [
            stay
            for stay, tenant in self._stays.items()
            if generation is None or generation_of(tenant.agent) == str(generation)
        ]
        await asyncio.gather(*stays, return_exceptions=True)
        await _cleaned_up(self._around.manager, generation, living=lambda: [tenant.agent for tenant in self._tenants()])

    def _chore(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)


async def _cleaned_up(
    manager: ContainerManager, generation: int | None, *, living: Callable[[], Collection[str]] = tuple
) -> int:
    """Remove containers with `ContainerManager.cleanup_generation`. An error is logged and does not end the run."""
    try:
        return await manager.cleanup_generation(generation, living=living)
    except (ClauDoomError, ExceptionGroup) as error:
        _log.warning("containers may be left: clau-doom agent cleanup removes them", error=describe(error))
        return 0
