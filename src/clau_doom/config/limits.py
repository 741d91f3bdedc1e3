"""The section of limits: what one experiment may ask for."""

from pydantic import Field

from clau_doom.config.section import Section
from clau_doom.config.size import Size

__all__ = ["LimitsConfig"]


class LimitsConfig(Section):
    """What one experiment may ask for. A larger one is refused before anything is built.

    An experiment stores none of it. A server applies its own limits to its clients' experiments.
    """

    genes: int = Field(
        default=1_000_000, ge=1, le=2_000_000, description="Genes of a policy; a worker's message holds 2,000,000."
    )
    agents: int = Field(default=1_000_000, ge=1, description="Agents of all generations together.")
    episodes: int = Field(
        default=20_000_000, ge=1, description="Episodes of training, validation and judgement together."
    )
    memory: Size = Field(default=16 << 30, description="Memory of the orchestrator, as `run --dry-run` estimates it.")
    stored: Size = Field(default=100 << 30, description="Bytes on the disk, as `run --dry-run` estimates them.")
