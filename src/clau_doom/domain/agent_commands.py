"""Commands to the agents of a running experiment, and their results."""

from dataclasses import dataclass
from enum import StrEnum

from clau_doom.domain.agent import Evaluation
from clau_doom.domain.genome import Genome

__all__ = [
    "BUDGET_CHANGED",
    "UNCHANGED",
    "AgentAction",
    "AgentCommand",
    "BudgetChange",
    "Command",
    "CommandDone",
    "InjectGenome",
]

BUDGET_CHANGED = "its budget was changed"
"""The reason of an interruption after which a server resumes the experiment at once."""


class AgentAction(StrEnum):
    """Action on an agent."""

    PAUSE = "pause"
    """Hold back its episodes that have not started."""
    RESUME = "resume"
    """Continue to play its episodes."""
    STOP = "stop"
    """Give up its evaluation. The agent gets no fitness."""
    RESTART = "restart"
    """Queue the missing episodes of a failed agent again. Legal until its generation is complete."""
    INSPECT = "inspect"
    """Return the agent's evaluation without a change."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BudgetChange:
    """A new budget for an experiment that is resumed.

    Attributes:
        generations: The number of generations, or None to keep it.
        episodes: The budget in training episodes, or None to keep it.
        tics: The budget in tics of training episodes, or None to keep it.
        max_duration: The limit of the running time as a configuration has it, such as ``2h``, or None to keep it.
    """

    generations: int | None = None
    max_duration: str | None = None
    episodes: int | None = None
    tics: int | None = None

    @property
    def overrides(self) -> dict[str, int | str | None]:
        """The values by their paths in a configuration."""
        return {
            "generations": self.generations,
            "max_duration": self.max_duration,
            "budget.episodes": self.episodes,
            "budget.tics": self.tics,
        }


UNCHANGED = BudgetChange()
"""The budget stays as it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentCommand:
    """Command to one agent.

    Attributes:
        action: What.
        agent: The agent's id.
    """

    action: AgentAction
    agent: str


@dataclass(frozen=True, kw_only=True, slots=True)
class InjectGenome:
    """Genome to inject: it replaces one of the last genomes of the next generation.

    Attributes:
        experiment: The experiment's id.
        genome: Its genes.
    """

    experiment: str
    genome: Genome


Command = AgentCommand | InjectGenome


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandDone:
    """Result of a command whose changes are committed.

    Attributes:
        sequence: The sequence of the event that it caused, or 0 if it caused none.
        evaluation: The agent as it stands, or None for an injected genome.
        paused: Whether the agent's episodes wait.
    """

    sequence: int
    evaluation: Evaluation | None = None
    paused: bool = False
