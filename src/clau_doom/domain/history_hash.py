"""The history's hash: one number that two runs share exactly when they evolved the same agents to the same results.

The encoding (version 1), all integers little-endian, hashed with SHA-256:

- the text ``clau-doom history 1``, length-prefixed like every text and byte string below: u32 length, then the bytes;
- u32 the number of finished generations; then for each generation u32 its index and u32 the number of its agents;
- for each agent, by index: u32 the number of parents, and for each its u32 generation and u32 index; the operator
  (UTF-8); the genome (8-byte doubles); the status (UTF-8); the fitness as an 8-byte double, preceded by a byte 1, or a
  single byte 0 when it has none; u32 the number of finished episodes, and for each, by number, its u64 seed and its
  32-byte trajectory hash.

Ids, names, times, attempts, workers and the backend are not in it. A failed agent's episodes are left out, because how
many of them were finished when it failed depends on the order in which they were played.
"""

import hashlib
import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache

from clau_doom.domain.agent import AgentStatus, Evaluation
from clau_doom.domain.episode import OutcomeRow

__all__ = ["history_sha256"]


def history_sha256(generations: Sequence[Sequence[Evaluation]]) -> str:
    """Return the hash of finished generations, as 64 hexadecimal digits.

    Args:
        generations: The evaluations of each finished generation, by index.
    """
    digest = hashlib.sha256()
    for part in _encode(generations):
        digest.update(part)
    return digest.hexdigest()


def _encode(generations: Sequence[Sequence[Evaluation]]) -> Iterable[bytes]:
    yield _framed(b"clau-doom history 1")
    yield struct.pack("<I", len(generations))
    for index, evaluations in enumerate(generations):
        yield struct.pack("<II", index, len(evaluations))
        # In one piece: of half a million small ones, hashing each would take longer than making them.
        yield b"".join([part for evaluation in evaluations for part in _encode_evaluation(evaluation)])


def _encode_evaluation(evaluation: Evaluation) -> Iterable[bytes]:
    agent = evaluation.agent
    places = [number for parent in agent.parents for number in (parent.generation, parent.index)]
    yield struct.pack(f"<I{len(places)}I", len(agent.parents), *places)
    yield _text(agent.operator)
    yield _framed(agent.genome.to_bytes())
    yield _text(evaluation.status.value)
    yield b"\0" if evaluation.fitness is None else struct.pack("<Bd", 1, evaluation.fitness)
    outcomes = () if evaluation.status is AgentStatus.FAILED else evaluation.outcomes
    yield struct.pack("<I", len(outcomes))
    if isinstance(outcomes, OutcomeRow):
        yield outcomes.fingerprints()
    else:
        for outcome in outcomes:
            yield outcome.fingerprint()


@lru_cache(maxsize=256)  # operators and states are few, and each stands here once an agent
def _text(text: str) -> bytes:
    return _framed(text.encode())


def _framed(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data
