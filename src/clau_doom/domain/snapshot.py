"""Snapshot of a stored experiment at one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clau_doom.domain.agent import Agent, AgentRef, Evaluation
from clau_doom.domain.episode import Episode, Purpose
from clau_doom.domain.experiment import Deviations, Experiment, ExperimentState, GenerationSummary
from clau_doom.domain.genome import Genome
from clau_doom.domain.ids import parse_agent_id
from clau_doom.domain.processor_time import ProcessorTime
from clau_doom.domain.run_environment import RunEnvironment
from clau_doom.errors import AgentNotFound

__all__ = ["Snapshot"]


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """All data that is needed to show or resume an experiment, read in one transaction.

    The repr omits agents and episodes. `asyncio.run` computes the repr of its result, which would take half a minute
    for a million episodes.

    Attributes:
        experiment: The experiment.
        config_yaml: The configuration of its last run, as YAML text.
        state: Its state. A killed process leaves `RUNNING`.
        reason: The reason of the interruption or failure, or None.
        generations: The agents' evaluations, by generation and index. Those of the last generation may be unfinished
            (status `PENDING`). In a steady state several generations may be, and the last one may lack agents.
        summaries: The finished generations.
        episodes: Finished training episodes by agent, sorted by number, without recordings.
        judging: Finished validation and held-out episodes, by (purpose, agent id), sorted by number.
        champion: The champion's place and its validation fitness, once chosen.
        paused: The paused agents of the last generation, by index.
        injected: Genomes for the next generation, in the order of their injection.
        traces: Tracebacks of policies, by the id of the agent. Each belongs to the agent's last failure.
        deviations: Counts of events that made the history depend on timing or chance.
        last_sequence: The sequence of the last event.
        running_seconds: Time spent running, over all resumes.
        processor_time: Processor time of the finished episodes.
        environments: Commits and packages of the starts and resumes, in order. Those of older versions are missing.
    """

    experiment: Experiment
    config_yaml: str
    state: ExperimentState
    reason: str | None
    generations: tuple[tuple[Evaluation, ...], ...] = field(repr=False)
    summaries: tuple[GenerationSummary, ...]
    episodes: Mapping[AgentRef, Sequence[Episode]] = field(default_factory=dict, repr=False)
    judging: dict[tuple[Purpose, str], tuple[Episode, ...]] = field(default_factory=dict, repr=False)
    champion: tuple[AgentRef, float] | None = None
    paused: tuple[AgentRef, ...] = ()
    injected: tuple[Genome, ...] = ()
    traces: Mapping[str, str] = field(default_factory=dict, repr=False)
    deviations: Deviations = field(default_factory=Deviations)
    last_sequence: int = 0
    running_seconds: float = 0.0
    processor_time: ProcessorTime = field(default_factory=ProcessorTime)
    environments: tuple[RunEnvironment, ...] = field(default=(), repr=False)

    @property
    def under_way(self) -> int:
        """Index of the first unfinished generation, or of the last generation if all are finished.

        At least one generation must have started.
        """
        return min(len(self.summaries), len(self.generations) - 1)

    @property
    def finished_generations(self) -> tuple[tuple[Evaluation, ...], ...]:
        """The evaluations of the finished generations. They are the input of the history hash."""
        return self.generations[: len(self.summaries)]

    def find(self, agent: str) -> Evaluation:
        """Return the evaluation of the agent with the given id.

        Raises:
            AgentNotFound: The experiment has no such agent; the message states the valid range.
        """
        experiment, generation, index = parse_agent_id(agent)
        if experiment != self.experiment.id:
            raise AgentNotFound(f"agent {agent} not found in experiment {self.experiment.id}")
        if generation >= len(self.generations):
            there = f"experiment {experiment} has {len(self.generations)} generations, from 0"
            raise AgentNotFound(f"agent {agent} not found: {there}")
        row = self.generations[generation]
        if index >= len(row):
            raise AgentNotFound(f"agent {agent} not found: generation {generation} has {len(row)} agents, from 0")
        return row[index]

    def ancestors(self, agent: Agent) -> tuple[Evaluation, ...]:
        """Return all ancestors of an agent without duplicates, the latest first."""
        found: dict[AgentRef, Evaluation] = {}
        waiting = list(agent.parents)
        while waiting:
            ref = waiting.pop()
            if ref not in found:
                found[ref] = self.generations[ref.generation][ref.index]
                waiting.extend(found[ref].agent.parents)
        return tuple(found[ref] for ref in sorted(found, key=lambda ref: (-ref.generation, ref.index)))

    def played_by(self, agent: Agent) -> tuple[Episode, ...]:
        """Return an agent's finished training, validation and held-out episodes, in this order, each by number."""
        judged = [self.judging.get((use, agent.id), ()) for use in (Purpose.VALIDATION, Purpose.HELD_OUT)]
        return (*self.episodes.get(agent.ref, ()), *judged[0], *judged[1])
