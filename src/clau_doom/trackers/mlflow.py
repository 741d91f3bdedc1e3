"""Run on an MLflow server or in an MLflow database, with curves, parameters, tables and the champion's film."""

import csv
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

from clau_doom.config import MlflowTrackerConfig
from clau_doom.domain.events import (
    ExperimentCancelled,
    ExperimentCompleted,
    ExperimentFailed,
    ExperimentInterrupted,
    ExperimentStarted,
)
from clau_doom.errors import ConfigError
from clau_doom.ports import FinalResults, GenerationCurves, TrackedExperiment, TrackedTable, TrackerUpdate

# MLflow reads these variables when it is imported and at each request. Its own defaults repeat a failing request for
# minutes, but a failed write is repeated anyway. Values of the user have priority.
for _name, _value in {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
}.items():
    os.environ.setdefault(_name, _value)

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunStatus, RunTag, ViewType
from mlflow.exceptions import MlflowException

__all__ = ["MlflowTracker"]

_UUID, _SEQUENCE = "clau_doom.uuid", "clau_doom.sequence"
"""Tags of a run: UUID of the experiment, and sequence of the last update that the run contains."""
_MOST_PARAMETERS, _MOST_METRICS = 100, 900
"""Maximum numbers in one request, below the limits of MLflow's servers."""
_LONGEST_PARAMETER = 6000
_STATES: dict[type, int] = {
    ExperimentStarted: RunStatus.RUNNING,
    ExperimentCompleted: RunStatus.FINISHED,
    ExperimentFailed: RunStatus.FAILED,
    ExperimentInterrupted: RunStatus.KILLED,
    ExperimentCancelled: RunStatus.KILLED,
}
_BY_EPISODES = "by_episodes/"
_FITNESS = "fitness/"


class MlflowTracker:
    """Writes one run, which has the experiment's UUID as a tag, so that the run is found again.

    Another tag has the sequence of the last update. A metric that is written twice, because the tag was lost, has the
    same step, time and value, and MLflow's databases keep it once.
    """

    film_suffix: ClassVar[str | None] = ".mp4"

    def __init__(self, config: MlflowTrackerConfig) -> None:
        self._config = config
        self._run = ""

    @property
    def target(self) -> str:
        """Tracking URI without a password, and name of the MLflow experiment."""
        parts = urlsplit(self._client.tracking_uri)
        uri = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        return f"{uri}, experiment {self._config.experiment}"

    def open(self, experiment: TrackedExperiment) -> int:
        """Find or create the run, and return the sequence of its last update.

        Raises:
            ConfigError: The MLflow experiment is deleted.
            MlflowException: The server or the database does not respond.
        """
        self._client = MlflowClient(tracking_uri=self._config.uri)
        folder = self._experiment_id()
        found = self._client.search_runs(
            [folder], f"tags.`{_UUID}` = '{experiment.uuid}'", ViewType.ACTIVE_ONLY, max_results=1
        )
        if found:
            run = found[0]
        else:
            tags = {_UUID: experiment.uuid, **_provenance_tags(experiment.provenance)}
            start = _milliseconds(experiment.created)
            run = self._client.create_run(folder, start_time=start, tags=tags, run_name=experiment.id)
        self._run = run.info.run_id
        sequence = run.data.tags.get(_SEQUENCE)
        if sequence is None:
            self._log_configuration(experiment)
        return int(sequence or 0)

    def _experiment_id(self) -> str:
        name = self._config.experiment
        known = self._client.get_experiment_by_name(name)
        if known is None:
            try:
                return str(self._client.create_experiment(name))
            except MlflowException:  # another process may have created it
                known = self._client.get_experiment_by_name(name)
                if known is None:
                    raise
        if known.lifecycle_stage != "active":
            raise ConfigError(f"the MLflow experiment {name!r} is deleted: restore it, or set another experiment")
        return str(known.experiment_id)

    def _log_configuration(self, experiment: TrackedExperiment) -> None:
        items = [Param(name, _shortened(value)) for name, value in experiment.config.items() if str(value)]
        for start in range(0, len(items), _MOST_PARAMETERS):
            self._client.log_batch(self._run, params=items[start : start + _MOST_PARAMETERS])
        self._client.log_text(self._run, experiment.config_yaml, "config.yaml")
        self._client.set_tag(self._run, _SEQUENCE, "0")

    def write(self, updates: Sequence[TrackerUpdate]) -> None:
        """Write curves, results and the status of the run.

        Raises:
            MlflowException: The server or the database does not respond.
        """
        for update in updates:
            when = _milliseconds(update.recorded.time)
            metrics = [*_curve_metrics(update.curves, when), *_result_metrics(update.results, when)]
            if update.results:
                self._log_results(update.results)
            state = _STATES.get(type(update.recorded.event))
            if state is not None:
                self._set_state(state, when)
            if metrics or state is not None:
                tag = RunTag(_SEQUENCE, str(update.sequence))
                self._client.log_batch(self._run, metrics=metrics[:_MOST_METRICS], tags=[tag])

    def _set_state(self, state: int, when: int) -> None:
        name = RunStatus.to_string(state)
        if state == RunStatus.RUNNING:
            self._client.update_run(self._run, status=name)
        else:
            self._client.set_terminated(self._run, status=name, end_time=when)

    def _log_results(self, results: FinalResults) -> None:
        """Write the files of the results. A file that exists already is replaced."""
        for table in results.tables:
            self._client.log_text(self._run, _csv(table), f"results/{table.name}.csv")
        if results.film:
            self._client.log_artifact(self._run, str(results.film), "film")

    def close(self) -> None:
        """Do nothing: each request is complete by itself."""


def _curve_metrics(curves: GenerationCurves | None, when: int) -> Iterator[Metric]:
    """Yield all curves by generation, and the fitness by episodes."""
    if curves is None:
        return
    episodes = int(curves.values["progress/episodes"])
    for name, value in curves.values.items():
        yield Metric(name, value, when, curves.generation)
        if name.startswith(_FITNESS):
            yield Metric(f"{_BY_EPISODES}{name}", value, when, episodes)


def _result_metrics(results: FinalResults | None, when: int) -> list[Metric]:
    return [Metric(name, value, when, results.generations) for name, value in results.values.items()] if results else []


def _provenance_tags(provenance: Mapping[str, str]) -> dict[str, str]:
    return {f"provenance.{name}": value for name, value in provenance.items()}


def _shortened(value: object) -> str:
    return str(value)[:_LONGEST_PARAMETER]


def _csv(table: TrackedTable) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([table.columns, *table.rows])
    return text.getvalue()


def _milliseconds(seconds: float) -> int:
    return round(1000 * seconds)
