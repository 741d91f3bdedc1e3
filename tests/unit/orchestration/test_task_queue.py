"""Tests of the task queue: the next task is the first in order that fits."""

from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from clau_doom.domain import Genome, Purpose
from clau_doom.orchestration.task_queue import TaskQueue
from clau_doom.ports import EpisodeTask


def task(agent: int, number: int) -> EpisodeTask:
    return EpisodeTask(purpose=Purpose.TRAINING, agent=f"a{agent}", genome=Genome(()), number=number, seed=number)


def tasks(agents: int, episodes: int) -> list[EpisodeTask]:
    return [task(agent, number) for agent in range(agents) for number in range(episodes)]


def among(names: frozenset[str]) -> Callable[[EpisodeTask], bool]:
    return lambda each: each.agent in names


def modulo(size: int) -> Callable[[EpisodeTask], float]:
    return lambda each: each.number * 7 % size


class Plain:
    """Reference queue: a list that is searched from its beginning."""

    def __init__(self, wanted: Sequence[EpisodeTask]) -> None:
        self.queue = [*wanted]
        self.held: dict[str, list[EpisodeTask]] = {}
        self.playing: list[EpisodeTask] = []

    def take(self, fitting: frozenset[str]) -> EpisodeTask | None:
        found = next((each for each in self.queue if each.agent in fitting), None)
        if found:
            self.queue.remove(found)
            self.playing.append(found)
        return found

    def lose(self, lost: EpisodeTask) -> None:
        self.playing.remove(lost)
        self.held.get(lost.agent, self.queue).insert(0, lost)

    def hold(self, agent: str) -> None:
        if agent not in self.held:
            self.held[agent] = [each for each in self.queue if each.agent == agent]
            self.queue = [each for each in self.queue if each.agent != agent]

    def release(self, agent: str) -> None:
        self.queue = self.held.pop(agent, []) + self.queue


_AGENTS = 4
_NAMES = st.integers(0, _AGENTS - 1).map(lambda index: f"a{index}")
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.frozensets(_NAMES)),
        st.tuples(st.just("lose"), st.integers(0, 3)),
        st.tuples(st.just("hold"), _NAMES),
        st.tuples(st.just("release"), _NAMES),
        st.tuples(st.just("sort"), st.integers(1, 5)),
    ),
    max_size=60,
)


@given(steps=_STEPS)
def test_next_task_is_the_first_that_fits(steps: list[tuple[str, object]]) -> None:
    """Takes, losses, holds, releases and sorts are compared with the reference queue."""
    wanted = tasks(_AGENTS, 3)
    work, plain = TaskQueue(wanted), Plain(wanted)
    for what, how in steps:
        if what == "take":
            assert isinstance(how, frozenset)
            assert work.take(among(how)) == plain.take(how)
        elif what == "lose" and plain.playing:
            assert isinstance(how, int)
            lost = plain.playing[how % len(plain.playing)]
            work.end(lost, lost)
            plain.lose(lost)
        elif what == "hold":
            work.hold(str(how))
            plain.hold(str(how))
        elif what == "release":
            work.release(str(how))
            plain.release(str(how))
        elif what == "sort":
            assert isinstance(how, int)
            work.sort(modulo(how))
            plain.queue.sort(key=modulo(how))
        assert work.waiting == len(plain.queue)
    left = [work.take() for _ in range(work.waiting + 1)]
    assert left == [*plain.queue, None]


def test_backend_is_queried_once_for_each_agent() -> None:
    """There is no query for each episode."""
    work, asked = TaskQueue(tasks(5, 1000)), []

    def fits(each: EpisodeTask) -> bool:
        asked.append(each.agent)
        return each.agent == "a4"

    for number in range(10):
        asked.clear()
        assert work.take(fits) == task(4, number)
        assert sorted(asked) == ["a0", "a1", "a2", "a3", "a4"]
