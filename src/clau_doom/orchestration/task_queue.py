"""The episodes that are still to be played, in order, and whose of them wait or are given up."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from heapq import heappop, heappush

from clau_doom.ports import EpisodeTask

__all__ = ["Work"]


class _Queue:
    """Tasks in order, one line an agent, so that the first one that fits is found without a look at all of them."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[tuple[int, EpisodeTask]]] = {}
        self._heads: list[tuple[int, str]] = []
        """A heap with at least each line's first rank; what is no line's first any more is passed over."""
        self._first = self._next = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, tasks: Iterable[EpisodeTask]) -> None:
        """Put tasks behind all others."""
        for task in tasks:
            line = self._lines.setdefault(task.agent, deque())
            if not line:
                heappush(self._heads, (self._next, task.agent))
            line.append((self._next, task))
            self._next += 1
            self._count += 1

    def add_first(self, tasks: Iterable[EpisodeTask]) -> None:
        """Put tasks before all others, in their order."""
        for task in reversed([*tasks]):
            self._first -= 1
            self._lines.setdefault(task.agent, deque()).appendleft((self._first, task))
            heappush(self._heads, (self._first, task.agent))
            self._count += 1

    def take(self, fits: Callable[[EpisodeTask], bool]) -> EpisodeTask | None:
        """Remove and return the first task that fits; where an agent's first does not, none of its does."""
        refused, found = [], None
        while self._heads and found is None:
            rank, agent = head = heappop(self._heads)
            line = self._lines.get(agent)
            if not line or line[0][0] != rank:
                continue
            if not fits(line[0][1]):
                refused.append(head)
                continue
            found = line.popleft()[1]
            self._count -= 1
            if line:
                heappush(self._heads, (line[0][0], agent))
            else:
                del self._lines[agent]
        for head in refused:
            heappush(self._heads, head)
        return found

    def remove(self, agent: str) -> deque[EpisodeTask]:
        """Remove and return an agent's tasks, in order."""
        removed = deque([task for _, task in self._lines.pop(agent, ())])
        self._count -= len(removed)
        return removed

    def sort(self, key: Callable[[EpisodeTask], float]) -> None:
        """Put the tasks in an order; those of equal keys stay as they are."""
        ranked = sorted(pair for line in self._lines.values() for pair in line)
        tasks = sorted((task for _, task in ranked), key=key)
        self._lines, self._heads, self._count = {}, [], 0
        self.add(tasks)


class Work:
    """A list of episodes that may be changed while it is played. Used on one event loop.

    Attributes:
        over: Whether nothing is added any more, because everything was played or given up.
        more: Whether tasks are yet to come, so that it is not done even where everything was played.
    """

    def __init__(self, tasks: Iterable[EpisodeTask], *, more: bool = False) -> None:
        """Begin with some tasks; the first are begun first."""
        self.over = False
        self.more = more
        self._queue = _Queue()
        self._queue.add(tasks)
        self._held: dict[str, deque[EpisodeTask]] = {}
        self._dropped: dict[str, None] = {}
        self._playing: dict[tuple[str, int], None] = {}
        self._changed = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many tasks could be begun now."""
        return len(self._queue)

    @property
    def done(self) -> bool:
        """Whether every task was played or given up; those of held agents were not."""
        return not (self.more or self._queue or self._playing or any(self._held.values()))

    def take(self, fits: Callable[[EpisodeTask], bool] = lambda _: True) -> EpisodeTask | None:
        """Return the first task that fits, which is now being played, or None when none can be begun.

        Args:
            fits: Says whether there is room for a task; it says the same of all tasks of one agent.
        """
        task = self._queue.take(fits)
        if task is not None:
            self._playing[task.agent, task.number] = None
        return task

    def end(self, task: EpisodeTask, again: EpisodeTask | None = None) -> None:
        """Say that a task is no longer played; `again` is to be played in its place, before all others."""
        del self._playing[task.agent, task.number]
        if again is not None and again.agent not in self._dropped:
            if again.agent in self._held:
                self._held[again.agent].appendleft(again)
            else:
                self._queue.add_first([again])

    def plays(self, agent: str, number: int) -> bool:
        """Say whether one of an agent's episodes is being played."""
        return (agent, number) in self._playing

    def dropped(self, agent: str) -> bool:
        """Say whether an agent was given up."""
        return agent in self._dropped

    def sort(self, key: Callable[[EpisodeTask], float]) -> None:
        """Put the tasks that could be begun now in an order; those of equal keys stay as they are."""
        self._queue.sort(key)

    def hold(self, agent: str) -> None:
        """Keep an agent's tasks back until it is released."""
        if agent not in self._held:
            self._held[agent] = self._queue.remove(agent)

    def release(self, agent: str) -> None:
        """Let an agent's tasks be played again, before all others: they have waited."""
        self._queue.add_first(self._held.pop(agent, deque()))
        self.wake()

    def drop(self, agent: str) -> None:
        """Give an agent's tasks up, those that are held as well."""
        self._dropped[agent] = None
        self._held.pop(agent, None)
        self._queue.remove(agent)
        self.wake()

    def add(self, tasks: Iterable[EpisodeTask]) -> None:
        """Play these tasks as well; those of an agent that is held wait."""
        for task in tasks:
            if task.agent in self._held:
                self._held[task.agent].append(task)
            else:
                self._queue.add([task])
        self.wake()

    def restart(self, agent: str, tasks: Iterable[EpisodeTask]) -> None:
        """Play these tasks of an agent that was given up."""
        self._dropped.pop(agent, None)
        self._queue.add(tasks)
        self.wake()

    def wake(self) -> None:
        """Wake whoever waits for a change."""
        self._changed.set()

    async def changed(self) -> None:
        """Wait until something may be done that could not be done before."""
        await self._changed.wait()
        self._changed.clear()
