"""clau-doom evolves populations of agents that play DOOM in ViZDoom.

The package is a house of floors whose imports point down only; `docs/architecture.md` shows it whole. A user of the
command line needs nothing from here. A user of the library starts with `clau_doom.evolution` (ask/tell strategies that
work on any function) and `clau_doom.ports` (the seams that a policy, a store or a backend implements).
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
