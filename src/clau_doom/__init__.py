"""Evolution of populations of agents that play DOOM in ViZDoom.

The package has layers. A layer imports only the layers below it; `docs/contributing/architecture.md` describes them.
`clau_doom.evolution` has ask/tell strategies for any function. `clau_doom.ports` has the interfaces of policies, stores
and backends.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
