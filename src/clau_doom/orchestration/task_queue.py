"""Queue of episodes to play, with agents that are held or dropped."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from heapq import heappop, heappush

from clau_doom.ports import EpisodeTask

__all__ = ["TaskQueue"]


class _TaskList:
    """Ordered tasks, with one line per agent, so that the first fitting task is found without scanning all tasks."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[tuple[int, EpisodeTask]]] = {}
        self._heads: list[tuple[int, str]] = []
        """Heap that contains the first rank of each line. Outdated entries are skipped."""
        self._first = self._next = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, tasks: Iterable[EpisodeTask]) -> None:
        """Append tasks."""
        for task in tasks:
            line = self._lines.setdefault(task.agent, deque())
            if not line:
                heappush(self._heads, (self._next, task.agent))
            line.append((self._next, task))
            self._next += 1
            self._count += 1

    def add_first(self, tasks: Iterable[EpisodeTask]) -> None:
        """Insert tasks before all others, in their order."""
        for task in reversed([*tasks]):
            self._first -= 1
            self._lines.setdefault(task.agent, deque()).appendleft((self._first, task))
            heappush(self._heads, (self._first, task.agent))
            self._count += 1

    def take(self, fits: Callable[[EpisodeTask], bool]) -> EpisodeTask | None:
        """Remove and return the first task that fits.

        If an agent's first task does not fit, its other tasks are skipped.
        """
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
        """Sort the tasks by key. The sort is stable."""
        ranked = sorted(pair for line in self._lines.values() for pair in line)
        tasks = sorted((task for _, task in ranked), key=key)
        self._lines, self._heads, self._count = {}, [], 0
        self.add(tasks)


class TaskQueue:
    """List of episodes that may change while it is played. Use it on one event loop.

    Attributes:
        over: Whether the list is final, because all tasks were played or dropped.
        more: Whether tasks will be added, so that the list is not done when all its tasks were played.
    """

    def __init__(self, tasks: Iterable[EpisodeTask], *, more: bool = False) -> None:
        """Create a list of tasks. The first tasks start first."""
        self.over = False
        self.more = more
        self._queue = _TaskList()
        self._queue.add(tasks)
        self._held: dict[str, deque[EpisodeTask]] = {}
        self._dropped: dict[str, None] = {}
        self._playing: dict[tuple[str, int], None] = {}
        self._changed = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Number of tasks that can start now."""
        return len(self._queue)

    @property
    def done(self) -> bool:
        """Whether every task was played or dropped. Held tasks are neither."""
        return not (self.more or self._queue or self._playing or any(self._held.values()))

    def take(self, fits: Callable[[EpisodeTask], bool] = lambda _: True) -> EpisodeTask | None:
        """Return the first task that fits and mark it as running. None: no task can start.

        Args:
            fits: Returns whether there is capacity for a task. The result is equal for all tasks of an agent.
        """
        task = self._queue.take(fits)
        if task is not None:
            self._playing[task.agent, task.number] = None
        return task

    def end(self, task: EpisodeTask, again: EpisodeTask | None = None) -> None:
        """End a running task. If `again` is given, it takes the task's place before all others."""
        del self._playing[task.agent, task.number]
        if again is not None and again.agent not in self._dropped:
            if again.agent in self._held:
                self._held[again.agent].appendleft(again)
            else:
                self._queue.add_first([again])

    def plays(self, agent: str, number: int) -> bool:
        """Return whether one of an agent's episodes is running."""
        return (agent, number) in self._playing

    def dropped(self, agent: str) -> bool:
        """Return whether an agent was dropped."""
        return agent in self._dropped

    def sort(self, key: Callable[[EpisodeTask], float]) -> None:
        """Sort the tasks that can start now by key. The sort is stable."""
        self._queue.sort(key)

    def hold(self, agent: str) -> None:
        """Hold an agent's tasks until it is released."""
        if agent not in self._held:
            self._held[agent] = self._queue.remove(agent)

    def release(self, agent: str) -> None:
        """Release an agent's held tasks. They start before all others."""
        self._queue.add_first(self._held.pop(agent, deque()))
        self.wake()

    def drop(self, agent: str) -> None:
        """Drop an agent's tasks, including held ones."""
        self._dropped[agent] = None
        self._held.pop(agent, None)
        self._queue.remove(agent)
        self.wake()

    def add(self, tasks: Iterable[EpisodeTask]) -> None:
        """Add tasks. Tasks of held agents wait."""
        for task in tasks:
            if task.agent in self._held:
                self._held[task.agent].append(task)
            else:
                self._queue.add([task])
        self.wake()

    def restart(self, agent: str, tasks: Iterable[EpisodeTask]) -> None:
        """Add tasks of a dropped agent, and remove its drop."""
        self._dropped.pop(agent, None)
        self._queue.add(tasks)
        self.wake()

    def wake(self) -> None:
        """Wake the coroutines that wait for a change."""
        self._changed.set()

    async def changed(self) -> None:
        """Wait until the list changes."""
        await self._changed.wait()
        self._changed.clear()
