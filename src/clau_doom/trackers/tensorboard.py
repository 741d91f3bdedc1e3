"""Event file for TensorBoard, with curves, hyperparameters, tables as text, and the champion's film as a gif."""

import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, ClassVar

from tensorboard.compat.proto.event_pb2 import Event, SourceMetadata
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_STRING
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.plugins.hparams.summary_v2 import hparams_pb
from tensorboard.summary.writer.record_writer import RecordWriter

from clau_doom.config import TensorBoardTrackerConfig
from clau_doom.errors import ConfigError, StorageFailed
from clau_doom.ports import FinalResults, TrackedExperiment, TrackedTable, TrackerUpdate
from clau_doom.trackers.plain_data import make_folder

__all__ = ["TensorBoardTracker"]

_PREFIX = "events.out.tfevents."
_VERSION = "brain.Event:2"
_WRITER = "clau-doom:"
"""Prefix of `source_metadata.writer` in the last record of each update, before its sequence."""
_HEADER = struct.Struct("<QI")
_FOOTER = 4
_BY_EPISODES = "by_episodes/"
_FITNESS = "fitness/"


class TensorBoardTracker:
    """Appends records to one event file. The file itself shows the last update, so that no point is written twice.

    The last record of an update contains its sequence. An interrupted write is cut off behind that record. Running
    TensorBoards read the file as it grows.
    """

    film_suffix: ClassVar[str | None] = ".gif"

    def __init__(self, config: TensorBoardTrackerConfig) -> None:
        self._config = config
        self._folder = Path()
        self._file: IO[bytes] | None = None

    @property
    def target(self) -> str:
        """Folder of the event file."""
        return str(self._folder)

    def open(self, experiment: TrackedExperiment) -> int:
        """Open the event file, cut off an incomplete end, and return the sequence of its last update.

        Raises:
            ConfigError: The folder has the event file of another experiment, or the file is damaged.
            StorageFailed: The file cannot be opened.
        """
        own = self._config.folder
        self._folder = Path(own) / experiment.id if own else experiment.folder / "tensorboard"
        path = make_folder(self._folder) / f"{_PREFIX}{int(experiment.created)}.clau-doom.{experiment.uuid}"
        if others := [each.name for each in self._folder.glob(f"{_PREFIX}*") if each.name != path.name]:
            raise ConfigError(f"{self._folder} has another experiment's {others[0]}: choose another folder")
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            self._file = os.fdopen(os.open(path, flags, 0o600), "r+b")
        except OSError as error:
            raise StorageFailed(f"cannot write {path}: {error.strerror}") from error
        end, last = 0, 0
        for position, event in _records(self._file):
            writer = event.source_metadata.writer
            if writer.startswith(_WRITER):
                end, last = position, int(writer.removeprefix(_WRITER))
        self._file.truncate(end)
        self._file.seek(end)
        if end == 0:
            self._append(_head(experiment))
        return last

    def write(self, updates: Sequence[TrackerUpdate]) -> None:
        """Append the records of updates that have curves or results.

        Raises:
            OSError: The file cannot be written.
        """
        for update in updates:
            if events := [*_curves(update), *_results(update)]:
                events[-1].source_metadata.CopyFrom(SourceMetadata(writer=f"{_WRITER}{update.sequence}"))
                self._append(events)

    def _append(self, events: Sequence[Event]) -> None:
        assert self._file is not None, "opened first"
        records = RecordWriter(self._file)
        for event in events:
            records.write(event.SerializeToString())
        records.flush()

    def close(self) -> None:
        """Close the event file."""
        if self._file is not None:
            self._file.close()


def _records(file: IO[bytes]) -> Iterator[tuple[int, Event]]:
    """Yield the complete records of an event file with the position of their ends."""
    position, size = 0, os.fstat(file.fileno()).st_size
    while len(header := file.read(_HEADER.size)) == _HEADER.size:
        length, checksum = _HEADER.unpack(header)
        position += _HEADER.size + length + _FOOTER
        if masked_crc32c(header[:8]) != checksum or position > size:
            return
        event = Event.FromString(file.read(length))
        file.seek(_FOOTER, os.SEEK_CUR)
        yield position, event


def _head(experiment: TrackedExperiment) -> list[Event]:
    parameters = hparams_pb(dict(experiment.config), trial_id=experiment.uuid, start_time_secs=experiment.created)
    yaml = "\n".join(f"    {line}" for line in experiment.config_yaml.splitlines())
    return [
        Event(wall_time=experiment.created, file_version=_VERSION),
        Event(
            wall_time=experiment.created,
            summary=Summary(value=[*parameters.value, _text("configuration", yaml)]),
            source_metadata=SourceMetadata(writer=f"{_WRITER}0"),
        ),
    ]


def _curves(update: TrackerUpdate) -> Iterator[Event]:
    """Yield one record with all curves by generation, and one with the fitness by episodes."""
    curves = update.curves
    if curves is None:
        return
    yield _scalars(update.recorded.time, curves.generation, dict(curves.values))
    fitness = {name: value for name, value in curves.values.items() if name.startswith(_FITNESS)}
    episodes = int(curves.values["progress/episodes"])
    yield _scalars(update.recorded.time, episodes, {f"{_BY_EPISODES}{name}": value for name, value in fitness.items()})


def _results(update: TrackerUpdate) -> Iterator[Event]:
    results = update.results
    if results is None:
        return
    values = [Summary.Value(tag=name, simple_value=value) for name, value in results.values.items()]
    values += [_text(f"results/{table.name}", _markdown(table)) for table in results.tables]
    values += _film(results)
    yield Event(wall_time=update.recorded.time, step=results.generations, summary=Summary(value=values))


def _film(results: FinalResults) -> list[Summary.Value]:
    if results.film is None:
        return []
    gif = results.film.read_bytes()
    width, height = struct.unpack("<HH", gif[6:10])
    image = Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=gif)
    return [Summary.Value(tag="champion/film", image=image)]


def _scalars(time: float, step: int, values: dict[str, float]) -> Event:
    summary = Summary(value=[Summary.Value(tag=name, simple_value=value) for name, value in values.items()])
    return Event(wall_time=time, step=step, summary=summary)


def _text(tag: str, text: str) -> Summary.Value:
    return Summary.Value(
        tag=tag,
        metadata=SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text")),
        tensor=TensorProto(
            dtype=DT_STRING,
            tensor_shape=TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)]),
            string_val=[text.encode()],
        ),
    )


def _markdown(table: TrackedTable) -> str:
    rows = [table.columns, ("---",) * len(table.columns), *table.rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows)


def _cell(cell: object) -> str:
    text = "" if cell is None else f"{cell:.6g}" if isinstance(cell, float) else str(cell)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
