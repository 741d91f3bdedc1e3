"""Definitions of all metrics: names, labels and buckets. Units are Prometheus's base units; no label is an agent."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

__all__ = ["EpisodeFamilies", "EvolutionFamilies", "ServiceFamilies"]

# From episodes of a scripted engine to those of a remote policy with one decision per second.
_EPISODE_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
# A pinned worker takes 0.14 ms for a decision, a remote policy a gRPC round trip, a large remote network a second.
_DECISION_SECONDS = (0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0)
_CALL_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
_EXPERIMENT = ("experiment",)


class EvolutionFamilies:
    """Metrics of experiments and their generations."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str, labels: tuple[str, ...] = _EXPERIMENT) -> Gauge:
            return Gauge(f"clau_doom_{name}", text, labels, registry=registry)

        self.experiments = gauge("experiments", "Number of experiments by state.", ("state",))
        self.generation = gauge("generation", "Generation under evaluation, or the last one; from 0.")
        self.generations = gauge(
            "generations_planned", "Planned number of generations; missing for a budget in episodes or tics."
        )
        self.best = gauge("fitness_best", "Best fitness of the last finished generation.")
        self.mean = gauge("fitness_mean", "Mean fitness of the last finished generation.")
        self.worst = gauge("fitness_worst", "Worst fitness of the last finished generation.")
        self.deviation = gauge("fitness_stddev", "Standard deviation of fitness in the last finished generation.")
        self.spread = gauge(
            "genome_spread_ratio",
            "Standard deviation of a gene in the last started generation, relative to generation 0; mean over genes.",
        )
        self.champion = gauge("champion_validation_fitness", "Fitness of the champion on the validation seeds.")


class EpisodeFamilies:
    """Metrics of episodes and agents."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.episodes = Counter(
            "clau_doom_episodes_total",
            "Episodes by purpose and outcome: finished, lost by the infrastructure, or failed by the policy.",
            ("experiment", "purpose", "outcome"),
            registry=registry,
        )
        self.events = Counter(
            "clau_doom_events_total", "Events of the log by type.", ("experiment", "code"), registry=registry
        )
        self.agents = Counter(
            "clau_doom_agents_total",
            "Agents by outcome: evaluated, or the reason of a missing fitness.",
            ("experiment", "outcome"),
            registry=registry,
        )
        self.tics = Counter(
            "clau_doom_tics_total", "Tics of game time in finished episodes.", _EXPERIMENT, registry=registry
        )
        self.decisions = Counter(
            "clau_doom_decisions_total", "Decisions in finished episodes.", _EXPERIMENT, registry=registry
        )
        self.seconds = Histogram(
            "clau_doom_episode_duration_seconds",
            "Wall time of finished episodes.",
            _EXPERIMENT,
            buckets=_EPISODE_SECONDS,
            registry=registry,
        )
        self.latency = Histogram(
            "clau_doom_decision_duration_seconds",
            "Wall time for each decision, including the game: mean of each finished episode.",
            _EXPERIMENT,
            buckets=_DECISION_SECONDS,
            registry=registry,
        )


class ServiceFamilies:
    """Metrics of the service: workers, outbox and gRPC API."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.workers = Gauge("clau_doom_workers", "Running workers.", registry=registry)
        self.busy = Gauge("clau_doom_workers_busy", "Workers that play an episode.", registry=registry)
        self.restarts = Counter("clau_doom_worker_restarts_total", "Replaced workers.", registry=registry)
        self.lag = Gauge(
            "clau_doom_outbox_lag_events",
            "Committed events that are not published yet.",
            _EXPERIMENT,
            registry=registry,
        )
        self.reader_failures = Counter(
            "clau_doom_log_reader_failures_total",
            "Failures of readers of the event log, by reader; each is restarted.",
            ("reader",),
            registry=registry,
        )
        self.calls = Counter(
            "clau_doom_grpc_calls_total",
            "Finished gRPC calls by method and status code.",
            ("method", "code"),
            registry=registry,
        )
        self.call_seconds = Histogram(
            "clau_doom_grpc_call_duration_seconds",
            "Duration of finished gRPC calls; a stream lasts until the client stops reading.",
            ("method",),
            buckets=_CALL_SECONDS,
            registry=registry,
        )
        self.streams = Gauge("clau_doom_event_streams", "Clients of event streams.", registry=registry)
        self.build = Gauge("clau_doom_build_info", "Always 1; labelled by version.", ("version",), registry=registry)
