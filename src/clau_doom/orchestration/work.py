"""The episodes that are still to be played, in order, and whose of them wait or are given up."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from clau_doom.ports import EpisodeTask

__all__ = ["Work"]


class Work:
    """A list of episodes that may be changed while it is played. Used on one event loop.

    Attributes:
        over: Whether nothing is added any more, because everything was played or given up.
    """

    def __init__(self, tasks: Iterable[EpisodeTask]) -> None:
        """Begin with some tasks; the first are begun first."""
        self.over = False
        self._queue = deque(tasks)
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
        return not (self._queue or self._playing or any(self._held.values()))

    def take(self, fits: Callable[[EpisodeTask], bool] = lambda _: True) -> EpisodeTask | None:
        """Return the first task that fits, which is now being played, or None when none can be begun."""
        for place, task in enumerate(self._queue):
            if fits(task):
                del self._queue[place]
                self._playing[task.agent, task.number] = None
                return task
        return None

    def end(self, task: EpisodeTask, again: EpisodeTask | None = None) -> None:
        """Say that a task is no longer played; `again` is to be played in its place, before all others."""
        del self._playing[task.agent, task.number]
        if again is not None and again.agent not in self._dropped:
            self._held.get(again.agent, self._queue).appendleft(again)

    def plays(self, agent: str, number: int) -> bool:
        """Say whether one of an agent's episodes is being played."""
        return (agent, number) in self._playing

    def dropped(self, agent: str) -> bool:
        """Say whether an agent was given up."""
        return agent in self._dropped

    def sort(self, key: Callable[[EpisodeTask], float]) -> None:
        """Put the tasks that could be begun now in an order; those of equal keys stay as they are."""
        self._queue = deque(sorted(self._queue, key=key))

    def hold(self, agent: str) -> None:
        """Keep an agent's tasks back until it is released."""
        if agent not in self._held:
            self._held[agent] = self._remove(agent)

    def release(self, agent: str) -> None:
        """Let an agent's tasks be played again, before all others: they have waited."""
        self._queue.extendleft(reversed(self._held.pop(agent, deque())))
        self.wake()

    def drop(self, agent: str) -> None:
        """Give an agent's tasks up, those that are held as well."""
        self._dropped[agent] = None
        self._held.pop(agent, None)
        self._remove(agent)
        self.wake()

    def restart(self, agent: str, tasks: Iterable[EpisodeTask]) -> None:
        """Play these tasks of an agent that was given up."""
        self._dropped.pop(agent, None)
        self._queue.extend(tasks)
        self.wake()

    def wake(self) -> None:
        """Wake whoever waits for a change."""
        self._changed.set()

    async def changed(self) -> None:
        """Wait until something may be done that could not be done before."""
        await self._changed.wait()
        self._changed.clear()

    def _remove(self, agent: str) -> deque[EpisodeTask]:
        removed = deque(task for task in self._queue if task.agent == agent)
        if removed:
            self._queue = deque(task for task in self._queue if task.agent != agent)
        return removed
