"""Delays between attempts to start workers, with a limit on the time without a started worker."""

import asyncio

__all__ = ["StartBackoff"]

_SHORTEST, _LONGEST = 0.25, 5.0
"""Seconds between two attempts. The delay grows with the time since the first failure."""
_GROWTH = 0.5


class StartBackoff:
    """Time since the first failed attempt. Use it on one event loop."""

    def __init__(self, patience: float) -> None:
        """Start without a failure.

        Args:
            patience: Seconds without a started worker after which waiting ends.
        """
        self.patience = patience
        self._since: float | None = None

    @property
    def failing(self) -> bool:
        """Whether the last attempt failed."""
        return self._since is not None

    def end(self) -> None:
        """Reset the failures, because a worker has started or none was needed for a while."""
        self._since = None

    def delay(self) -> float | None:
        """Count a failure, and return the seconds until the next attempt. None: the patience is exhausted."""
        now = asyncio.get_running_loop().time()
        if self._since is None:
            self._since = now
        elapsed = now - self._since
        if elapsed >= self.patience:
            return None
        return min(max(elapsed * _GROWTH, _SHORTEST), _LONGEST, self.patience - elapsed)
