"""Plan of a run: the configuration with scenario, gene space and provenance."""

import math
from dataclasses import dataclass
from pathlib import Path

from clau_doom.app.resource_estimate import ResourceEstimate
from clau_doom.app.strategy_description import STRATEGY_SOURCE
from clau_doom.app.warm_start import StartAgent
from clau_doom.backends.core_allocator import CoreAllocator
from clau_doom.config import ExperimentConfig, NatsConfig, TrackerConfig, WebConfig
from clau_doom.domain import Fitness, GenomeSpace
from clau_doom.domain.experiment import Provenance
from clau_doom.game import Scenario

__all__ = ["Plan"]

_IN_FLIGHT = 8
"""Episodes per worker in a steady state. With this number, the oldest agent in flight rarely delays the others."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Checked plan of a run.

    Attributes:
        config: Resolved configuration.
        output_dir: Folder of experiments.
        scenario: The scenario.
        space: Genes of the policy.
        fitness: Fitness of an episode's measures.
        facts: Provenance: everything besides the configuration that decides the results.
        nats: Settings of the event bus; not part of the experiment.
        web: Settings of the dashboard, or None; not part of the experiment.
        trackers: Trackers of the run; not part of the experiment.
        resources: Estimate of agents, episodes, memory and disk space.
        resume: Whether the experiment is stored already.
        start: Genomes of a warm start.
        discontinued_trackers: Kinds of trackers that have events of earlier runs, but do not follow this run.
    """

    config: ExperimentConfig
    output_dir: Path
    scenario: Scenario
    space: GenomeSpace
    fitness: Fitness
    facts: Provenance
    nats: NatsConfig
    web: WebConfig
    resources: ResourceEstimate
    resume: bool
    trackers: tuple[TrackerConfig, ...] = ()
    start: tuple[StartAgent, ...] = ()
    discontinued_trackers: tuple[str, ...] = ()

    @property
    def worker_facts(self) -> Provenance:
        """Facts that a worker must have in common with this process: all except those of the strategy."""
        return Provenance(facts=tuple(fact for fact in self.facts.facts if fact[0] != STRATEGY_SOURCE))

    @property
    def advice(self) -> str | None:
        """Advice for a better use of the workers, or None."""
        config, evolution, execution = self.config, self.config.evolution, self.config.execution
        # On several machines, the number of workers is known when the backend has started.
        unknown = not (config.selected_backend.single_machine or execution.workers)
        workers = 0 if unknown else len(CoreAllocator.of_machine(execution.workers, pin=False).places)
        in_flight, enough = evolution.lookahead * config.episodes, _IN_FLIGHT * workers
        if evolution.mode != "steady_state" or in_flight >= enough:
            return None
        return (
            f"evolution.lookahead: {evolution.lookahead} keeps {in_flight} episodes in flight, so that some of the "
            f"{workers} workers are idle at times; {math.ceil(enough / config.episodes)} keeps all of them busy"
        )
