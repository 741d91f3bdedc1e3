"""The public Python library. `clau_doom` loads its names from here at their first use.

`PUBLIC` lists each public name with the module that defines it. Modules of this package call `clau_doom.app`.
"""

__all__ = ["PUBLIC"]

PUBLIC = {
    "Analysis": "clau_doom.api.analysis",
    "ClauDoomError": "clau_doom.errors",
    "EpisodeRecord": "clau_doom.ports.measure",
    "Experiment": "clau_doom.api.experiment",
    "ExperimentConfig": "clau_doom.config",
    "ExperimentList": "clau_doom.api.experiment_list",
    "ExperimentOverview": "clau_doom.app.catalog.folder_source",
    "ExperimentStatus": "clau_doom.api.experiment_status",
    "Gene": "clau_doom.domain",
    "Genome": "clau_doom.domain",
    "GenomeSpace": "clau_doom.domain",
    "Offspring": "clau_doom.evolution",
    "OptimizationResult": "clau_doom.api.optimization",
    "Result": "clau_doom.evolution",
    "Run": "clau_doom.api.asynchronous_run",
    "Server": "clau_doom.api.server",
    "SteadyState": "clau_doom.evolution",
    "StoredAgent": "clau_doom.api.stored_agent",
    "Strategy": "clau_doom.evolution",
    "Table": "clau_doom.api.table",
    "analyze_table": "clau_doom.api.table_analysis",
    "check_config": "clau_doom.api.configuration_checking",
    "compare": "clau_doom.api.comparing",
    "connect": "clau_doom.api.server",
    "experiments": "clau_doom.api.experiment_list",
    "load_agent": "clau_doom.api.agent_loading",
    "make_env": "clau_doom.api.environment",
    "make_strategy": "clau_doom.api.ask_tell",
    "measure": "clau_doom.ports.measure",
    "open": "clau_doom.api.opening",
    "optimize": "clau_doom.api.optimization",
    "resume": "clau_doom.api.running",
    "run": "clau_doom.api.running",
    "scenarios": "clau_doom.api.scenario_list",
    "start": "clau_doom.api.asynchronous_run",
}
"""Module of each public name."""
