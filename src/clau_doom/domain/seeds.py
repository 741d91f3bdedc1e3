"""Where every random number comes from: the experiment's seed and the name of a stream.

A stream's 256-bit key is the SHA-256 of the seed and the stream's path, so that adding a stream never moves another.
"""

import hashlib

import numpy as np

from clau_doom.domain.episode import Purpose

__all__ = ["episode_seeds", "generator"]

# An episode seed is 31 bits: 29 drawn bits and 2 that say the purpose, so that seeds of different purposes never meet.
_DRAWN = 1 << 29
_PURPOSE_CODE = {Purpose.TRAINING: 0, Purpose.VALIDATION: 1, Purpose.HELD_OUT: 2}


def generator(seed: int, *stream: str | int) -> np.random.Generator:
    """Return a new generator for the named stream of an experiment.

    Args:
        seed: The experiment's seed.
        stream: The path of the stream, such as ``"strategy", "mutation"``; a path is unique to one use.
    """
    text = "\x1f".join(["clau-doom/1", str(seed), *(str(part) for part in stream)])
    key = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int.from_bytes(key, "big"))))


def episode_seeds(seed: int, purpose: Purpose, count: int, *, generation: int | None = None) -> tuple[int, ...]:
    """Return `count` different engine seeds for a purpose.

    A longer row begins with the shorter one. Seeds of different purposes are disjoint by construction.

    Args:
        seed: The experiment's seed.
        purpose: What the episodes are for.
        count: How many, at most 2^28.
        generation: The generation whose seeds they are, or None where all generations share theirs.
    """
    draws = generator(seed, "episodes", purpose.value, "all" if generation is None else generation)
    found: dict[int, None] = {}
    while len(found) < count:
        found.setdefault(int(draws.integers(_DRAWN)) << 2 | _PURPOSE_CODE[purpose])
    return tuple(found)
