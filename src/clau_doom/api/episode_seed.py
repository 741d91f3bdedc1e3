"""Seeds of episodes from users."""

from operator import index

from clau_doom.errors import ConfigError

__all__ = ["LARGEST_SEED", "check_seed"]

LARGEST_SEED = 2**32 - 1
"""Largest seed of an episode that the engine accepts."""


def check_seed(seed: object) -> int:
    """Return a seed as a Python integer; NumPy's integers are accepted.

    Raises:
        ConfigError: The seed is not a whole number from 0 to `LARGEST_SEED`.
    """
    try:
        found = index(seed)  # type: ignore[arg-type] # raises TypeError
    except TypeError:
        found = -1
    if not 0 <= found <= LARGEST_SEED:
        raise ConfigError(f"seed is {seed!r}: use a whole number from 0 to {LARGEST_SEED}")
    return found
