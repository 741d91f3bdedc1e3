"""An experiment as its store holds it, at one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clau_doom.domain.agent import Agent, AgentRef, Evaluation
from clau_doom.domain.episode import Episode, Purpose
from clau_doom.domain.experiment import Deviations, Experiment, ExperimentState, GenerationSummary
from clau_doom.domain.genome import Genome
from clau_doom.domain.ids import parse_agent_id
from clau_doom.errors import AgentNotFound

__all__ = ["Snapshot"]


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Everything that is needed to show an experiment, or to go on with it, read in one transaction.

    Its repr leaves agents and episodes out: `asyncio.run` takes the repr of what it returns, and of a million episodes
    that is half a minute.

    Attributes:
        experiment: The experiment.
        config_yaml: The configuration that it was last run with.
        state: Where it stands; `RUNNING` is what a killed process leaves behind.
        reason: Why it was interrupted or failed, or None.
        generations: The agents' evaluations, by generation and index; the last generation's may be unfinished
            (status `PENDING`), and in a steady state those of several, of which the last lacks agents.
        summaries: The finished generations.
        episodes: Finished training episodes by agent, sorted by number, recordings left out.
        judging: Finished validation and held-out episodes, by (purpose, agent id), sorted by number.
        champion: The champion's place and its validation fitness, once chosen.
        paused: The agents of the last generation whose episodes wait until they are resumed, by index.
        injected: Genomes that wait for the generation that is to start next, in the order given.
        traces: Where policies raised: tracebacks by the id of the agent whose last failure they belong to.
        deviations: What made the history depend on time or luck.
        last_sequence: The sequence of the last event.
        running_seconds: Time spent running, over all resumes.
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

    @property
    def under_way(self) -> int:
        """The generation under way, the first of several in a steady state; the last where all are finished.

        At least one must have started.
        """
        return min(len(self.summaries), len(self.generations) - 1)

    @property
    def finished_generations(self) -> tuple[tuple[Evaluation, ...], ...]:
        """The evaluations of the generations that are finished; the history's hash runs over these."""
        return self.generations[: len(self.summaries)]

    def find(self, agent: str) -> Evaluation:
        """Return the evaluation of the agent of an id.

        Raises:
            AgentNotFound: The experiment has no such agent; the message says what it has.
        """
        experiment, generation, index = parse_agent_id(agent)
        if experiment != self.experiment.id:
            raise AgentNotFound(f"there is no agent {agent} in experiment {self.experiment.id}")
        if generation >= len(self.generations):
            there = f"experiment {experiment} has {len(self.generations)} generations, from 0"
            raise AgentNotFound(f"there is no agent {agent}: {there}")
        row = self.generations[generation]
        if index >= len(row):
            raise AgentNotFound(f"there is no agent {agent}: generation {generation} has {len(row)} agents, from 0")
        return row[index]

    def ancestors(self, agent: Agent) -> tuple[Evaluation, ...]:
        """Return all agents that `agent` descends from, each once, the youngest first."""
        found: dict[AgentRef, Evaluation] = {}
        waiting = list(agent.parents)
        while waiting:
            ref = waiting.pop()
            if ref not in found:
                found[ref] = self.generations[ref.generation][ref.index]
                waiting.extend(found[ref].agent.parents)
        return tuple(found[ref] for ref in sorted(found, key=lambda ref: (-ref.generation, ref.index)))

    def played_by(self, agent: Agent) -> tuple[Episode, ...]:
        """Return an agent's finished episodes: of training, then of validation, then held out, each by number."""
        judged = [self.judging.get((use, agent.id), ()) for use in (Purpose.VALIDATION, Purpose.HELD_OUT)]
        return (*self.episodes.get(agent.ref, ()), *judged[0], *judged[1])
