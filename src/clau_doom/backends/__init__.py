"""Where episodes are played: the adapters of `clau_doom.ports.EvaluationBackend`, one package each.

None of them schedules or retries; that is the orchestration's, and so it is the same on all of them.
"""

__all__: list[str] = []
