"""Tests of an agent's container that is lost before its worker receives an episode."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import cast

import pytest

from clau_doom.backends.docker.agent_container import AgentContainer, AttachedWorker, ContainerContext, WorkerConnector
from clau_doom.backends.docker.configuration import DockerConfig
from clau_doom.backends.docker.container_lifecycle import ContainerManager, ContainerSpec
from clau_doom.backends.docker.exit_reason import ExitState
from clau_doom.backends.docker.worker_session import PendingEpisode
from clau_doom.backends.local.worker_channel import Requeued
from clau_doom.domain import Episode, Genome, Purpose
from clau_doom.errors import ClauDoomError, ContainerRefused, DockerUnreachable, WorkerCrashed, WorkerUnavailable
from clau_doom.ports import EpisodeTask

AGENT = "x-g000-a000"


class Containers:
    """Daemon with containers that end before their workers attach, or that creates none."""

    def __init__(self, refusal: ClauDoomError | None = None, exit_state: ExitState | None = None) -> None:
        self.refusal = refusal
        self.end = exit_state or ExitState()

    async def spawn(self, wanted: ContainerSpec) -> str:
        if self.refusal is not None:
            raise self.refusal
        return f"container of {wanted.agent}"

    async def exit_state(self, container: str) -> ExitState:
        del container
        return self.end

    async def last_log_line(self, container: str) -> str:
        del container
        return ""

    async def remove(self, container: str) -> None:
        del container


class NoWay:
    """Connector without workers."""

    environment: Mapping[str, str] = {}

    async def attach(self, container: str) -> AttachedWorker:
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]


@contextlib.contextmanager
def connector_factory(agent: str, place: int, changed: Callable[[], None]) -> Iterator[WorkerConnector]:
    del agent, place, changed
    yield NoWay()


async def errors_of(containers: Containers, *, image_works: bool = False) -> list[BaseException | None]:
    """Return the errors of two episodes that are requested from one container.

    Args:
        containers: The daemon.
        image_works: Whether a worker of the image has started before.
    """
    context = ContainerContext(
        manager=cast("ContainerManager", containers),
        connector_factory=connector_factory,
        config=DockerConfig(start_timeout=0.05),
    )
    if image_works:
        context.image_works.set()
    container = AgentContainer(AGENT, 0, None, context, lambda: None)
    answers: list[asyncio.Future[Episode]] = []
    for number in range(2):
        task = EpisodeTask(purpose=Purpose.TRAINING, agent=AGENT, genome=Genome(()), number=number, seed=number)
        answers.append(asyncio.get_running_loop().create_future())
        container.enqueue(PendingEpisode(task=task, answer=answers[-1]))
    await container.run()
    return [answer.exception() for answer in answers]


@pytest.mark.parametrize(
    ("containers", "text"),
    [
        (Containers(DockerUnreachable("no Docker daemon answers")), "no Docker daemon answers"),
        (Containers(exit_state=ExitState(code=139)), "crashed with SIGSEGV"),
        (Containers(exit_state=ExitState(code=137, out_of_memory=True)), "exceeded docker.memory"),
    ],
    ids=["daemon", "crash", "memory"],
)
async def test_container_lost_before_its_first_episode_charges_no_agent(containers: Containers, text: str) -> None:
    """No attempt is counted. The other episodes are requeued."""
    first, second = await errors_of(containers)
    assert isinstance(first, WorkerUnavailable)
    assert text in str(first)
    assert isinstance(second, Requeued)


async def test_lost_container_counts_an_attempt_if_its_image_works() -> None:
    """A container that never starts its worker cannot delay the run forever."""
    first, _ = await errors_of(Containers(exit_state=ExitState(code=139)), image_works=True)
    assert isinstance(first, WorkerCrashed)
    first, _ = await errors_of(Containers(DockerUnreachable("no Docker daemon answers")), image_works=True)
    assert isinstance(first, WorkerUnavailable)


async def test_refused_container_ends_the_run() -> None:
    """An error that a further attempt cannot correct ends the run at once."""
    first, _ = await errors_of(Containers(ContainerRefused("there is no image")))
    assert isinstance(first, ContainerRefused)
