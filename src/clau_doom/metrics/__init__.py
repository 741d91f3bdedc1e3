"""Prometheus metrics of a running orchestrator, derived from the event log, and the HTTP server that exposes them.

`MetricsCollector` updates counters, gauges and histograms from events; workers, the outbox and gRPC calls have setters.
`MetricsServer` serves /metrics, /healthz and /readyz. Runs do not wait for metrics. `docs/metrics.md` lists them.
"""

from clau_doom.metrics.collector import MetricsCollector
from clau_doom.metrics.server import MetricsServer, Readiness

__all__ = ["MetricsCollector", "MetricsServer", "Readiness"]
