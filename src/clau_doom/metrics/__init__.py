"""What a running orchestrator shows to Prometheus: numbers read off the event log, and where they can be fetched.

`Metrics` turns events into counters, gauges and histograms in a registry of its own; the few numbers that are no event
(workers, the outbox, gRPC calls) have setters. It answers no question about an experiment: the store does.
`MetricsServer` serves them on /metrics, beside /healthz and /readyz. No run waits for anything here.
`docs/metrics.md` lists every metric.
"""

from clau_doom.metrics.collector import Metrics
from clau_doom.metrics.server import MetricsServer, Readiness

__all__ = ["Metrics", "MetricsServer", "Readiness"]
