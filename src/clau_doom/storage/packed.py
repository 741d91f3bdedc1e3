"""Training episodes in columns: a million of them take 230 MB, and as objects they would take 1.5 GB and ten seconds.

An episode becomes an object when it is looked at.
"""

import sqlite3
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from operator import itemgetter
from typing import Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from clau_doom.domain import AgentRef, Episode, EpisodeOutcome, EpisodeTiming, Measures, Purpose, agent_id
from clau_doom.domain.episode import OutcomeRow
from clau_doom.domain.score import MEASURES

__all__ = ["EpisodeRow", "Outcomes", "Training", "read_training"]

_DIGEST = 32  # bytes of a trajectory's hash
_FINGERPRINT = 8 + _DIGEST
_AT_ONCE = 10_000
_COUNTS = "SELECT generation, agent, count(*) FROM played WHERE purpose = 0 GROUP BY generation, agent"
_REST = (*MEASURES, "seconds", "number", "attempts", "worker", "repeated")
_ORDER = "FROM played WHERE purpose = 0 ORDER BY generation, agent, number"
_Run = Callable[..., sqlite3.Cursor]
_T = TypeVar("_T")


class Training:
    """All training episodes of an experiment, sorted by agent and number."""

    def __init__(self, experiment: str, prints: bytes, rest: NDArray[np.float64] | None) -> None:
        """Hold episodes.

        Args:
            experiment: The experiment's id.
            prints: The fingerprints, 40 bytes an episode.
            rest: Measures, seconds, number, attempts, worker and repeated actions, shape (episodes, 18); None where
                they were not read.
        """
        self._experiment = experiment
        self._prints = prints
        self._rest = rest

    def fingerprints(self, first: int, end: int) -> bytes:
        """Return the fingerprints of the episodes from one to another."""
        return self._prints[first * _FINGERPRINT : end * _FINGERPRINT]

    def outcome(self, place: int) -> EpisodeOutcome:
        """Return the outcome of the episode at a place.

        Raises:
            LookupError: Measures were not read.
        """
        found = self.fingerprints(place, place + 1)
        return EpisodeOutcome(
            seed=int.from_bytes(found[:8], "little"),
            measures=Measures(**dict(zip(MEASURES, self._row(place), strict=False))),
            trajectory_sha256=found[8:].hex(),
        )

    def episode(self, place: int, ref: AgentRef) -> Episode:
        """Return the episode at a place, which the agent at `ref` played.

        Raises:
            LookupError: Measures were not read.
        """
        seconds, number, attempts, worker, repeated = self._row(place)[len(MEASURES) :]
        return Episode(
            purpose=Purpose.TRAINING,
            agent=agent_id(self._experiment, ref.generation, ref.index),
            number=int(number),
            outcome=self.outcome(place),
            timing=EpisodeTiming(seconds=seconds, attempts=int(attempts), worker=int(worker), repeated=int(repeated)),
        )

    def _row(self, place: int) -> list[float]:
        if self._rest is None:
            raise LookupError("what training episodes measured was not read: ask for a snapshot with it")
        row: list[float] = self._rest[place].tolist()
        return row


class _Row(Sequence[_T], Generic[_T]):
    """One agent's episodes, or something of each; equal to any sequence of the same."""

    __slots__ = ("_end", "_first", "_training")

    def __init__(self, training: Training, first: int, end: int) -> None:
        self._training = training
        self._first = first
        self._end = end

    def __len__(self) -> int:
        return self._end - self._first

    @overload
    def __getitem__(self, place: int) -> _T: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[_T]: ...

    def __getitem__(self, place: int | slice) -> _T | Sequence[_T]:
        within = range(self._first, self._end)[place]
        return self._make(within) if isinstance(within, int) else tuple(map(self._make, within))

    def __iter__(self) -> Iterator[_T]:
        return map(self._make, range(self._first, self._end))

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

    def _make(self, place: int) -> _T:
        raise NotImplementedError


class Outcomes(_Row[EpisodeOutcome], OutcomeRow):
    """The outcomes of one agent's training episodes, by number."""

    __slots__ = ()

    def fingerprints(self) -> bytes:
        """Return the outcomes' fingerprints."""
        return self._training.fingerprints(self._first, self._end)

    def _make(self, place: int) -> EpisodeOutcome:
        return self._training.outcome(place)


class EpisodeRow(_Row[Episode]):
    """One agent's training episodes, by number."""

    __slots__ = ("_ref",)

    def __init__(self, training: Training, first: int, end: int, ref: AgentRef) -> None:
        """Hold the episodes from one place to another."""
        super().__init__(training, first, end)
        self._ref = ref

    def _make(self, place: int) -> Episode:
        return self._training.episode(place, self._ref)


def read_training(run: _Run, experiment: str, *, measured: bool) -> dict[AgentRef, tuple[Outcomes, EpisodeRow]]:
    """Return the training episodes of each agent that has some.

    Args:
        run: Runs a query in an open transaction.
        experiment: The experiment's id.
        measured: Whether more than their number and their fingerprints is read.
    """
    counts = run(_COUNTS).fetchall()
    total = sum(count for _, _, count in counts)
    prints, rest = _columns(run, total, measured=measured)
    training = Training(experiment, prints, rest)
    bounds = pairwise(accumulate((count for _, _, count in counts), initial=0))
    found = {}
    for (generation, agent, _), (first, end) in zip(counts, bounds, strict=True):
        ref = AgentRef(generation, agent)
        found[ref] = Outcomes(training, first, end), EpisodeRow(training, first, end, ref)
    return found


def _columns(run: _Run, total: int, *, measured: bool) -> tuple[bytes, NDArray[np.float64] | None]:
    """Return the fingerprints, and where they are asked for the other columns, shape (episodes, 18)."""
    prints = np.empty((total, _FINGERPRINT), dtype=np.uint8)
    rest = np.empty((total, len(_REST))) if measured else None
    columns = ("seed", "trajectory", *_REST) if measured else ("seed", "trajectory")
    cursor = run(f"SELECT {', '.join(columns)} {_ORDER}")
    done = 0
    while rows := cursor.fetchmany(_AT_ONCE):
        end = done + len(rows)
        seeds = np.array(array("Q", map(itemgetter(0), rows)), dtype="<u8")
        prints[done:end, :8] = seeds.view(np.uint8).reshape(-1, 8)
        digests = b"".join(map(itemgetter(1), rows))
        prints[done:end, 8:] = np.frombuffer(digests, dtype=np.uint8).reshape(-1, _DIGEST)
        if rest is not None:
            for place, values in enumerate([*zip(*rows, strict=True)][2:]):
                rest[done:end, place] = values
        done = end
    return prints.tobytes(), rest
