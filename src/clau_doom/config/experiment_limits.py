"""Configuration section of limits on the size of one experiment."""

from pydantic import Field

from clau_doom.config.base_section import ConfigSection
from clau_doom.config.memory_size import Size

__all__ = ["LimitsConfig"]


class LimitsConfig(ConfigSection):
    """Limits on the size of one experiment. A larger experiment is refused before anything is built.

    Limits are not stored with an experiment. A server applies its own limits to experiments of clients.
    """

    genes: int = Field(
        default=1_000_000, ge=1, le=2_000_000, description="Genes of a policy; a worker's message can hold 2,000,000."
    )
    agents: int = Field(default=1_000_000, ge=1, description="Agents of all generations in total.")
    episodes: int = Field(default=20_000_000, ge=1, description="Training, validation and held-out episodes in total.")
    memory: Size = Field(default=16 << 30, description="Memory of the orchestrator, estimated as by `run --dry-run`.")
    stored: Size = Field(default=100 << 30, description="Bytes on disk, estimated as by `run --dry-run`.")
