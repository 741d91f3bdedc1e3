"""The public Python library. `clau_doom` loads its names from here at their first use.

`PUBLIC` lists each public name with the module that defines it. Modules of this package call `clau_doom.app`.
"""

__all__ = ["PUBLIC"]

PUBLIC = {
    "ClauDoomError": "clau_doom.errors",
    "ExperimentConfig": "clau_doom.config",
}
"""Module of each public name."""
