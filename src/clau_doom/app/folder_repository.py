"""Experiments of a server: planned, stored and opened in one output folder."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

from clau_doom.app.catalog.stored_experiments import read_experiment
from clau_doom.app.gene_space import genome_space
from clau_doom.app.run import create_experiment, host_run
from clau_doom.app.run_plan import Plan
from clau_doom.app.run_planning import plan_config, plan_resume
from clau_doom.app.warm_start import is_start_file
from clau_doom.backends.core_allocator import CoreAllocator
from clau_doom.backends.local.configuration import LocalConfig
from clau_doom.backends.provider import provider_of
from clau_doom.config import (
    BackendSection,
    CustomPolicyConfig,
    CustomStrategyConfig,
    ExperimentConfig,
    RemotePolicyConfig,
    ServerConfig,
    registered_backends,
)
from clau_doom.config.path_fields import PathKind, absolute_path
from clau_doom.domain import GenomeSpace
from clau_doom.domain.agent_commands import UNCHANGED, BudgetChange
from clau_doom.errors import NotAllowed, WrongState
from clau_doom.game import SCENARIOS
from clau_doom.orchestration import ExperimentRun, Planned, Shutdown
from clau_doom.ports import ExperimentStore, StoredExperiment
from clau_doom.storage import ExperimentFolders

__all__ = ["FolderRepository"]


class FolderRepository:
    """Stores experiments in one folder and runs them on shared workers.

    Implements `orchestration.ExperimentRepository`. Names from clients are compared with the server's allow-lists
    before anything is imported, opened or started. Connections to containers use the server's own settings.
    """

    def __init__(self, config: ExperimentConfig, output_dir: Path) -> None:
        """Store experiments in `output_dir`, with the workers and the allow-lists of a server's configuration."""
        self._config = config
        self._output_dir = output_dir
        self._folders = ExperimentFolders(output_dir)
        self.cores = CoreAllocator.of_machine(config.execution.workers, pin=config.section_of(LocalConfig).pin)
        """Cores for workers, shared by all experiments."""

    def space(self, config: ExperimentConfig) -> GenomeSpace:
        """Return the genes of a configuration's policy."""
        self._check_allowed(config)
        return genome_space(self._with_server_settings(config))

    def plan(self, config: ExperimentConfig) -> Plan:
        """Return the plan of a new experiment.

        Raises:
            ConfigError: The experiment cannot be run here, or exceeds the server's limits.
            NotAllowed: A name is not in the server's allow-lists.
        """
        self._check_allowed(config)
        if config.import_paths not in {(), self._config.import_paths}:
            raise NotAllowed("import_paths is a setting of the server: omit it in experiments of clients")
        return plan_config(self._with_server_settings(config), self._output_dir, self._config.limits)

    async def plan_resume(self, experiment: str, change: BudgetChange = UNCHANGED) -> Plan:
        """Return the plan to resume a stored experiment, with an optional new budget."""
        self._check_allowed((await self.experiment(experiment)).config)
        own = {
            f"{backend}.{name}": value
            for backend, section, names in self._server_fields()
            for name, value in section.model_dump(mode="json", include=names).items()
        }
        overrides = {**own, "import_paths": [*self._config.import_paths], **change.overrides}
        plan = await plan_resume(
            experiment, self._output_dir, environ={}, overrides=overrides, limits=self._config.limits
        )
        return replace(plan, config=self._with_server_settings(plan.config))  # overrides must not remove an address

    def create(self, plan: Planned, uuid: str) -> None:
        """Store a new experiment.

        Raises:
            ExperimentExists: The name is taken.
            NotAllowed: The folder has the maximum number of experiments or bytes of the server's limits.
        """
        assert isinstance(plan, Plan)
        if not self._folders.holds(plan.config.name):
            self._check_quota()
        create_experiment(plan, uuid=uuid)

    def discard(self, experiment: str) -> None:
        """Remove an experiment that failed to start before its first agents were stored."""
        self._folders.discard(experiment)

    def _check_quota(self) -> None:
        limits, (count, size) = self._config.server, self._folders.usage()
        remedy = "delete experiments, or raise"
        if count >= limits.max_experiments:
            raise NotAllowed(f"the server has {count:,} experiments already: {remedy} server.max_experiments")
        if size >= limits.max_stored:
            raise NotAllowed(f"the experiments of the server use {size >> 20:,} MB already: {remedy} server.max_stored")

    def open(
        self, plan: Planned, shutdown: Shutdown
    ) -> AbstractAsyncContextManager[tuple[ExperimentStore, ExperimentRun]]:
        """Open a stored experiment, with its backend, for the run that executes it."""
        assert isinstance(plan, Plan)
        return host_run(plan, shutdown, cores=self.cores)

    def write(self, experiment: str) -> AbstractAsyncContextManager[ExperimentStore]:
        """Open a stored experiment for writing, without a backend."""
        return self._folders.open(experiment).write()

    def read(self, experiment: str) -> AbstractAsyncContextManager[ExperimentStore]:
        """Open a stored experiment for reading."""
        return self._folders.open(experiment).read()

    async def experiment(self, experiment: str) -> StoredExperiment:
        """Return the current state of a stored experiment.

        Raises:
            WrongState: The folder is a copy of another experiment.
        """
        stored = await read_experiment(self._output_dir, experiment)
        # A copy would be confused with its original, because its log contains the original's id.
        if (name := stored.snapshot.experiment.id) != experiment:
            raise WrongState(f"the folder {experiment} is a copy of experiment {name}: rename it on the server")
        return stored

    def experiments(self) -> Sequence[str]:
        """Return the sorted ids of the stored experiments."""
        return self._folders.ids()

    def deleted(self, experiments: Iterable[str]) -> frozenset[str]:
        """Return the given experiments that have no folder any more."""
        return frozenset(name for name in experiments if not self._folders.holds(name))

    def _with_server_settings(self, config: ExperimentConfig) -> ExperimentConfig:
        """Return a configuration with the server's own values, such as network, cluster, addresses and import paths."""
        placed: dict[str, object] = {"import_paths": self._config.import_paths}
        for backend, own, names in self._server_fields():
            section: BackendSection = getattr(config, backend)
            placed[backend] = section.model_copy(update={name: getattr(own, name) for name in names})
        return config.model_copy(update=placed)

    def _server_fields(self) -> Iterator[tuple[str, BackendSection, set[str]]]:
        """Yield each backend's name, its section of the server, and the fields that clients cannot set."""
        for backend in registered_backends():
            names = backend.section.model_fields if backend.server_fields is None else backend.server_fields
            yield backend.name, getattr(self._config, backend.name), set(names)

    def _check_allowed(self, config: ExperimentConfig) -> None:
        lists: ServerConfig = self._config.server
        scenario, policy = config.scenario.name, config.policy
        here = not config.selected_backend.isolates_policies
        if here and isinstance(policy, CustomPolicyConfig) and policy.target not in lists.policies:
            raise NotAllowed(f"policy.target {policy.target!r} is not in the server's list server.policies")
        strategy = config.evolution
        if isinstance(strategy, CustomStrategyConfig) and strategy.target not in lists.strategies:
            raise NotAllowed(f"evolution.target {strategy.target!r} is not in the server's list server.strategies")
        for name, target in config.measures.items():
            if target not in lists.measures:
                raise NotAllowed(f"measures.{name} {target!r} is not in the server's list server.measures")
        address = policy.address if isinstance(policy, RemotePolicyConfig) else None
        if address is not None and not _listed(address, PathKind("address"), lists.agents):
            raise NotAllowed(f"policy.address {address!r} is not in the server's list server.agents")
        provider_of(config).check_request(config, self._config)
        if files := [name for name in config.evolution.start.agents if is_start_file(name)]:
            raise NotAllowed(
                f"evolution.start.agents {files[0]!r} is a file: use ids of experiments or agents of this server"
            )
        is_path = scenario not in SCENARIOS and (scenario.lower().endswith(".cfg") or "/" in scenario)
        if is_path and not _listed(scenario, PathKind("scenario"), lists.scenarios):
            raise NotAllowed(f"scenario.name {scenario!r} is not in the server's list server.scenarios")


def _listed(name: str, kind: PathKind, allowed: Sequence[str]) -> bool:
    """Return whether a client's path or address is in a list of the server, whose paths are absolute."""
    return name in allowed or absolute_path(name, kind, Path.cwd()) in allowed
