"""Configuration section of the selection and judgement of the champion."""

from pydantic import Field

from clau_doom.config.base_section import ConfigSection

__all__ = ["HoldoutConfig"]


class HoldoutConfig(ConfigSection):
    """Selection and judgement of the champion, on seeds that were not used for selection."""

    validation: int = Field(default=20, ge=1, le=10_000, description="Validation episodes of each candidate champion.")
    episodes: int = Field(default=100, ge=2, le=10_000, description="Held-out episodes of the champion.")
