from clau_doom.api.agent_loading import load_agent as load_agent
from clau_doom.api.environment import make_env as make_env
from clau_doom.api.experiment import Experiment as Experiment
from clau_doom.api.experiment_status import ExperimentStatus as ExperimentStatus
from clau_doom.api.opening import open as open  # noqa: A004
from clau_doom.api.running import resume as resume
from clau_doom.api.running import run as run
from clau_doom.api.stored_agent import StoredAgent as StoredAgent
from clau_doom.api.table import Table as Table
from clau_doom.config import ExperimentConfig as ExperimentConfig
from clau_doom.errors import ClauDoomError as ClauDoomError

__all__ = [
    "ClauDoomError",
    "Experiment",
    "ExperimentConfig",
    "ExperimentStatus",
    "StoredAgent",
    "Table",
    "__version__",
    "load_agent",
    "make_env",
    "open",
    "resume",
    "run",
]

__version__: str
