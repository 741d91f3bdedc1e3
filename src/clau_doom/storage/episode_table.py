"""Episodes of an experiment as an Arrow table, built from columns without an object for each episode.

The package does not import this module, because importing pyarrow takes half a second.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clau_doom.domain import Episode, Fitness
from clau_doom.domain.fitness import MEASURES
from clau_doom.errors import StoreCorrupted
from clau_doom.storage.arrow_tables import arrow_batch, arrow_schema
from clau_doom.storage.columnar_episodes import EpisodeColumns, TrainingEpisodes
from clau_doom.storage.export_schema import episodes_exported, judging_rows, training_rows
from clau_doom.storage.fitness_columns import fitness_of_columns
from clau_doom.storage.played_episodes import PlayedEpisodes

__all__ = ["episode_table"]

_AT_ONCE = 1_000_000  # the texts of a batch must have less than 2 GiB
_HEX = np.array([f"{byte:02x}" for byte in range(256)], dtype="S2")
_WHOLE = {"number": "number", "timing_attempts": "attempts", "timing_worker": "worker", "timing_repeated": "repeated"}


def episode_table(played: PlayedEpisodes, fitness: Fitness, measures: Iterable[str] = ()) -> Any:
    """Return the table `episodes` of an export: training by agent, then validation and held out, each by number.

    Args:
        played: Episodes with their measures.
        fitness: Fitness of an episode's measures.
        measures: Names of the user's measures.

    Raises:
        LookupError: Measures were not read.
        StoreCorrupted: An episode has other measures of the user.
    """
    names = sorted(measures)
    schema = arrow_schema(episodes_exported(names))
    try:
        _check_measures(chain.from_iterable(played.judging.values()), names)
        training = _training(played, fitness, names, schema)
    except StoreCorrupted as error:
        raise StoreCorrupted(f"experiment {played.experiment.id} is damaged: {error}") from None
    judging = arrow_batch(schema, list(judging_rows(played, fitness)))
    return pa.Table.from_batches([*training, judging], schema=schema)


def _training(played: PlayedEpisodes, fitness: Fitness, measures: Sequence[str], schema: Any) -> list[Any]:
    if isinstance(played.training, TrainingEpisodes):
        return list(_batches(played.experiment.id, played.training.columns(measures), fitness, schema))
    _check_measures(chain.from_iterable(played.training.values()), measures)
    return [arrow_batch(schema, list(training_rows(played, fitness)))]


def _check_measures(episodes: Iterable[Episode], measures: Sequence[str]) -> None:
    for episode in episodes:
        if [name for name, _ in episode.outcome.measures.custom or ()] != measures:
            raise StoreCorrupted(f"an episode of {episode.agent} does not have the measures of the configuration")


def _batches(experiment: str, played: EpisodeColumns, fitness: Fitness, schema: Any) -> Iterator[Any]:
    ids = pa.array([ref.agent_id(experiment) for ref in played.agents], type=pa.string())
    places = np.array([(ref.generation, ref.index) for ref in played.agents], dtype=np.int64).reshape(-1, 2)
    players = np.repeat(np.arange(len(played.agents)), played.counts)
    measured = {**{name: played.numbers[name] for name in MEASURES}, **played.custom}
    scores = fitness_of_columns(fitness, measured)
    for first in range(0, len(players), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        agents = players[part]
        columns = {
            "experiment_id": pa.repeat(pa.scalar(experiment), len(agents)),
            "purpose": pa.repeat(pa.scalar("training"), len(agents)),
            "agent": ids.take(pa.array(agents)),
            "generation": places[agents, 0],
            "index": places[agents, 1],
            "seed": played.seeds[part],
            "fitness": scores[part],
            "trajectory_sha256": _hexadecimal(played.digests[part]),
            "timing_seconds": played.numbers["seconds"][part],
            "timing_processor_seconds": pa.array(played.numbers["processor_seconds"][part], from_pandas=True),
            **{name: column[part] for name, column in measured.items()},
            **{name: played.numbers[column][part].astype(np.int64) for name, column in _WHOLE.items()},
        }
        yield _batch(columns, schema)


def _batch(columns: Mapping[str, Any], schema: Any) -> Any:
    arrays = [pa.array(columns[field.name], type=field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _hexadecimal(digests: NDArray[np.uint8]) -> Any:
    """Return the hexadecimal digits of digests, shape (episodes, 32), as an array of strings."""
    count, size = digests.shape
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(2 * size)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(_HEX[digests].tobytes()))
