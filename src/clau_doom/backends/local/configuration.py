"""Configuration section of the local backend: pinning, stall timeout and log size."""

from pydantic import Field, PositiveFloat

from clau_doom.config.backend_registry import BackendSection
from clau_doom.config.memory_size import Size

__all__ = ["LocalConfig"]


class LocalConfig(BackendSection):
    """Local backend."""

    pin: bool = Field(default=True, description="Pin each worker to one core (Linux).")
    stall_timeout: PositiveFloat = Field(
        default=10.0, description="Seconds without progress after which an engine is considered hung."
    )
    log_size: Size = Field(
        default=8 << 20, description="Size of logs/workers.log before it is rotated; one older file is kept."
    )
