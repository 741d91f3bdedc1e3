"""The section of racing: which agents need not play all of their episodes."""

from typing import Literal

from pydantic import Field

from clau_doom.config.section import Section

__all__ = ["RacingConfig"]


class RacingConfig(Section):
    """Racing: agents that can no longer matter to selection are dropped before they have played all episodes."""

    rule: Literal["none", "halving", "test"] = Field(
        default="none",
        description="Who is dropped: nobody; all but the best 1/growth; or those that are significantly worse.",
    )
    first: int = Field(default=1, ge=1, le=10_000, description="Episodes before the first decision.")
    growth: float = Field(default=2.0, gt=1.0, le=100.0, description="Episodes at each decision, as a multiple.")
    keep: float = Field(
        default=0.25, gt=0.0, le=1.0, description="The share of the population that matters: it is never dropped."
    )
    alpha: float = Field(
        default=0.05, gt=0.0, lt=1.0, description="For `test`: the risk, in each generation, of dropping an equal."
    )
    audit: float = Field(
        default=0.05, ge=0.0, le=1.0, description="The share of the dropped that play on, to show what was wrong."
    )
