"""Training episodes in columns, which become objects on access.

A million episodes take 230 MB in columns. As objects they take 1.5 GB and ten seconds to build.
"""

import struct
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise, starmap
from typing import Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from clau_doom.domain import AgentRef, Episode, EpisodeOutcome, EpisodeTiming, Measures, Purpose
from clau_doom.domain.episode import OutcomeRow
from clau_doom.domain.fitness import MEASURES
from clau_doom.errors import StorageFailed, StoreCorrupted
from clau_doom.storage.episode_rows import custom_object, custom_of
from clau_doom.storage.read_budget import Row
from clau_doom.storage.validation import LARGEST, MOST_AGENTS, MOST_COUNT, MOST_SEED, number, whole

__all__ = ["AgentEpisodes", "AgentOutcomes", "EpisodeColumns", "TrainingEpisodes", "read_training"]

_DIGEST = 32  # bytes of a trajectory hash
_FINGERPRINT = 8 + _DIGEST
_REST = (*MEASURES, "seconds", "number", "attempts", "worker", "repeated", "processor_seconds")
_UNMEASURED = -1.0
"""Processor time of an episode without a measurement, in the array of numbers."""
_AGENTS = (
    "SELECT generation, agent, group_concat(number), group_concat(seed), CAST(group_concat(trajectory, '') AS BLOB)"
    " FROM played WHERE purpose = 0 GROUP BY generation, agent ORDER BY generation, agent"
)
_EPISODES = (
    f"SELECT {', '.join(_REST[:-1])}, coalesce(processor_seconds, {_UNMEASURED})"  # noqa: S608 (constant names)
    " FROM played WHERE purpose = 0 ORDER BY generation, agent, number"
)
_ANY_CUSTOM = "SELECT 1 FROM played WHERE purpose = 0 AND custom IS NOT NULL LIMIT 1"
_CUSTOM = "SELECT custom FROM played WHERE purpose = 0 ORDER BY generation, agent, number"
_NOT_READ = "the measures of training episodes were not read: request a measured snapshot"
_CONTRADICTED = "its training episodes contradict their index"
_Query = Callable[[str], Iterator[Row]]
_T = TypeVar("_T")


class TrainingEpisodes(Mapping[AgentRef, Sequence[Episode]]):
    """All training episodes of an experiment by agent, sorted by number for each agent."""

    def __init__(
        self,
        experiment: str,
        prints: bytes,
        rest: NDArray[np.float64] | None,
        bounds: Mapping[tuple[int, int], tuple[int, int]],
        custom: Sequence[str | None] = (),
    ) -> None:
        """Store columns of episodes.

        Args:
            experiment: Id of the experiment.
            prints: Fingerprints, 40 bytes for each episode.
            rest: Measures, seconds, number, attempts, worker, repeated actions and processor seconds, shape
                (episodes, 19); None if they were not read.
            bounds: Half-open range of each agent's episodes, by generation and index.
            custom: Measures of the user as JSON for each episode; empty if no episode has any.
        """
        self._experiment = experiment
        self._prints = prints
        self._rest = rest
        self._bounds = bounds
        self._custom = custom

    def outcomes(self, ref: AgentRef) -> Sequence[EpisodeOutcome]:
        """Return the outcomes of an agent's episodes, sorted by number."""
        bounds = self._bounds.get((ref.generation, ref.index))
        return AgentOutcomes(self, *bounds) if bounds else ()

    def columns(self, measures: Iterable[str] = ()) -> "EpisodeColumns":
        """Return all episodes in columns, by agent and number.

        Args:
            measures: Names of the user's measures.

        Raises:
            LookupError: Measures were not read.
            StoreCorrupted: An episode lacks one of the user's measures, or it is not a number.
        """
        if self._rest is None:
            raise LookupError(_NOT_READ)
        prints = np.frombuffer(self._prints, dtype=np.uint8).reshape(-1, _FINGERPRINT)
        numbers = {name: self._rest[:, place] for place, name in enumerate(_REST)}
        processor = numbers["processor_seconds"]
        return EpisodeColumns(
            agents=tuple(self),
            counts=np.array([end - first for first, end in self._bounds.values()], dtype=np.int64),
            seeds=prints[:, :8].copy().view("<i8").reshape(-1),
            digests=prints[:, 8:],
            numbers={**numbers, "processor_seconds": np.where(processor == _UNMEASURED, np.nan, processor)},
            custom=_custom_columns(self._custom or [None] * len(prints), measures),
        )

    def __getitem__(self, ref: AgentRef) -> "AgentEpisodes":
        """Return the episodes of an agent, sorted by number."""
        return AgentEpisodes(self, *self._bounds[ref.generation, ref.index], ref)

    def __iter__(self) -> Iterator[AgentRef]:
        """Iterate over the agents with episodes, in order."""
        return starmap(AgentRef, self._bounds)

    def __len__(self) -> int:
        """Return the number of agents with episodes."""
        return len(self._bounds)

    def fingerprints(self, first: int, end: int) -> bytes:
        """Return the fingerprints of a half-open range of episodes."""
        return self._prints[first * _FINGERPRINT : end * _FINGERPRINT]

    def outcome(self, index: int) -> EpisodeOutcome:
        """Return the outcome of the episode at an index.

        Raises:
            LookupError: Measures were not read.
        """
        found = self.fingerprints(index, index + 1)
        return EpisodeOutcome(
            seed=int.from_bytes(found[:8], "little"),
            measures=Measures(**dict(zip(MEASURES, self._row(index), strict=False)), custom=self._custom_of(index)),
            trajectory_sha256=found[8:].hex(),
        )

    def episode(self, index: int, ref: AgentRef) -> Episode:
        """Return the episode at an index, played by the agent `ref`.

        Raises:
            LookupError: Measures were not read.
        """
        seconds, number, attempts, worker, repeated, processor = self._row(index)[len(MEASURES) :]
        return Episode(
            purpose=Purpose.TRAINING,
            agent=ref.agent_id(self._experiment),
            number=int(number),
            outcome=self.outcome(index),
            timing=EpisodeTiming(
                seconds=seconds,
                attempts=int(attempts),
                worker=int(worker),
                repeated=int(repeated),
                processor_seconds=None if processor == _UNMEASURED else processor,
            ),
        )

    def _custom_of(self, index: int) -> tuple[tuple[str, float], ...] | None:
        return custom_of(self._custom[index]) if self._custom else None

    def _row(self, index: int) -> list[float]:
        if self._rest is None:
            raise LookupError(_NOT_READ)
        row: list[float] = self._rest[index].tolist()
        return row


@dataclass(frozen=True, kw_only=True)
class EpisodeColumns:
    """Training episodes in columns, sorted by agent and number.

    Attributes:
        agents: Agents with episodes, in order.
        counts: Number of episodes of each agent, shape (agents,).
        seeds: Seeds, shape (episodes,).
        digests: Trajectory hashes, shape (episodes, 32).
        numbers: Bundled measures, ``seconds``, ``number``, ``attempts``, ``worker``, ``repeated`` and
            ``processor_seconds`` by name, each of shape (episodes,); NaN for a processor time without a measurement.
        custom: Measures of the user by name, each of shape (episodes,).
    """

    agents: tuple[AgentRef, ...]
    counts: NDArray[np.int64]
    seeds: NDArray[np.int64]
    digests: NDArray[np.uint8]
    numbers: Mapping[str, NDArray[np.float64]]
    custom: Mapping[str, NDArray[np.float64]]


class _EpisodeItems(Sequence[_T], Generic[_T]):
    """Sequence of items, one for each episode of an agent; equal to any sequence of the same items."""

    __slots__ = ("_end", "_first", "_training")

    def __init__(self, training: TrainingEpisodes, first: int, end: int) -> None:
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

    @abstractmethod
    def _make(self, index: int) -> _T:
        """Build the item of an episode from its row."""


class AgentOutcomes(_EpisodeItems[EpisodeOutcome], OutcomeRow):
    """Outcomes of one agent's training episodes, sorted by number."""

    __slots__ = ()

    def fingerprints(self) -> bytes:
        """Return the fingerprints of the outcomes."""
        return self._training.fingerprints(self._first, self._end)

    def _make(self, index: int) -> EpisodeOutcome:
        return self._training.outcome(index)


class AgentEpisodes(_EpisodeItems[Episode]):
    """Training episodes of one agent, sorted by number."""

    __slots__ = ("_ref",)

    def __init__(self, training: TrainingEpisodes, first: int, end: int, ref: AgentRef) -> None:
        """Store a half-open range of rows."""
        super().__init__(training, first, end)
        self._ref = ref

    def _make(self, index: int) -> Episode:
        return self._training.episode(index, self._ref)


def read_training(query: _Query, numbers: _Query, experiment: str, *, measured: bool) -> TrainingEpisodes:
    """Read the training episodes of an experiment.

    Args:
        query: Yields the rows of a query in an open transaction.
        numbers: Yields the rows of a query for numbers, faster.
        experiment: Id of the experiment.
        measured: Read all columns, not only fingerprints.

    Raises:
        StoreCorrupted: A value is out of range; the message names it.
    """
    # Aggregation in SQLite takes a third of the time that Python needs for a million rows.
    rows = list(query(_AGENTS))
    counts = _counts([row[2] for row in rows])
    ends = [*accumulate(counts, initial=0)]
    digests = b"".join([row[4] for row in rows])
    if len(digests) != ends[-1] * _DIGEST:
        raise StoreCorrupted(f"the trajectories' hashes of {ends[-1]} episodes have {len(digests)} bytes")
    prints = np.empty((ends[-1], _FINGERPRINT), dtype=np.uint8)
    prints[:, 8:] = np.frombuffer(digests, dtype=np.uint8).reshape(-1, _DIGEST)
    prints[:, :8] = np.frombuffer(_seeds([row[3] for row in rows]), dtype=np.uint8).reshape(-1, 8)
    return TrainingEpisodes(
        experiment,
        prints.tobytes(),
        _rest(numbers, ends[-1]) if measured else None,
        {_agent_key(row): bounds for row, bounds in zip(rows, pairwise(ends), strict=True)},
        _custom(query, ends[-1]) if measured else (),
    )


def _agent_key(row: Row) -> tuple[int, int]:
    generation = whole(row[0], "a training episode's generation", most=MOST_AGENTS - 1)
    return generation, whole(row[1], "a training episode's agent", most=MOST_AGENTS - 1)


def _counts(texts: Sequence[str]) -> list[int]:
    """Return the counts of comma-separated numbers, and check their order, which SQLite does not guarantee."""
    known: dict[str, int] = {}
    for text in {*texts}:
        numbers = [*map(int, text.split(","))]
        if len({*numbers}) < len(numbers) or not 0 <= min(numbers) <= max(numbers) <= MOST_COUNT:
            raise StoreCorrupted(f"the numbers of an agent's episodes are {text[:80]!a}: they must differ, from 0 on")
        if numbers != sorted(numbers):
            raise StorageFailed(f"SQLite returned episodes in the order {text[:80]}: use another version of it")
        known[text] = len(numbers)
    return [known[text] for text in texts]


def _seeds(texts: Sequence[str]) -> bytes:
    """Return comma-separated seeds as 8 bytes each; agents of one generation share their text."""
    known: dict[str, bytes] = {}
    for text in {*texts}:
        seeds = [*map(int, text.split(","))]
        if not 0 <= min(seeds) <= max(seeds) <= MOST_SEED:
            raise StoreCorrupted(f"an episode's seed is out of range: it must be from 0 to {MOST_SEED}")
        known[text] = struct.pack(f"<{len(seeds)}Q", *seeds)
    return b"".join([known[text] for text in texts])


def _rest(numbers: _Query, total: int) -> NDArray[np.float64]:
    """Read the other columns of training episodes, shape (episodes, 19)."""
    rows = numbers(_EPISODES)
    try:
        values = np.fromiter(chain.from_iterable(rows), dtype=np.float64, count=total * len(_REST))
    except ValueError:  # fewer rows
        raise StoreCorrupted(_CONTRADICTED) from None
    if next(rows, None) is not None:
        raise StoreCorrupted(_CONTRADICTED)
    rest = values.reshape(total, len(_REST))
    _check_columns(rest)
    return rest


def _custom(query: _Query, total: int) -> Sequence[str | None]:
    """Read the user's measures of training episodes as texts; empty if no episode has any."""
    if not any(query(_ANY_CUSTOM)):
        return ()
    texts = [text for (text,) in query(_CUSTOM)]
    if len(texts) != total:
        raise StoreCorrupted(_CONTRADICTED)
    return texts


def _check_columns(rest: NDArray[np.float64]) -> None:
    """Check the ranges of all columns, shape (episodes, 19)."""
    for place, name in enumerate(_REST):
        least, most = (-LARGEST, LARGEST) if name in MEASURES else (0.0, float(MOST_COUNT))
        column = rest[:, place]
        if name == "processor_seconds":
            column = np.where(column == _UNMEASURED, 0.0, column)
        # The comparison also refuses NaN.
        if not bool(np.all((column >= least) & (column <= most))):
            raise StoreCorrupted(f"{name} of a training episode is out of range: it must be from {least:g} to {most:g}")


def _custom_columns(texts: Sequence[str | None], names: Iterable[str]) -> Mapping[str, NDArray[np.float64]]:
    """Return the user's measures in columns by name, each of shape (episodes,)."""
    columns = {name: np.empty(len(texts)) for name in names}
    if columns:
        for place, text in enumerate(texts):
            found = {} if text is None else custom_object(text)
            for name, column in columns.items():
                column[place] = number(found.get(name), f"measure {name} of an episode")
    return columns
