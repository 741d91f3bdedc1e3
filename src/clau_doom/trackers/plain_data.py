"""Plain data of updates for trackers that write JSON, and safe creation of folders."""

import json
import os
import stat
from pathlib import Path

from clau_doom.domain.event_declaration import declaration_of, summary_of
from clau_doom.errors import StorageFailed
from clau_doom.ports import FinalResults, GenerationCurves, TrackedExperiment, TrackerUpdate
from clau_doom.wire import event_json, event_message

__all__ = ["curves_data", "event_data", "make_folder", "results_data"]


def event_data(experiment: TrackedExperiment, update: TrackerUpdate) -> dict[str, object]:
    """Return code, time, summary and content of an update's event. The content is that of a NATS message."""
    recorded = update.recorded
    return {
        "sequence": recorded.sequence,
        "time": recorded.time,
        "code": declaration_of(recorded.event).code,
        "summary": summary_of(recorded.event),
        "event": json.loads(event_json(event_message(experiment.id, recorded))),
    }


def curves_data(curves: GenerationCurves) -> dict[str, object]:
    """Return the generation and the values of curves."""
    return {"generation": curves.generation, "values": dict(curves.values)}


def results_data(results: FinalResults) -> dict[str, object]:
    """Return values and tables of final results. The film is left out."""
    return {
        "generations": results.generations,
        "champion": results.champion,
        "values": dict(results.values),
        "tables": {
            table.name: {"columns": list(table.columns), "rows": [list(row) for row in table.rows]}
            for table in results.tables
        },
    }


def make_folder(path: Path) -> Path:
    """Create a folder with its parents, and return it.

    Raises:
        StorageFailed: The path is a link or not a folder. Folders of an experiment can come from a stranger.
        OSError: The folder cannot be created.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        raise StorageFailed(f"{path} is a link: remove it, or choose another folder")
    return path
