"""Experiments of a server: planned, stored and opened in one output folder."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

from clau_doom.app.catalog.stored_experiments import list_experiments, read_experiment
from clau_doom.app.plan import Plan, genome_space, plan_config, plan_resume
from clau_doom.app.run import create_experiment, host_run
from clau_doom.backends.local import CoreAllocator
from clau_doom.config import CustomPolicyConfig, ExperimentConfig, RemotePolicyConfig, ServerConfig
from clau_doom.domain import GenomeSpace
from clau_doom.domain.commands import UNCHANGED, BudgetChange
from clau_doom.errors import NotAllowed, WrongState
from clau_doom.game import SCENARIOS
from clau_doom.orchestration import ExperimentRun, Planned, Shutdown
from clau_doom.ports import ExperimentStore, StoredExperiment
from clau_doom.storage import Runs

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
        self._runs = Runs(output_dir)
        self.cores = CoreAllocator.of_machine(config.execution.workers, pin=config.local.pin)
        """Cores for workers, shared by all experiments."""

    def space(self, config: ExperimentConfig) -> GenomeSpace:
        """Return the genes of a configuration's policy."""
        self._check_allowed(config)
        return genome_space(self._placed(config))

    def plan(self, config: ExperimentConfig) -> Plan:
        """Return the plan of a new experiment.

        Raises:
            ConfigError: The experiment cannot be run here, or exceeds the server's limits.
            NotAllowed: A name is not in the server's allow-lists.
        """
        self._check_allowed(config)
        return plan_config(self._placed(config), self._output_dir, self._config.limits)

    async def plan_resume(self, experiment: str, change: BudgetChange = UNCHANGED) -> Plan:
        """Return the plan to resume a stored experiment, with an optional new budget."""
        self._check_allowed((await self.experiment(experiment)).config)
        overrides = {"docker.network": self._config.docker.network, **change.overrides}
        plan = await plan_resume(
            experiment, self._output_dir, environ={}, overrides=overrides, limits=self._config.limits
        )
        return replace(plan, config=self._placed(plan.config))  # overrides must not remove an address

    def create(self, plan: Planned, uuid: str) -> None:
        """Store a new experiment.

        Raises:
            ExperimentExists: The name is taken.
            NotAllowed: The folder has the maximum number of experiments or bytes of the server's limits.
        """
        assert isinstance(plan, Plan)
        if not self._runs.holds(plan.config.name):
            self._check_room()
        create_experiment(plan, uuid=uuid)

    def discard(self, experiment: str) -> None:
        """Remove an experiment that failed to start before its first agents were stored."""
        self._runs.discard(experiment)

    def _check_room(self) -> None:
        limits, (count, size) = self._config.server, self._runs.usage()
        remedy = "delete experiments that are not needed any more, or raise"
        if count >= limits.max_experiments:
            raise NotAllowed(f"the server keeps {count:,} experiments already: {remedy} server.max_experiments")
        if size >= limits.max_stored:
            raise NotAllowed(f"the server's experiments take {size >> 20:,} MB already: {remedy} server.max_stored")

    def open(
        self, plan: Planned, shutdown: Shutdown
    ) -> AbstractAsyncContextManager[tuple[ExperimentStore, ExperimentRun]]:
        """Open a stored experiment, with its backend, for the run that executes it."""
        assert isinstance(plan, Plan)
        return host_run(plan, shutdown, cores=self.cores)

    def write(self, experiment: str) -> AbstractAsyncContextManager[ExperimentStore]:
        """Open a stored experiment for writing, without a backend."""
        return self._runs.open(experiment).write()

    def read(self, experiment: str) -> AbstractAsyncContextManager[ExperimentStore]:
        """Open a stored experiment for reading."""
        return self._runs.open(experiment).read()

    async def experiment(self, experiment: str) -> StoredExperiment:
        """Return the current state of a stored experiment.

        Raises:
            WrongState: The folder is a copy of another experiment.
        """
        stored = await read_experiment(self._output_dir, experiment)
        # A copy would be confused with its original, because its log contains the original's id.
        if (name := stored.snapshot.experiment.id) != experiment:
            raise WrongState(f"the folder {experiment} holds a copy of experiment {name}: rename it on the server")
        return stored

    def experiments(self) -> Sequence[str]:
        """Return the sorted ids of the stored experiments."""
        return list_experiments(self._output_dir)

    def deleted(self, experiments: Iterable[str]) -> frozenset[str]:
        """Return the given experiments that have no folder any more."""
        return frozenset(name for name in experiments if not self._runs.holds(name))

    def _placed(self, config: ExperimentConfig) -> ExperimentConfig:
        """Return a configuration with the server's own network, cluster and addresses."""
        own = self._config.docker
        place = {"network": own.network, "listen": own.listen, "advertise": own.advertise}
        cluster = {"address": self._config.ray.address, "modules": self._config.ray.modules}
        return config.model_copy(
            update={"docker": config.docker.model_copy(update=place), "ray": config.ray.model_copy(update=cluster)}
        )

    def _check_allowed(self, config: ExperimentConfig) -> None:
        lists: ServerConfig = self._config.server
        scenario, policy = config.scenario.name, config.policy
        here = not config.backend_traits.policy_in_image
        if here and isinstance(policy, CustomPolicyConfig) and policy.target not in lists.policies:
            raise NotAllowed(f"policy.target {policy.target!r} is not in the server's list server.policies")
        if isinstance(policy, RemotePolicyConfig) and policy.address not in {None, *lists.agents}:
            raise NotAllowed(f"policy.address {policy.address!r} is not in the server's list server.agents")
        image = config.docker.image
        if not here and image not in {self._config.docker.image, *lists.images}:
            raise NotAllowed(f"docker.image {image!r} is not in the server's list server.images")
        is_path = scenario not in SCENARIOS and (scenario.lower().endswith(".cfg") or "/" in scenario)
        if is_path and scenario not in lists.scenarios:
            raise NotAllowed(f"scenario.name {scenario!r} is not in the server's list server.scenarios")
