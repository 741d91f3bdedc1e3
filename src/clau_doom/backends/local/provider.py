"""Provider of the local backend."""

from typing import TYPE_CHECKING

from clau_doom.backends.local.configuration import LocalConfig
from clau_doom.backends.provider import BackendContext, BackendProvider
from clau_doom.errors import ConfigError
from clau_doom.machine_limits import default_workers, memory_problem

if TYPE_CHECKING:
    from clau_doom.config.schema import ExperimentConfig
    from clau_doom.ports import EvaluationBackend

__all__ = ["LocalProvider"]


class LocalProvider(BackendProvider):
    """Runs workers in subprocesses of this process."""

    name = "local"
    section = LocalConfig
    server_fields = frozenset()

    def check(self, config: "ExperimentConfig") -> None:
        """Check that the workers fit into the memory limits of this process."""
        if problem := memory_problem(config.execution.workers or default_workers()):
            raise ConfigError(f"execution.workers: {problem}", (("execution.workers", problem),))

    def create(self, context: BackendContext) -> "EvaluationBackend":
        """Return a local backend."""
        from clau_doom.backends.local.backend import LocalBackend
        from clau_doom.backends.scenario_files import placed_scenario

        config = context.config
        scenario, files = placed_scenario(config.scenario, context.scenario)
        return LocalBackend(
            scenario=scenario,
            policy=config.policy,
            measures=config.measures,
            execution=config.execution,
            local=config.section_of(LocalConfig),
            facts=context.facts,
            cores=context.cores,
            logs=context.logs,
            files=files,
        )
