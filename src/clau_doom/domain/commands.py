"""What a person or a program may have done to the agents of a running experiment, and what came of it."""

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

BUDGET_CHANGED = "its budget is changed"
"""The reason of an interruption after which a server resumes the experiment at once."""


class AgentAction(StrEnum):
    """What is done to an agent."""

    PAUSE = "pause"
    """Its episodes that are not begun wait."""
    RESUME = "resume"
    """They are played again."""
    STOP = "stop"
    """It is given up, and has no fitness."""
    RESTART = "restart"
    """The missing episodes of a failed agent are queued again, until its generation is told."""
    INSPECT = "inspect"
    """Nothing; it is looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BudgetChange:
    """A new budget for an experiment that is resumed.

    Attributes:
        generations: The number of generations, or None to keep it.
        max_duration: The limit of the running time as a configuration has it, such as ``2h``, or None to keep it.
    """

    generations: int | None = None
    max_duration: str | None = None

    @property
    def overrides(self) -> dict[str, int | str | None]:
        """The values by their paths in a configuration."""
        return {"generations": self.generations, "max_duration": self.max_duration}


UNCHANGED = BudgetChange()
"""The budget stays as it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentCommand:
    """Something to do to one agent.

    Attributes:
        action: What.
        agent: The agent's id.
    """

    action: AgentAction
    agent: str


@dataclass(frozen=True, kw_only=True, slots=True)
class InjectGenome:
    """A genome that is to replace one of the last that the strategy asks for the next generation.

    Attributes:
        experiment: The experiment's id.
        genome: Its genes.
    """

    experiment: str
    genome: Genome


Command = AgentCommand | InjectGenome


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandDone:
    """A command was carried out, and what it did is committed.

    Attributes:
        sequence: The sequence of the event that it caused, or 0 where it caused none.
        evaluation: The agent as it stands, or None for an injected genome.
        paused: Whether the agent's episodes wait.
    """

    sequence: int
    evaluation: Evaluation | None = None
    paused: bool = False
