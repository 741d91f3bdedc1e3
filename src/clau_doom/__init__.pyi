from clau_doom.api.agent_loading import load_agent as load_agent
from clau_doom.api.analysis import Analysis as Analysis
from clau_doom.api.ask_tell import make_strategy as make_strategy
from clau_doom.api.asynchronous_run import Run as Run
from clau_doom.api.asynchronous_run import start as start
from clau_doom.api.comparing import compare as compare
from clau_doom.api.configuration_checking import check_config as check_config
from clau_doom.api.environment import make_env as make_env
from clau_doom.api.experiment import Experiment as Experiment
from clau_doom.api.experiment_list import ExperimentList as ExperimentList
from clau_doom.api.experiment_list import experiments as experiments
from clau_doom.api.experiment_status import ExperimentStatus as ExperimentStatus
from clau_doom.api.opening import open as open  # noqa: A004
from clau_doom.api.optimization import OptimizationResult as OptimizationResult
from clau_doom.api.optimization import optimize as optimize
from clau_doom.api.running import resume as resume
from clau_doom.api.running import run as run
from clau_doom.api.scenario_list import scenarios as scenarios
from clau_doom.api.server import Server as Server
from clau_doom.api.server import connect as connect
from clau_doom.api.stored_agent import StoredAgent as StoredAgent
from clau_doom.api.table import Table as Table
from clau_doom.api.table_analysis import analyze_table as analyze_table
from clau_doom.app.catalog.folder_source import ExperimentOverview as ExperimentOverview
from clau_doom.config import ExperimentConfig as ExperimentConfig
from clau_doom.domain import Gene as Gene
from clau_doom.domain import Genome as Genome
from clau_doom.domain import GenomeSpace as GenomeSpace
from clau_doom.errors import ClauDoomError as ClauDoomError
from clau_doom.evolution import Offspring as Offspring
from clau_doom.evolution import Result as Result
from clau_doom.evolution import SteadyState as SteadyState
from clau_doom.evolution import Strategy as Strategy
from clau_doom.ports.measure import EpisodeRecord as EpisodeRecord
from clau_doom.ports.measure import measure as measure

__all__ = [
    "Analysis",
    "ClauDoomError",
    "EpisodeRecord",
    "Experiment",
    "ExperimentConfig",
    "ExperimentList",
    "ExperimentOverview",
    "ExperimentStatus",
    "Gene",
    "Genome",
    "GenomeSpace",
    "Offspring",
    "OptimizationResult",
    "Result",
    "Run",
    "Server",
    "SteadyState",
    "StoredAgent",
    "Strategy",
    "Table",
    "__version__",
    "analyze_table",
    "check_config",
    "compare",
    "connect",
    "experiments",
    "load_agent",
    "make_env",
    "make_strategy",
    "measure",
    "open",
    "optimize",
    "resume",
    "run",
    "scenarios",
    "start",
]

__version__: str
