from clau_doom.config import ExperimentConfig as ExperimentConfig
from clau_doom.errors import ClauDoomError as ClauDoomError

__all__ = [
    "ClauDoomError",
    "ExperimentConfig",
    "__version__",
]

__version__: str
