"""Configuration section of a warm start: genomes of earlier agents in generation 0."""

from typing import Annotated

from pydantic import Field

from clau_doom.config.base_section import ConfigSection, FromList
from clau_doom.config.path_fields import AgentName

__all__ = ["StartConfig"]


class StartConfig(ConfigSection):
    """Warm start: generation 0 has the genomes of earlier agents, and mutated copies of them."""

    agents: Annotated[tuple[AgentName, ...], FromList] = Field(
        default=(),
        max_length=1000,
        description="Agent files (.json), ids of agents, ids of experiments for their champions; []: a random start.",
        examples=[["champion.json", "quickstart", "quickstart-g003-a017"]],
    )
    spread: float = Field(
        default=0.1,
        ge=0.0,
        le=1.0,
        description="Standard deviation of the copies' mutation, in gene ranges; probability of another choice.",
    )
