"""Creation of the local backend for a plan."""

from pathlib import Path

from clau_doom.app.input_files import placed_scenario
from clau_doom.app.plan import Plan
from clau_doom.backends.local import CoreAllocator, LocalBackend

__all__ = ["make_local_backend"]


def make_local_backend(plan: Plan, logs: Path | None, *, cores: CoreAllocator | None) -> LocalBackend:
    """Create the local backend of a plan, not yet entered."""
    config = plan.config
    scenario, files = placed_scenario(config.scenario, plan.scenario)
    return LocalBackend(
        scenario=scenario,
        policy=config.policy,
        execution=config.execution,
        local=config.local,
        facts=plan.facts,
        cores=cores,
        logs=logs,
        files=files,
    )
