"""Measures of the user that several experiments have in common."""

from collections.abc import Sequence

from clau_doom.ports import StoredExperiment

__all__ = ["shared_measures"]


def shared_measures(experiments: Sequence[StoredExperiment]) -> tuple[str, ...]:
    """Return the sorted names of the user's measures that all experiments compute with one function.

    Args:
        experiments: One or more experiments.
    """
    first, *others = (stored.config.measures for stored in experiments)
    return tuple(name for name, target in sorted(first.items()) if all(each.get(name) == target for each in others))
