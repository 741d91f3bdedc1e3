"""Hash of a history. Two runs have the same hash if and only if they have the same agents with the same results.

The encoding (version 1), all integers little-endian, hashed with SHA-256:

- the text ``clau-doom history 1``, length-prefixed like every text and byte string below: u32 length, then the bytes;
- the number of finished generations as u32; then for each generation its index and its number of agents as u32;
- for each agent, by index: the number of parents as u32, and for each parent generation and index as u32; the operator
  (UTF-8); the genome (8-byte doubles); the status (UTF-8); the fitness; the number of finished episodes as u32, and
  for each episode, by number, its seed as u64 and its 32-byte trajectory hash.

The fitness is a byte 0 for an agent without a fitness, or a byte 1 and the fitness as an 8-byte double. For an agent
with a fitness vector, it is a byte 2, the fitness as a double, the number of objectives as u32 and each objective as a
double. Generations may have different numbers of agents.

The hash does not cover ids, names, times, attempts, workers and the backend. It does not cover a failed agent's
episodes, because their number depends on the order in which episodes are played.
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
        generations: Evaluations of each finished generation, by index.
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
    yield _encoded_text(agent.operator)
    yield _framed(agent.genome.to_bytes())
    yield _encoded_text(evaluation.status.value)
    yield _encoded_fitness(evaluation)
    outcomes = () if evaluation.status is AgentStatus.FAILED else evaluation.outcomes
    yield struct.pack("<I", len(outcomes))
    if isinstance(outcomes, OutcomeRow):
        yield outcomes.fingerprints()
    else:
        for outcome in outcomes:
            yield outcome.fingerprint()


def _encoded_fitness(evaluation: Evaluation) -> bytes:
    if evaluation.fitness is None:
        return b"\0"
    objectives = evaluation.objectives
    if not objectives:
        return struct.pack("<Bd", 1, evaluation.fitness)
    return struct.pack(f"<BdI{len(objectives)}d", 2, evaluation.fitness, len(objectives), *objectives)


@lru_cache(maxsize=256)  # few different operators and states, each encoded once for every agent
def _encoded_text(text: str) -> bytes:
    return _framed(text.encode())


def _framed(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data
