"""Configuration section of the scenario."""

from typing import Literal

from pydantic import Field

from clau_doom.config.base_section import ConfigSection
from clau_doom.config.path_fields import ScenarioName

__all__ = ["ScenarioConfig"]


class ScenarioConfig(ConfigSection):
    """Scenario and settings of the game."""

    name: ScenarioName = Field(
        default="defend_the_center", min_length=1, description="Bundled scenario, or path of a .cfg file."
    )
    frame_skip: int = Field(default=4, ge=1, le=35, description="Maximum tics of one action.")
    doom_skill: int | None = Field(
        default=None, ge=1, le=5, description="Difficulty, 1 (easiest) to 5; default: that of the .cfg."
    )
    timeout: int | None = Field(
        default=None, ge=1, le=126_000, description="Maximum tics of an episode; default: value of the .cfg, else 2100."
    )
    resolution: Literal["160x120", "200x150", "256x192", "320x240", "400x300", "512x384", "640x480"] = Field(
        default="160x120", description="Resolution of the policy's screen; the smallest is the fastest."
    )
