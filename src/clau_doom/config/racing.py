"""Configuration section of racing: early stopping of an agent's evaluation."""

from typing import Literal

from pydantic import Field

from clau_doom.config.base_section import ConfigSection

__all__ = ["RacingConfig"]


class RacingConfig(ConfigSection):
    """Racing: agents that cannot be selected are dropped before they have played all episodes."""

    rule: Literal["none", "halving", "test"] = Field(
        default="none",
        description="Agents to drop: none; all but the best 1/growth; or significantly worse ones.",
    )
    first: int = Field(default=1, ge=1, le=10_000, description="Episodes before the first decision.")
    growth: float = Field(
        default=2.0, gt=1.0, le=100.0, description="Factor of episodes from one decision to the next."
    )
    keep: float = Field(default=0.25, gt=0.0, le=1.0, description="Share of the population that is never dropped.")
    alpha: float = Field(
        default=0.05,
        gt=0.0,
        lt=1.0,
        description="For `test`: risk, per generation, of dropping an equal agent.",
    )
    audit: float = Field(
        default=0.05, ge=0.0, le=1.0, description="Share of dropped agents that continue, to estimate the error rate."
    )
