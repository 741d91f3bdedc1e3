"""Prometheus metrics of a running orchestrator, updated from the event log."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric

from clau_doom import __version__
from clau_doom.domain.budget import Budget
from clau_doom.domain.event_effects import ExperimentAdded, changes_of
from clau_doom.domain.events import RecordedEvent
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.snapshot import Snapshot
from clau_doom.metrics.experiment_series import ExperimentSeries
from clau_doom.metrics.families import EpisodeFamilies, EvolutionFamilies, ServiceFamilies

__all__ = ["MetricsCollector"]

_NO_SUCH_METHOD = "UNIMPLEMENTED"


class MetricsCollector:
    """Counters, gauges and histograms in a registry of their own. Used by one thread.

    Counters count from the start of the process, as Prometheus expects. `begin` therefore sets gauges only.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._evolution = EvolutionFamilies(self._registry)
        self._episodes = EpisodeFamilies(self._registry)
        self._service = ServiceFamilies(self._registry)
        ProcessCollector(registry=self._registry)
        self._service.build.labels(__version__).set(1)
        self._series: dict[str, ExperimentSeries] = {}
        self._show_states()

    @property
    def experiments(self) -> tuple[str, ...]:
        """Ids of the experiments with series."""
        return tuple(self._series)

    def begin(self, experiment: str, snapshot: Snapshot, *, planned: Budget | None = None) -> None:
        """Add an experiment by its snapshot; later events update it.

        A known experiment keeps its counters, so that a resume in the same process does not reset them. The series of a
        deleted experiment of the same name are removed.

        Args:
            experiment: Id of the experiment.
            snapshot: Stored state of the experiment. The caller corrects a stale `RUNNING` of a killed process.
            planned: Budget of the run, if no `ExperimentStarted` follows.
        """
        uuid = snapshot.experiment.uuid
        if (known := self._series.get(experiment)) and known.uuid != uuid:
            self.forget(experiment)
        series = self._series_of(experiment, uuid)
        series.sequence, series.state = snapshot.last_sequence, snapshot.state
        # The spread of the genes is relative to generation 0.
        if snapshot.generations:
            for generation in dict.fromkeys([0, snapshot.under_way]):
                series.add_agents(generation, [row.agent for row in snapshot.generations[generation]], whole=True)
        for generation, evaluations in enumerate(
            snapshot.generations[len(snapshot.summaries) :], len(snapshot.summaries)
        ):
            series.add_agents(generation, [row.agent for row in evaluations], whole=False)
        if snapshot.summaries:
            series.close_generation(snapshot.summaries[-1])
        if snapshot.champion:
            series.gauge(self._evolution.champion, snapshot.champion[1])
        if planned is not None:
            series.set_budget(planned)
        self._show_states()

    def forget(self, experiment: str) -> None:
        """Remove an experiment's series; later events of it are ignored."""
        if series := self._series.pop(experiment, None):
            series.remove()
            self._show_states()

    def apply(self, experiment: str, recorded: RecordedEvent) -> None:
        """Apply an event of a known experiment, or the first event of a new one.

        Events must come in the order of the log. Repeated events and events of unknown experiments have no effect.

        Args:
            experiment: The experiment's id.
            recorded: The event.
        """
        series = self._series.get(experiment)
        if series is None:
            added = [change for change in changes_of(recorded.event) if isinstance(change, ExperimentAdded)]
            if not added:
                return
            series = self._series_of(experiment, added[0].experiment.uuid)
            self._show_states()
        if recorded.sequence > series.sequence:
            before, series.sequence = series.state, recorded.sequence
            series.apply(recorded.event)
            if series.state is not before:
                self._show_states()

    def workers(self, *, busy: int, total: int) -> None:
        """Set the numbers of living and of busy workers."""
        self._service.busy.set(busy)
        self._service.workers.set(total)

    def worker_restarted(self) -> None:
        """Count a replaced worker."""
        self._service.restarts.inc()

    def reader_failed(self, reader: str) -> None:
        """Count a failure of a reader of the event log."""
        self._service.reader_failures.labels(reader).inc()

    def outbox_lag(self, experiment: str, events: int) -> None:
        """Set the number of an experiment's committed but unpublished events."""
        if series := self._series.get(experiment):
            series.gauge(self._service.lag, events)

    def rpc(self, method: str, code: str, seconds: float) -> None:
        """Count a finished gRPC call.

        Args:
            method: Full name of the method. Clients can call any number of unknown methods, which share one label.
            code: Name of the status code, such as ``OK``.
            seconds: Duration of the call.
        """
        if code == _NO_SUCH_METHOD:
            method = "unknown"
        self._service.calls.labels(method, code).inc()
        self._service.call_seconds.labels(method).observe(seconds)

    @contextmanager
    def event_stream(self) -> Iterator[None]:
        """Count a client of an event stream while the context lasts."""
        self._service.streams.inc()
        try:
            yield
        finally:
            self._service.streams.dec()

    def collect(self) -> Iterable[Metric]:
        """Yield all metrics; `prometheus_client` accepts this object as a registry."""
        for metric in self._registry.collect():
            # Without creation times: they double the counters, and Prometheus does not read them.
            samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            metric.samples = samples
            yield metric

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """Return the body and the content type of a scrape.

        Args:
            accept: Accept header of the request. The default is Prometheus's text format; OpenMetrics on request.
        """
        encode, content_type = choose_encoder(accept)
        return encode(self), content_type

    def _series_of(self, experiment: str, uuid: str) -> ExperimentSeries:
        if experiment not in self._series:
            self._series[experiment] = ExperimentSeries(experiment, uuid, self._evolution, self._episodes)
        return self._series[experiment]

    def _show_states(self) -> None:
        counts = Counter(series.state for series in self._series.values())
        for state in ExperimentState:
            self._evolution.experiments.labels(state.value).set(counts[state])
