"""Configuration section of the backend, the workers and their timeouts."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat

from clau_doom.config.backend_registry import BackendName
from clau_doom.config.base_section import ConfigSection

__all__ = ["ExecutionConfig"]


class ExecutionConfig(ConfigSection):
    """Backend, workers and timeouts; these settings do not affect the outcome of episodes."""

    backend: Annotated[str, BackendName()] = Field(default="local", description="Backend that plays episodes.")
    workers: int = Field(default=0, ge=0, le=1024, description="Number of workers; 0: one for each core.")
    episode_timeout: PositiveFloat = Field(default=60.0, description="Wall-clock seconds for one episode.")
    attempts: int = Field(default=3, ge=1, le=100, description="Attempts per episode after infrastructure failures.")
    on_exhausted: Literal["fail_agent", "stop"] = Field(
        default="fail_agent", description="Reaction when all attempts failed."
    )
    start_patience: PositiveFloat = Field(
        default=60.0, description="Seconds without a startable worker after which the run is interrupted."
    )
    record: Literal["champions", "all", "none"] = Field(
        default="champions", description="Recordings to keep: those of each generation's best agent, all, or none."
    )
