"""Delays between attempts to start workers, with a limit on the time in which none starts."""

import asyncio

__all__ = ["StartBackoff"]

_SHORTEST, _LONGEST = 0.25, 5.0
"""Seconds between two attempts. They grow with the time since the first failure."""
_GROWTH = 0.5


class StartBackoff:
    """The time since workers could last be started. Used on one event loop."""

    def __init__(self, patience: float) -> None:
        """Begin without a failure.

        Args:
            patience: Seconds of failures, without a worker that starts, after which waiting ends.
        """
        self.patience = patience
        self._since: float | None = None

    @property
    def failing(self) -> bool:
        """Whether the last attempt failed."""
        return self._since is not None

    def end(self) -> None:
        """Forget the failures: a worker has started, or none was needed for a while."""
        self._since = None

    def delay(self) -> float | None:
        """Count a failure, and return the seconds to wait before the next attempt; None when the time is over."""
        now = asyncio.get_running_loop().time()
        if self._since is None:
            self._since = now
        elapsed = now - self._since
        if elapsed >= self.patience:
            return None
        return min(max(elapsed * _GROWTH, _SHORTEST), _LONGEST, self.patience - elapsed)
