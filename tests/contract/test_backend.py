"""Contract tests of every `EvaluationBackend`: episodes, verification, live views and cancellation."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from clau_doom.app.run import make_backend
from clau_doom.app.run_planning import plan_config
from clau_doom.config import ExperimentConfig, registered_backends
from clau_doom.domain import Genome, Purpose
from clau_doom.errors import PolicyFailed
from clau_doom.ports import EpisodeTask, EvaluationBackend, Glimpse
from clau_doom.testing import ScriptedBackend, scripted_outcome
from tests.support.docker_host import DockerHost
from tests.support.in_process_backend import InProcessBackend, registered_in_process_backend
from tests.support.waiting import until

Open = Callable[[], AbstractAsyncContextManager[EvaluationBackend]]
NETWORK = "clau-doom-test-contract"


@pytest.fixture(
    params=[
        "scripted",
        "registered",
        *(
            pytest.param(
                each.name, marks=[pytest.mark.engine, *([pytest.mark.docker] if each.name == "docker" else [])]
            )
            for each in registered_backends()
        ),
    ]
)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Return a function that opens a backend of a kind, with two workers."""
    kind = str(request.param)
    if kind == "scripted":
        return lambda: ScriptedBackend(claimed=scripted_outcome, disturb=lambda _: asyncio.sleep(0.01))
    if kind == "registered":
        return _opened_registered(tmp_path)
    docker: DockerHost | None = request.getfixturevalue("docker") if kind == "docker" else None
    address: str | None = request.getfixturevalue("ray_head") if kind == "ray" else None
    config = ExperimentConfig.model_validate(
        {
            "name": "contract",
            "scenario": {"timeout": 300},
            "execution": {"backend": kind, "workers": 2},
            "docker": {"network": NETWORK},
            "ray": {"address": address},
        }
    )

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[EvaluationBackend]:
        plan = await asyncio.to_thread(plan_config, config, tmp_path)
        async with make_backend(plan, None, uuid="contract-test") as entered:
            yield entered
        if docker:
            docker("network", "rm", NETWORK)

    return opened


def _opened_registered(folder: Path) -> Open:
    """Return a function that opens a backend from outside the package by a plan."""

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[EvaluationBackend]:
        with registered_in_process_backend() as provider:
            config = ExperimentConfig.model_validate(
                {"name": "contract", "execution": {"backend": provider.name}, provider.name: {"seconds": 0.01}}
            )
            plan = await asyncio.to_thread(plan_config, config, folder)
            async with make_backend(plan, None, uuid="contract-test") as entered:
                assert isinstance(entered, InProcessBackend)
                yield entered

    return opened


def task(number: int = 0, *, agent: int = 0, purpose: Purpose = Purpose.TRAINING, **changes: object) -> EpisodeTask:
    genes = tuple(0.5 for _ in range(16))
    plain = EpisodeTask(
        purpose=purpose, agent=f"contract-g000-a{agent:03d}", genome=Genome(genes), number=number, seed=100 + number
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.fixture
def genome() -> Genome:
    """Return a genome of the rules policy, which the scripted backend takes as well."""
    from clau_doom.app.gene_space import genome_space

    return Genome(tuple(float(gene.low) for gene in genome_space(ExperimentConfig()).genes))


async def test_outcome_depends_on_genome_and_seed_only(backend: Open, genome: Genome) -> None:
    """Two agents with one genome play the same episode. Another seed gives another one."""
    async with backend() as entered:
        first, again, other = await asyncio.gather(
            entered.play(task(genome=genome)),
            entered.play(task(agent=1, genome=genome)),
            entered.play(task(1, genome=genome)),
        )
    assert first.outcome == again.outcome
    assert first.outcome.trajectory_sha256 != other.outcome.trajectory_sha256
    assert (first.agent, first.number, other.number) == ("contract-g000-a000", 0, 1)


async def test_claimed_outcome_is_verified_by_its_actions(backend: Open, genome: Genome) -> None:
    """If a training episode has actions, a validation or held-out episode has them as well."""
    async with backend() as entered:
        training = await entered.play(task(genome=genome))
        judged = await entered.play(task(genome=genome, purpose=Purpose.HELD_OUT))
        assert (training.actions is None) == (judged.actions is None)
        for claimed in (training, judged):
            if claimed.actions is not None:
                proved = await entered.play(task(genome=genome, actions=claimed.actions))
                assert claimed.outcome.mismatch(proved.outcome) is None


async def test_entered_backend_accepts_an_episode(backend: Open, genome: Genome) -> None:
    """The backend has at least one slot."""
    async with backend() as entered:
        assert entered.slots >= 1
        assert entered.takes(task(genome=genome))


async def test_backend_continues_after_a_cancelled_episode(backend: Open, genome: Genome) -> None:
    """The cancelled episode ends at once. The next episode is played."""
    async with backend() as entered:
        playing = asyncio.ensure_future(_play_repeatedly(entered, task(genome=genome)))
        await until(lambda: bool(entered.glimpses()))
        playing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await playing
        episode = await entered.play(task(1, genome=genome))
        assert episode.number == 1


async def _play_repeatedly(backend: EvaluationBackend, task: EpisodeTask) -> NoReturn:
    """Play an episode again and again, because an episode may end before its first picture."""
    while True:
        await backend.play(task)


async def test_agent_can_play_after_the_end_of_its_generation(backend: Open, genome: Genome) -> None:
    """A champion plays its validation and held-out episodes then."""
    async with backend() as entered:
        first = await entered.play(task(genome=genome))
        await entered.end_generation(0)
        again = await entered.play(task(genome=genome, purpose=Purpose.VALIDATION))
        assert again.outcome == first.outcome


async def test_invalid_genome_fails_the_agent(backend: Open) -> None:
    """The scripted backend accepts any genome."""

    async def play() -> None:
        async with backend() as entered:
            if type(entered) is ScriptedBackend:
                return
            with pytest.raises(PolicyFailed):
                await entered.play(task(genome=Genome((1.0,))))

    await play()


async def test_running_episodes_have_whole_frames(backend: Open, genome: Genome) -> None:
    """Repeated glimpses show complete frames of running episodes only."""
    async with backend() as entered:
        asked = [task(number, genome=genome) for number in range(3000)]

        async def play() -> None:
            for each in asked:
                await entered.play(each)

        playing = asyncio.ensure_future(play())
        seen: list[Glimpse] = []
        async with asyncio.timeout(60):
            while len(seen) < 3:
                await asyncio.sleep(0.02)
                seen += entered.glimpses()
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
    for glimpse in seen:
        frame = glimpse.frame
        assert glimpse.task in asked
        assert len(frame.pixels) == frame.width * frame.height * frame.channels > 0
        assert frame.health > 0
        assert frame.tic >= 0


async def test_idle_backend_has_no_glimpses(backend: Open) -> None:
    async with backend() as entered:
        for _ in range(3):
            assert entered.glimpses() == ()
