"""Agent of a stored experiment, with its genome and results."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clau_doom.api.notebook_html import cell_text, facts_html, text_html
from clau_doom.domain import AgentStatus, Purpose
from clau_doom.number_format import number, number_with_interval

if TYPE_CHECKING:
    from clau_doom.ports import StoredExperiment
    from clau_doom.statistics.intervals import Interval

__all__ = ["StoredAgent", "agent_of"]

_GENES_SHOWN = 24


@dataclass(frozen=True, kw_only=True)
class StoredAgent:
    """An agent of a stored experiment.

    Attributes:
        id: Id of the agent, such as ``quickstart-g003-a017``.
        generation: Generation of the agent, from 0.
        index: Index in the generation, from 0.
        status: ``completed``, ``dropped``, ``failed`` or ``pending``; members equal their text.
        fitness: Mean over the training episodes, or None for a failed or pending agent.
        failure: Reason of the failure, or None.
        operator: Operators that created the genome, such as ``draw`` or ``crossover+mutation``.
        parents: Ids of the parents.
        genome: Value of each gene by its name. Choices have their names.
        validation_fitness: Mean fitness on the validation seeds, or None if the agent did not play them.
        held_out: Mean fitness on the held-out seeds with its 95 % interval, or None if the agent did not play them.
    """

    id: str
    generation: int
    index: int
    status: AgentStatus
    fitness: float | None
    failure: str | None
    operator: str
    parents: tuple[str, ...]
    genome: dict[str, float | int | str] = field(repr=False)
    validation_fitness: float | None = None
    held_out: "Interval | None" = None

    def _repr_html_(self) -> str:
        """Return results and the first genes for a notebook."""
        held = self.held_out
        facts = {
            "status": self.status.value,
            "failure": self.failure,
            "training fitness": None if self.fitness is None else number(self.fitness),
            "validation fitness": None if self.validation_fitness is None else number(self.validation_fitness),
            "held-out fitness": held
            and f"{number_with_interval(held.mean, held.low, held.high)} ({held.n} episodes, 95 % interval)",
            "operator": self.operator,
            "parents": ", ".join(self.parents) or None,
        }
        genes = {name: cell_text(value) for name, value in [*self.genome.items()][:_GENES_SHOWN]}
        more = len(self.genome) - len(genes)
        rest = f"<p>and {more:,} more genes in <code>.genome</code></p>" if more else ""
        shown = facts_html("genome", genes) + rest if genes else text_html("The policy has no genes.")
        return facts_html(f"agent {self.id}", facts) + shown


def agent_of(stored: "StoredExperiment", agent: str) -> StoredAgent:
    """Return an agent of a stored experiment by its id.

    Raises:
        AgentNotFound: The experiment does not have the agent.
        ConfigError: The genes of the policy cannot be determined; see `space_of`.
    """
    from clau_doom.app.gene_space import space_of  # noqa: PLC0415 - policies, which status does not need
    from clau_doom.app.run_planning import make_fitness  # noqa: PLC0415 - as above
    from clau_doom.statistics.intervals import mean_interval  # noqa: PLC0415 - scipy

    snapshot, fitness = stored.snapshot, make_fitness(stored.config)
    evaluation = snapshot.find(agent)
    found, name = evaluation.agent, snapshot.experiment.id
    validation, held_out = (
        [episode.outcome.measures for episode in snapshot.judging.get((purpose, found.id), ())]
        for purpose in (Purpose.VALIDATION, Purpose.HELD_OUT)
    )
    return StoredAgent(
        id=found.id,
        generation=found.ref.generation,
        index=found.ref.index,
        status=evaluation.status,
        fitness=evaluation.fitness,
        failure=evaluation.failure,
        operator=found.operator,
        parents=tuple(parent.agent_id(name) for parent in found.parents),
        genome=space_of(stored).named(found.genome),
        validation_fitness=fitness.of_agent(validation) if validation else None,
        held_out=mean_interval([fitness.of_episode(each) for each in held_out]) if held_out else None,
    )
