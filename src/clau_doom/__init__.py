"""Evolution of populations of agents that play DOOM in ViZDoom.

    import clau_doom as cd

Public names are loaded at their first use, so that the import is fast. `__init__.pyi` has their types.

The package has layers. A layer imports only the layers below it; `docs/contributing/architecture.md` describes them.
`clau_doom.evolution` has ask/tell strategies for any function. `clau_doom.ports` has the interfaces of policies, stores
and backends.
"""

from importlib import import_module

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

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    modules = import_module("clau_doom.api").PUBLIC
    found: object = getattr(import_module(modules[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
