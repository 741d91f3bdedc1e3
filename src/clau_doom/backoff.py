"""Exponential backoff: delays between attempts that double after each failure."""

__all__ = ["Backoff", "backoff_delay"]

_MOST_DOUBLINGS = 64  # a larger exponent has no effect, and would exceed the range of a float


def backoff_delay(failures: int, shortest: float, longest: float) -> float:
    """Return the delay in seconds after a number of consecutive failures, from 1."""
    return min(shortest * 2.0 ** min(failures - 1, _MOST_DOUBLINGS), longest)


class Backoff:
    """Consecutive failures of one operation, and the delays before it is tried again.

    Attributes:
        failures: Failures since the last success or progress.
    """

    def __init__(self, shortest: float, longest: float) -> None:
        """Start without a failure.

        Args:
            shortest: Delay in seconds after the first failure.
            longest: Maximum delay in seconds.
        """
        self.failures = 0
        self._shortest = shortest
        self._longest = longest

    def next_delay(self) -> float:
        """Count a failure, and return the delay in seconds before the next attempt."""
        self.failures += 1
        return backoff_delay(self.failures, self._shortest, self._longest)

    def reset(self) -> None:
        """Start again with the shortest delay, after a success or progress."""
        self.failures = 0
