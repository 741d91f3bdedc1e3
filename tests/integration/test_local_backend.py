"""Tests of the local backend with real workers and engines: recovery, attribution of failures and cleanup."""

import asyncio
import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from clau_doom.backends.core_allocator import CoreAllocator
from clau_doom.backends.core_lease import CoreLease
from clau_doom.backends.local.backend import LocalBackend
from clau_doom.backends.local.configuration import LocalConfig
from clau_doom.backends.work_dirs import WorkDirs
from clau_doom.config import CustomPolicyConfig, ExecutionConfig, PolicyConfig, RulesPolicyConfig, ScenarioConfig
from clau_doom.domain import Episode, EpisodeOutcome, Genome, Purpose
from clau_doom.domain.experiment import Provenance
from clau_doom.errors import (
    EpisodeTimedOut,
    InfrastructureFailed,
    PolicyFailed,
    PolicyTimedOut,
    WorkerRefused,
    WorkerUnavailable,
)
from clau_doom.game import resolve
from clau_doom.machine_limits import usable_cores
from clau_doom.policies import make_policy
from clau_doom.ports import EpisodeTask
from clau_doom.stale_shared_memory import find_shared_files
from clau_doom.worker import collect_facts
from tests.support.requirements import missing
from tests.support.waiting import until, wait_until

pytestmark = pytest.mark.engine

RULES = RulesPolicyConfig()
SCENARIO = ScenarioConfig(name="defend_the_center")


def backend(
    policy: PolicyConfig = RULES,
    *,
    workers: int = 1,
    timeout: float = 60.0,
    stall: float = 10.0,
    cores: CoreAllocator | None = None,
    **facts: str,
) -> LocalBackend:
    scenario = resolve(SCENARIO)
    provenance = dict(collect_facts(scenario, policy, make_policy(policy, scenario.facts)).facts) | facts
    return LocalBackend(
        scenario=SCENARIO,
        policy=policy,
        execution=ExecutionConfig(workers=workers, episode_timeout=timeout),
        local=LocalConfig(stall_timeout=stall),
        facts=Provenance(facts=tuple(sorted(provenance.items()))),
        cores=cores,
    )


def genome() -> Genome:
    space = make_policy(RULES, resolve(SCENARIO).facts).space
    return Genome(tuple(float(gene.low) for gene in space.genes))


def task(seed: int = 11, *, genes: Genome | None = None, baseline: bool = False) -> EpisodeTask:
    return EpisodeTask(
        purpose=Purpose.TRAINING,
        agent="x-g000-a000",
        genome=genome() if genes is None else genes,
        number=0,
        seed=seed,
        baseline=baseline,
    )


def group_of(pid: int) -> list[int]:
    """Return the living processes of a worker's group: the worker and its engine."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except (OSError, ValueError):
                continue
            if int(group) == pid and state != "Z":
                found.append(int(entry.name))
    return sorted(found)


def engine_of(pid: int) -> int:
    return next(member for member in group_of(pid) if member != pid)


def folder_of(pid: int) -> Path:
    """Return a worker's private folder."""
    return Path(f"/proc/{engine_of(pid)}/cwd").readlink()


def instance_of(engine: int) -> str:
    """Return the id in the name of an engine's shared memory."""
    words = Path(f"/proc/{engine}/cmdline").read_text().split("\0")
    return words[words.index("+viz_instance_id") + 1]


def shared_memory(instance: str) -> list[Path]:
    return [*Path("/dev/shm").glob(f"ViZDoom*{instance}")]


def processor_seconds_of(group: int) -> float:
    """Return the processor time of the processes of a worker's group since their start."""
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in group_of(group)]
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


async def test_processor_time_of_episodes_is_measured() -> None:
    """The time is known, so that the engine was found. The start of worker and engine is not included."""
    async with backend() as local:
        started = processor_seconds_of(local.worker_pids[0])
        episodes = await asyncio.gather(*(local.play(task(seed)) for seed in range(8)))
        spent = processor_seconds_of(local.worker_pids[0]) - started
    times = [each.timing.processor_seconds or 0.0 for each in episodes]
    assert min(times) > 0.0
    assert spent / 2 < sum(times) < spent + 0.1  # the kernel counts in steps of 10 ms


async def test_outcomes_do_not_depend_on_the_worker() -> None:
    """Two workers and one worker, in either order, give the same outcomes with recordings."""
    outcomes: list[dict[int, EpisodeOutcome]] = []
    for workers, seeds in ((2, (1, 2, 3, 4)), (1, (4, 3, 2, 1))):
        async with backend(workers=workers) as local:
            episodes: list[Episode] = await asyncio.gather(*(local.play(task(seed)) for seed in seeds))
        assert all(episode.recording for episode in episodes)
        outcomes.append({episode.outcome.seed: episode.outcome for episode in episodes})
    assert outcomes[0] == outcomes[1]
    assert len({outcome.trajectory_sha256 for outcome in outcomes[0].values()}) == 4


async def test_runs_keep_their_workers_on_different_cores(tmp_path: Path) -> None:
    """A third run shares a core, and its worker and engine move, in the middle of it, when another run has ended."""
    if len(usable_cores()) < 2:
        missing("two cores are needed")

    def cores() -> CoreAllocator:
        return CoreAllocator([None], turn=0.05, lease=CoreLease(usable_cores()[:2], tmp_path))

    def used(local: LocalBackend) -> list[set[int]]:
        (pid,) = local.worker_pids
        return [os.sched_getaffinity(each) for each in (pid, engine_of(pid))]

    first, second = ({core} for core in usable_cores()[:2])
    async with backend(cores=cores()) as one, contextlib.AsyncExitStack() as stack:
        async with backend(cores=cores()) as two:
            assert (used(one), used(two)) == ([first] * 2, [second] * 2)
            three = backend(cores=cores())
            await stack.enter_async_context(three)
            assert used(three) == [first] * 2
        await until(lambda: used(three) == [second] * 2)
        assert used(one) == [first] * 2
        await three.play(task())


async def test_baseline_plays_the_random_policy() -> None:
    """A task of the baseline needs no genome. Its outcome is reproducible."""
    async with backend() as local:
        first = await local.play(task(genes=Genome(()), baseline=True))
        assert (await local.play(task(genes=Genome(()), baseline=True))).outcome == first.outcome
        assert (await local.play(task())).outcome != first.outcome


@pytest.mark.parametrize("victim", ["engine", "worker"])
async def test_killed_process_loses_only_its_episode(victim: str) -> None:
    """The infrastructure is charged for a killed engine or worker. A new worker gives the same outcome."""
    async with backend() as local:
        wanted = (await local.play(task())).outcome
        (pid,) = local.worker_pids
        os.kill(engine_of(pid) if victim == "engine" else pid, signal.SIGKILL)
        with pytest.raises(InfrastructureFailed):
            await local.play(task())
        assert group_of(pid) == []
        assert (await local.play(task())).outcome == wanted
        assert local.worker_pids != (pid,)


async def test_removed_temporary_folder_loses_one_episode() -> None:
    """The next worker gets a new folder."""
    async with backend() as local:
        (pid,) = local.worker_pids
        shutil.rmtree(folder_of(pid).parent)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(InfrastructureFailed):
            await local.play(task())
        await local.play(task())


@contextlib.contextmanager
def no_free_descriptors() -> Iterator[None]:
    """Have this process at its limit of open files while the context lasts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = [os.open("/dev/null", os.O_RDONLY)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (held[0] + 1, hard))
    try:
        with contextlib.suppress(OSError):
            while True:
                held.append(os.open("/dev/null", os.O_RDONLY))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in held:
            os.close(descriptor)


async def test_worker_that_cannot_start_is_not_a_lost_episode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working folder or file descriptors are missing. The error names the missing resource.

    A running worker continues without a free descriptor. The next worker starts once the resource is available.
    """
    (here := tmp_path / "here").mkdir()
    monkeypatch.chdir(here)

    asked = task()
    async with backend() as local:
        with no_free_descriptors():
            wanted = (await local.play(asked)).outcome
            await asyncio.sleep(0.5)  # checks of the watchdog have no event
            assert (await local.play(asked)).outcome == wanted
            assert local.glimpses() == ()
            os.kill(local.worker_pids[0], signal.SIGKILL)
            with pytest.raises(InfrastructureFailed, match="SIGKILL"):
                await local.play(asked)
            for _ in range(2):
                with pytest.raises(WorkerUnavailable, match=r"worker 0 .* no file descriptor is free.*ulimit -n"):
                    await local.play(asked)
        assert (await local.play(asked)).outcome == wanted
        here.rmdir()
        os.kill(local.worker_pids[0], signal.SIGKILL)
        with pytest.raises(InfrastructureFailed, match="SIGKILL"):
            await local.play(asked)
        with pytest.raises(WorkerUnavailable, match=f"{here} not found: create it again"):
            await local.play(asked)
        here.mkdir()
        assert (await local.play(asked)).outcome == wanted


@pytest.mark.parametrize("victim", ["engine", "worker"])
async def test_stopped_process_is_replaced_after_the_stall_timeout(victim: str) -> None:
    """The agent is not charged."""
    async with backend(stall=1.0) as local:
        wanted = (await local.play(task())).outcome
        (pid,) = local.worker_pids
        os.kill(engine_of(pid) if victim == "engine" else pid, signal.SIGSTOP)
        with pytest.raises(EpisodeTimedOut, match=r"made no progress for 1 s"):
            await local.play(task())
        assert group_of(pid) == []
        assert (await local.play(task())).outcome == wanted


POLICIES = """
import time
from clau_doom.domain import GenomeSpace
from clau_doom.ports import Action, Needs

class Base:
    needs = Needs()
    space = GenomeSpace(())
    def __init__(self, facts):
        self.buttons = len(facts.buttons)
    def begin(self, genome, rng):
        return self.decide

class Raises(Base):
    def decide(self, observation):
        raise KeyError("lost")

class Sleeps(Base):
    def decide(self, observation):
        time.sleep(60)
        return Action([0] * self.buttons)

class Exits(Base):
    def decide(self, observation):
        import os
        print("I leave \x1b[2J", flush=True)
        os._exit(7)
"""


@pytest.fixture
def custom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], PolicyConfig]:
    """Return a function that makes the configuration of a policy of a user's own."""
    (tmp_path / "odd_policies.py").write_text(POLICIES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return lambda name: CustomPolicyConfig(target=f"odd_policies:{name}")


async def test_policy_exception_fails_the_agent_and_keeps_the_worker(custom: Callable[[str], PolicyConfig]) -> None:
    """The error names the exception."""
    async with backend(custom("Raises")) as local:
        pids = local.worker_pids
        with pytest.raises(PolicyFailed, match="KeyError: 'lost'") as caught:
            await local.play(task(genes=Genome(())))
        assert caught.value.traceback.splitlines() == [
            "Traceback (most recent call last):",
            '  File "odd_policies.py", line 16, in decide',
            '    raise KeyError("lost")',
            "KeyError: 'lost'",
        ]
        await local.play(task(genes=Genome(()), baseline=True))
        assert local.worker_pids == pids


async def test_policy_that_exceeds_the_deadline_is_charged(custom: Callable[[str], PolicyConfig]) -> None:
    """The engine of a sleeping policy is not stalled."""
    async with backend(custom("Sleeps"), timeout=2.0, stall=0.5) as local:
        with pytest.raises(PolicyTimedOut, match="deadline of 2 s"):
            await local.play(task(genes=Genome(())))
        await local.play(task(genes=Genome(()), baseline=True))


async def test_worker_that_exits_is_replaced(custom: Callable[[str], PolicyConfig]) -> None:
    """The error has the exit code and the last line of output."""
    async with backend(custom("Exits")) as local:
        with pytest.raises(InfrastructureFailed, match=r"exit code 7 \(output: I leave \\x1b\[2J\)$"):
            await local.play(task(genes=Genome(())))
        await local.play(task(genes=Genome(()), baseline=True))


async def test_modules_of_the_working_folder_do_not_shadow_python(
    custom: Callable[[str], PolicyConfig],
) -> None:
    """A user's `random.py` and `numpy.py` do not prevent the start of workers."""
    case = Path(__file__).parents[1] / "cases/shadow/random.py"
    for name in ("random", "numpy", "queue"):
        shutil.copy(case, f"{name}.py")
    async with backend(custom("Raises")) as local:
        with pytest.raises(PolicyFailed, match="KeyError: 'lost'"):
            await local.play(task(genes=Genome(())))


async def _play_repeatedly(local: LocalBackend) -> NoReturn:
    """Play an episode again and again, because an episode may end before its first picture."""
    while True:
        await local.play(task())


async def test_cancelling_ends_an_episode_at_once() -> None:
    """A cancelled episode's worker is gone, and the backend plays on."""
    async with backend() as local:
        (pid,) = local.worker_pids
        playing = asyncio.ensure_future(_play_repeatedly(local))
        await until(lambda: bool(local.glimpses()))
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing
        assert group_of(pid) == []
        await local.play(task())


def unnamed_files() -> set[str]:
    """Return the open files of this process that never had a name, such as the output of its workers."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.add(str(entry.readlink()))
    return {each for each in found if "/#" in each}


async def test_worker_is_released_after_a_second_cancellation() -> None:
    """The second cancellation arrives while the worker is killed."""
    before = unnamed_files()
    async with backend() as local:
        (pid,) = local.worker_pids
        assert unnamed_files() > before
        playing = asyncio.ensure_future(local.play(task()))
        while True:
            await asyncio.sleep(0)
            playing.cancel()
            if local.worker_pids == ():
                break
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing
        assert group_of(pid) == []
        assert unnamed_files() <= before


async def test_worker_with_other_versions_is_refused() -> None:
    """The error has the first difference."""
    with pytest.raises(WorkerRefused, match=r"has numpy \S+, but this process has 0\.0"):
        async with backend(workers=2, numpy="0.0"):
            pass


def test_workers_outlive_the_thread_that_started_them() -> None:
    """The event loop moves to another thread, as with a run that a helper thread has started."""
    local = backend()
    with asyncio.Runner() as runner:
        starter = threading.Thread(target=runner.run, args=(local.__aenter__(),))
        starter.start()
        starter.join()
        (pid,) = local.worker_pids
        engine = engine_of(pid)
        try:
            assert runner.run(local.play(task())).outcome.trajectory_sha256
            assert local.worker_pids == (pid,)
            assert engine_of(pid) == engine
        finally:
            runner.run(local.__aexit__(None, None, None))
    assert group_of(pid) == []


PARENT = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
from test_local_backend import backend, task

async def main():
    async with backend(workers=2) as local:
        async def play():
            while True:
                await local.play(task())
        async with asyncio.TaskGroup() as group:
            group.create_task(play())
            group.create_task(play())
            while len(local.glimpses()) < 2:
                await asyncio.sleep(0.01)
            print(*local.worker_pids, flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_workers_and_engines_end_with_a_killed_orchestrator(sign: signal.Signals) -> None:
    """The limit is 5 s after the death. The next start removes their shared memory."""
    command = [sys.executable, "-c", PARENT, str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 2
        engines = [engine_of(pid) for pid in pids]
        instances = [instance_of(engine) for engine in engines]
        used = {path for instance in instances for path in shared_memory(instance)}
        assert len(used) >= 2 * len(instances)
        assert used <= {*find_shared_files(young=-1.0).used}
        parent.send_signal(sign)
        parent.wait(timeout=5)
        wait_until(
            lambda: not (any(group_of(pid) for pid in pids) or used & {*find_shared_files(young=-1.0).used}),
            seconds=5.0,
            describe=lambda: f"{pids} or {engines} still run",
        )
    with WorkDirs():
        pass
    assert not any(shared_memory(instance) for instance in instances)
