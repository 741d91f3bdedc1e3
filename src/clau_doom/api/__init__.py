"""The public Python library. `clau_doom` loads its names from here at their first use.

`PUBLIC` lists each public name with the module that defines it. Modules of this package call `clau_doom.app`.
"""

__all__ = ["PUBLIC"]

PUBLIC = {
    "ClauDoomError": "clau_doom.errors",
    "Experiment": "clau_doom.api.experiment",
    "ExperimentConfig": "clau_doom.config",
    "ExperimentStatus": "clau_doom.api.experiment_status",
    "StoredAgent": "clau_doom.api.stored_agent",
    "Table": "clau_doom.api.table",
    "load_agent": "clau_doom.api.agent_loading",
    "make_env": "clau_doom.api.environment",
    "open": "clau_doom.api.opening",
    "resume": "clau_doom.api.running",
    "run": "clau_doom.api.running",
}
"""Module of each public name."""
