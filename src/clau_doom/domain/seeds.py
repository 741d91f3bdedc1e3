"""Random generators and episode seeds, derived from the seed of the experiment.

Each use has a stream of its own. The 256-bit key of a stream is the SHA-256 of the seed and the stream's path, so that
a new stream does not change the others.
"""

import hashlib

import numpy as np

from clau_doom.domain.episode import Purpose

__all__ = ["episode_seeds", "generator"]

# An episode seed has 31 bits: 29 random bits and 2 bits for the purpose, so that seeds of different purposes differ.
_DRAWN = 1 << 29
_PURPOSE_CODE = {Purpose.TRAINING: 0, Purpose.VALIDATION: 1, Purpose.HELD_OUT: 2}


def generator(seed: int, *stream: str | int) -> np.random.Generator:
    """Return a new generator for a stream of an experiment.

    Args:
        seed: Seed of the experiment.
        stream: Path of the stream, such as ``"strategy", "mutation"``. Each use has its own path.
    """
    text = "\x1f".join(["clau-doom/1", str(seed), *(str(part) for part in stream)])
    key = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int.from_bytes(key, "big"))))


def episode_seeds(seed: int, purpose: Purpose, count: int, *, generation: int | None = None) -> tuple[int, ...]:
    """Return different engine seeds for a purpose.

    More seeds begin with the same ones. Seeds of different purposes are disjoint.

    Args:
        seed: Seed of the experiment.
        purpose: Purpose of the episodes.
        count: Number of seeds, at most 2^28.
        generation: Generation of the episodes; None: the same seeds for all generations.
    """
    draws = generator(seed, "episodes", purpose.value, "all" if generation is None else generation)
    found: dict[int, None] = {}
    while len(found) < count:
        found.setdefault(int(draws.integers(_DRAWN)) << 2 | _PURPOSE_CODE[purpose])
    return tuple(found)
