"""Adapters of the port `clau_doom.ports.EvaluationBackend`: one package for each way to run workers.

A backend does not schedule episodes and does not retry them. The orchestrator does both, so that the rules are the same
for all backends.
"""

__all__: list[str] = []
