"""What a person or a program may have done to the agents of a running experiment, and what came of it."""

from dataclasses import dataclass
from enum import StrEnum

from clau_doom.domain.agent import Evaluation
from clau_doom.domain.genome import Genome

__all__ = ["AgentAction", "AgentCommand", "Command", "CommandDone", "InjectGenome"]


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
