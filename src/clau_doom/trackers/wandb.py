"""Offline run for W&B, with curves, configuration, tables and the champion's film. `wandb sync` uploads it."""

import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import wandb

from clau_doom.atomic_write import write_atomically
from clau_doom.config import WandbTrackerConfig
from clau_doom.domain.events import ExperimentCancelled, ExperimentFailed, ExperimentInterrupted
from clau_doom.errors import TrackerUnavailable
from clau_doom.ports import FinalResults, GenerationCurves, TrackedExperiment, TrackerUpdate
from clau_doom.regular_files import read_regular
from clau_doom.trackers.plain_data import make_folder
from clau_doom.trackers.wandb_records import is_finished

__all__ = ["WandbTracker"]

_MARKER = "clau-doom.json"
"""File in the folder of a complete run, with the sequence of the last update."""
_PATIENCE = 60.0
_POLL = 0.05
_UNSUCCESSFUL = (ExperimentCancelled, ExperimentFailed, ExperimentInterrupted)


class WandbTracker:
    """Writes one folder ``wandb/offline-run-...-UUID``. The run's id is the experiment's UUID.

    W&B cannot append to an offline run. Therefore `open` asks for all updates. A complete run is kept if it contains
    the last of them. Otherwise the folder is replaced by one with all updates. There is always one folder, so that
    `wandb sync` uploads each point once.
    """

    film_suffix: ClassVar[str | None] = ".mp4"

    def __init__(self, config: WandbTrackerConfig) -> None:
        self._config = config
        self._folder = Path()
        self._run: Any = None
        self._complete = 0
        self._waiting: list[GenerationCurves | FinalResults] = []
        self._last: TrackerUpdate | None = None

    @property
    def target(self) -> str:
        """Folder of the offline runs."""
        return str(self._folder / "wandb")

    def open(self, experiment: TrackedExperiment) -> int:
        """Find a complete run, and ask for all updates.

        Raises:
            StorageFailed: The folder is a link.
            OSError: The folder cannot be created.
        """
        self._experiment = experiment
        self._folder = make_folder(Path(self._config.folder) if self._config.folder else experiment.folder)
        self._complete = max([_sequence_of(path) for path in self._runs()], default=0)
        return 0

    def _runs(self) -> list[Path]:
        return sorted((self._folder / "wandb").glob(f"offline-run-*-{self._experiment.uuid}"))

    def write(self, updates: Sequence[TrackerUpdate]) -> None:
        """Write curves and results, if the complete run lacks one of these updates or of the earlier ones.

        Raises:
            wandb.Error: W&B cannot write.
        """
        for update in updates:
            self._last = update
            self._waiting += [each for each in (update.curves, update.results) if each is not None]
        if self._last is None or self._last.sequence <= self._complete:
            return
        if self._run is None:
            self._begin()
        for each in self._waiting:
            self._run.log(*_row(each))
        for results in (each for each in self._waiting if isinstance(each, FinalResults)):
            self._run.summary.update(dict(results.values))
        self._waiting = []

    def _begin(self) -> None:
        for path in self._runs():
            shutil.rmtree(path)
        experiment, config = self._experiment, self._config
        self._run = wandb.init(
            mode=config.mode,
            dir=str(self._folder),
            project=config.project,
            entity=config.entity,
            id=experiment.uuid,
            name=experiment.id,
            config={**experiment.config, "provenance": dict(experiment.provenance)},
            reinit="create_new",  # other runs of this process stay open
            settings=wandb.Settings(
                silent=True, console="off", disable_git=True, disable_code=True, x_disable_stats=True
            ),
        )
        self._run.define_metric("*", step_metric="generation")
        for axis in ("progress/episodes", "progress/tics", "progress/seconds"):
            self._run.define_metric(axis, step_metric="generation")

    def close(self) -> None:
        """Finish the run, and mark it as complete.

        Raises:
            wandb.Error: W&B cannot write.
            TrackerUnavailable: W&B does not finish the file in time.
        """
        if self._run is None or self._last is None:
            return
        unsuccessful = isinstance(self._last.recorded.event, _UNSUCCESSFUL)
        self._run.finish(exit_code=1 if unsuccessful else 0)
        self._run = None
        self._wait_for_file()
        content = json.dumps({"sequence": self._last.sequence}).encode()
        write_atomically(self._runs()[-1] / _MARKER, content, mode=0o600, sync=False)

    def _wait_for_file(self) -> None:
        """Wait until W&B's service has written the file, which can be after `finish`.

        Raises:
            TrackerUnavailable: The file is not complete in time.
        """
        end = time.monotonic() + _PATIENCE
        while not is_finished(self._runs()[-1]):
            if time.monotonic() > end:
                raise TrackerUnavailable(f"W&B has not finished the run in {self.target} within {_PATIENCE:g} s")
            time.sleep(_POLL)


def _sequence_of(run: Path) -> int:
    """Return the sequence of the last update of a run, or 0 if the run is incomplete."""
    try:
        return int(json.loads(read_regular(run / _MARKER))["sequence"])
    except (OSError, ValueError, LookupError, TypeError):
        return 0


def _row(written: GenerationCurves | FinalResults) -> tuple[dict[str, Any], int]:
    """Return the values of one step, and the step: the generation, or the number of generations for results."""
    if isinstance(written, GenerationCurves):
        return {"generation": written.generation, **written.values}, written.generation
    row: dict[str, Any] = {"generation": written.generations}
    for table in written.tables:
        cells = [[None if cell is None else str(cell) for cell in cells] for cells in table.rows]
        row[f"results/{table.name}"] = wandb.Table(columns=list(table.columns), data=cells)
    if written.film:
        row["champion/film"] = wandb.Video(str(written.film), format="mp4")
    return row, written.generations
