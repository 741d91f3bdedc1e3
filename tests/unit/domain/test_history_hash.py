"""Tests of the history hash: golden value, included and excluded facts."""

import hashlib
import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clau_doom.domain import Agent, AgentRef, AgentStatus, EpisodeOutcome, Evaluation, Genome, Measures
from clau_doom.domain.history_hash import history_sha256

GOLDEN = json.loads((Path(__file__).parent / "history.golden.json").read_text())
VECTORS = json.loads((Path(__file__).parent / "fitness_vectors.golden.json").read_text())

History = tuple[tuple[Evaluation, ...], ...]


def _double(bits: str) -> float:
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    return float(value)


def _evaluation(generation: int, index: int, plain: dict[str, Any]) -> Evaluation:
    agent = Agent(
        experiment="golden",
        ref=AgentRef(generation, index),
        genome=Genome(tuple(_double(bits) for bits in plain["genome"])),
        parents=tuple(AgentRef(*parent) for parent in plain["parents"]),
        operator=plain["operator"],
    )
    outcomes = tuple(
        EpisodeOutcome(seed=row["seed"], measures=Measures(), trajectory_sha256=row["trajectory_sha256"])
        for row in plain["episodes"]
    )
    fitness = None if plain["fitness"] is None else _double(plain["fitness"])
    objectives = tuple(_double(bits) for bits in plain.get("objectives", []))
    status = AgentStatus(plain["status"])
    return Evaluation(agent=agent, status=status, fitness=fitness, outcomes=outcomes, objectives=objectives)


def _history(golden: dict[str, Any]) -> History:
    return tuple(
        tuple(_evaluation(generation, index, plain) for index, plain in enumerate(row))
        for generation, row in enumerate(golden["generations"])
    )


HISTORY = _history(GOLDEN)


def _u32(number: int) -> bytes:
    return number.to_bytes(4, "little")


def _framed(data: bytes) -> bytes:
    return _u32(len(data)) + data


def _bits(double: str) -> bytes:
    return bytes.fromhex(double)[::-1]


def _independent(generations: Sequence[Sequence[dict[str, Any]]]) -> str:
    """Return the hash, by a second implementation of the documented encoding."""
    data = _framed(b"clau-doom history 1") + _u32(len(generations))
    for number, row in enumerate(generations):
        data += _u32(number) + _u32(len(row))
        for agent in row:
            data += _u32(len(agent["parents"])) + b"".join(_u32(g) + _u32(i) for g, i in agent["parents"])
            data += _framed(agent["operator"].encode()) + _framed(b"".join(map(_bits, agent["genome"])))
            data += _framed(agent["status"].encode())
            vector = [_bits(value) for value in agent.get("objectives", [])]
            if agent["fitness"] is None:
                data += b"\x00"
            elif vector:
                data += b"\x02" + _bits(agent["fitness"]) + _u32(len(vector)) + b"".join(vector)
            else:
                data += b"\x01" + _bits(agent["fitness"])
            episodes = agent["episodes"] if agent["status"] != "failed" else []
            data += _u32(len(episodes))
            for episode in episodes:
                data += episode["seed"].to_bytes(8, "little") + bytes.fromhex(episode["trajectory_sha256"])
    return hashlib.sha256(data).hexdigest()


def test_hash_of_the_golden_history_is_unchanged() -> None:
    """Old runs stay comparable."""
    assert history_sha256(HISTORY) == GOLDEN["history_sha256"]


def test_documented_encoding_gives_the_golden_hash() -> None:
    """The test has a second implementation of the encoding."""
    assert _independent(GOLDEN["generations"]) == GOLDEN["history_sha256"]


def test_hash_of_fitness_vectors_and_of_generations_of_different_sizes_is_unchanged() -> None:
    assert history_sha256(_history(VECTORS)) == VECTORS["history_sha256"]
    assert _independent(VECTORS["generations"]) == VECTORS["history_sha256"]


def test_an_objective_changes_the_hash() -> None:
    first, *others = _history(VECTORS)
    objectives = (1.5, 0.0)  # a zero of another sign
    changed = ((replace(first[0], objectives=objectives), *first[1:]), *others)
    assert history_sha256(changed) != VECTORS["history_sha256"]


def test_empty_history_has_a_hash() -> None:
    """An experiment without finished generations has the hash of an empty history."""
    assert history_sha256(()) == _independent([])


def _with(change: Callable[[Evaluation], Evaluation], generation: int = 1, index: int = 1) -> History:
    rows = [list(row) for row in HISTORY]
    rows[generation][index] = change(rows[generation][index])
    return tuple(tuple(row) for row in rows)


def _agent(**changes: Any) -> Callable[[Evaluation], Evaluation]:
    return lambda evaluation: replace(evaluation, agent=replace(evaluation.agent, **changes))


def _outcome(**changes: Any) -> Callable[[Evaluation], Evaluation]:
    def change(evaluation: Evaluation) -> Evaluation:
        first, *others = evaluation.outcomes
        return replace(evaluation, outcomes=(replace(first, **changes), *others))

    return change


@pytest.mark.parametrize(
    "history",
    {
        "a generation less": HISTORY[:1],
        "an agent less": (HISTORY[0], HISTORY[1][:1]),
        "agents in another order": (HISTORY[0], HISTORY[1][::-1]),
        "a gene's last bit": _with(_agent(genome=Genome((-1.5, 4.0, 0.1 + 2**-56)))),
        "a gene's sign of zero": _with(_agent(genome=Genome((0.1 + 0.2, 0.0, 5e-324))), index=0),
        "parents in another order": _with(_agent(parents=(AgentRef(0, 0), AgentRef(0, 2)))),
        "a parent less": _with(_agent(parents=(AgentRef(0, 2),))),
        "the operator": _with(_agent(operator="crossover")),
        "the fitness": _with(lambda evaluation: replace(evaluation, fitness=0.3)),
        "the fitness's sign of zero": _with(lambda evaluation: replace(evaluation, fitness=0.0), 0, 2),
        "the status": _with(lambda evaluation: replace(evaluation, status=AgentStatus.FAILED)),
        "an episode's seed": _with(_outcome(seed=9)),
        "a trajectory": _with(_outcome(trajectory_sha256="8" * 64)),
        "episodes in another order": _with(lambda value: replace(value, outcomes=value.outcomes[::-1])),
        "an episode less": _with(lambda value: replace(value, outcomes=value.outcomes[:1])),
    }.items(),
    ids=lambda item: item[0],
)
def test_results_change_the_hash(history: tuple[str, History]) -> None:
    """Each change of a genome or of its evaluation changes the hash."""
    assert history_sha256(history[1]) != GOLDEN["history_sha256"]


@pytest.mark.parametrize(
    "history",
    {
        "the experiment's name": _with(_agent(experiment="other")),
        "the reason of a failure": _with(lambda value: replace(value, failure="another traceback"), 0, 1),
        "a failed agent's episodes": _with(lambda value: replace(value, outcomes=()), 0, 1),
    }.items(),
    ids=lambda item: item[0],
)
def test_names_and_messages_do_not_change_the_hash(history: tuple[str, History]) -> None:
    """Names, messages and finished episodes of a failed agent do not change the hash."""
    assert history_sha256(history[1]) == GOLDEN["history_sha256"]
