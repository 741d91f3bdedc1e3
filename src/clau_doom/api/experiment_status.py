"""Status of an experiment."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from clau_doom.api.notebook_html import facts_html
from clau_doom.config import kind_label
from clau_doom.domain import AgentStatus
from clau_doom.domain.budget import Budget
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.history_hash import history_sha256
from clau_doom.domain.processor_time import ProcessorTime
from clau_doom.domain.run_environment import RunEnvironment
from clau_doom.number_format import number

if TYPE_CHECKING:
    from clau_doom.ports import StoredExperiment

__all__ = ["ExperimentStatus", "status_of"]


@dataclass(frozen=True, kw_only=True)
class ExperimentStatus:
    """State and progress of an experiment at one moment.

    Attributes:
        id: Id of the experiment.
        state: ``pending``, ``running``, ``paused``, ``interrupted``, ``completed``, ``failed`` or ``cancelled``.
            Members equal their text.
        reason: Reason of an interruption or failure, or None.
        scenario: Name of the scenario.
        policy: Kind of the policy, or target of a class such as ``my_policy:MyPolicy``.
        strategy: Kind of the evolution strategy, or target of a class such as ``my_es:OpenAIES``.
        generations_finished: Number of finished generations.
        generations_planned: Number of planned generations, or None if the budget is in episodes or tics.
        budget: Amount of evolution after which the experiment ends, and its unit.
        budget_spent: Part of the budget that the finished generations have used, in the same unit.
        population: Agents in each generation.
        best_fitness: Best training fitness so far, or None.
        champion: Id of the champion, or None before its selection.
        running_seconds: Time spent running, in seconds, over all resumes and without pauses.
        last_activity: Time of the last event, in UTC.
        failed_agents: Number of agents without a fitness.
        deviations: Number of events that made the history depend on time, chance or a user; 0 if it is reproducible.
        history_sha256: Digest of the finished generations. Equal histories have equal digests.
        processor_time: Processor seconds of the finished episodes by purpose: training, validation and held out.
        environments: Git commits of the user's code and installed packages, for each start and resume in order. Starts
            by an older version are missing.
    """

    id: str
    state: ExperimentState
    reason: str | None
    scenario: str
    policy: str
    strategy: str
    generations_finished: int
    generations_planned: int | None
    budget: Budget
    budget_spent: int
    population: int
    best_fitness: float | None
    champion: str | None
    running_seconds: float
    last_activity: datetime
    failed_agents: int
    deviations: int
    history_sha256: str
    processor_time: ProcessorTime = field(default_factory=ProcessorTime)
    environments: tuple[RunEnvironment, ...] = field(default=(), repr=False)

    @property
    def live(self) -> bool:
        """Whether a process runs the experiment, so that its results can grow."""
        return self.state in {ExperimentState.RUNNING, ExperimentState.PAUSED}

    def facts(self) -> dict[str, object]:
        """Return the lines that a notebook shows, by name; None for a line without a value."""
        commits = self.environments[-1].commits if self.environments else ()
        planned = f" of {self.generations_planned}" if self.generations_planned is not None else ""
        return {
            "state": self.state.value,
            "reason": self.reason,
            "scenario": f"{self.scenario}, {self.policy} policy, {self.strategy}",
            "generations": f"{self.generations_finished}{planned}, {self.population} agents each",
            "budget": None if planned else f"{self.budget_spent:,} of {self.budget}",
            "best training fitness": None if self.best_fitness is None else number(self.best_fitness),
            "champion": self.champion,
            "running time": f"{self.running_seconds:,.0f} s",
            "processor time": self.processor_time.summary,
            "commit": "; ".join(f"{each.summary} ({each.folder})" for each in commits) or None,
            "last event": f"{self.last_activity:%Y-%m-%d %H:%M:%S} UTC",
            "failed agents": self.failed_agents or None,
            "deviations": self.deviations,
        }

    def _repr_html_(self) -> str:
        """Return the status for a notebook."""
        return facts_html(f"experiment {self.id}", self.facts())


def status_of(stored: "StoredExperiment", name: str) -> ExperimentStatus:
    """Return the status of a stored experiment in the folder of the given name."""
    snapshot, config = stored.snapshot, stored.config
    return ExperimentStatus(
        id=name,
        state=stored.state,
        reason=snapshot.reason,
        scenario=config.scenario.name,
        policy=kind_label(config.policy),
        strategy=kind_label(config.evolution),
        generations_finished=len(snapshot.summaries),
        generations_planned=config.generations,
        budget=config.evolution_budget,
        budget_spent=config.evolution_budget.spent(snapshot.summaries),
        population=config.population,
        best_fitness=max((summary.best_fitness for summary in snapshot.summaries), default=None),
        champion=snapshot.champion[0].agent_id(snapshot.experiment.id) if snapshot.champion else None,
        running_seconds=snapshot.running_seconds,
        last_activity=datetime.fromtimestamp(stored.last_activity, UTC),
        failed_agents=sum(each.status is AgentStatus.FAILED for row in snapshot.generations for each in row),
        deviations=snapshot.deviations.total,
        history_sha256=history_sha256(snapshot.finished_generations),
        processor_time=snapshot.processor_time,
        environments=snapshot.environments,
    )
