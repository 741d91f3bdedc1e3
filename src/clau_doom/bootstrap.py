"""The only place where concrete classes are chosen and wired."""

import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

from clau_doom.backends.local import LocalBackend
from clau_doom.config import (
    ExperimentConfig,
    ScenarioConfig,
    check_resume,
    config_from_yaml,
    load_config,
    to_yaml,
)
from clau_doom.domain import Fitness, GenomeSpace, check_experiment_id
from clau_doom.domain.experiment import Experiment, ExperimentState, Provenance
from clau_doom.domain.score import MEASURES
from clau_doom.errors import ExperimentDone, ResumeRefused
from clau_doom.game import SCENARIOS, Scenario, VizdoomEngine
from clau_doom.game import resolve as resolve_scenario
from clau_doom.orchestration import ExperimentRun, Shutdown
from clau_doom.policies import make_policy
from clau_doom.ports import Action, EvaluationBackend, ExperimentStore, Needs, StoredExperiment
from clau_doom.storage import Runs
from clau_doom.worker import collect_facts

__all__ = [
    "OfferedScenario",
    "Plan",
    "SystemClock",
    "bundled_scenarios",
    "genome_space",
    "list_experiments",
    "make_backend",
    "make_fitness",
    "make_run",
    "open_run",
    "plan_resume",
    "plan_run",
    "read_experiment",
    "try_engine",
]


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything about a run that can be known before anything is started or written.

    Attributes:
        config: The resolved configuration.
        output_dir: Where experiments are kept.
        scenario: What is played.
        space: The policy's genes.
        fitness: How measures become fitness.
        facts: What decides the numbers beside the configuration.
        resume: Whether the experiment is stored already.
    """

    config: ExperimentConfig
    output_dir: Path
    scenario: Scenario
    space: GenomeSpace
    fitness: Fitness
    facts: Provenance
    resume: bool


def make_fitness(config: ExperimentConfig) -> Fitness:
    """Return the fitness that a configuration asks for."""
    wanted = config.fitness
    return Fitness.named(wanted) if isinstance(wanted, str) else Fitness(tuple(sorted(wanted.items())))


def genome_space(config: ExperimentConfig) -> GenomeSpace:
    """Return the genes that a configuration's policy has in its scenario."""
    return make_policy(config.policy, resolve_scenario(config.scenario).facts).space


def _plan(config: ExperimentConfig, output_dir: Path, *, resume: bool) -> Plan:
    check_experiment_id(config.name)
    scenario = resolve_scenario(config.scenario)
    policy = make_policy(config.policy, scenario.facts)
    return Plan(
        config=config,
        output_dir=output_dir,
        scenario=scenario,
        space=policy.space,
        fitness=make_fitness(config),
        facts=collect_facts(scenario, config.policy, policy),
        resume=resume,
    )


def plan_run(
    path: Path | None, output_dir: Path, *, environ: Mapping[str, str], overrides: Mapping[str, object]
) -> Plan:
    """Return the plan of a new experiment.

    Raises:
        ConfigError: The configuration, the scenario or the policy cannot be used.
    """
    config = load_config(path, environ=environ, overrides=overrides).config
    # A .cfg of the user's own is stored with its whole path, so that a resume finds it from any folder.
    scenario = config.scenario.model_copy(update={"name": resolve_scenario(config.scenario).facts.name})
    return _plan(config.model_copy(update={"scenario": scenario}), output_dir, resume=False)


async def plan_resume(
    experiment: str, output_dir: Path, *, environ: Mapping[str, str], overrides: Mapping[str, object]
) -> Plan:
    """Return the plan for going on with a stored experiment, with the changes that flags and environment make.

    Raises:
        ExperimentNotFound: There is none of that id.
        ExperimentDone: It is over, and its generations were not raised.
        ResumeRefused: A change, or another version or file than it was started with, would change its results.
    """
    stored = await read_experiment(output_dir, experiment)
    snapshot, name = stored.snapshot, f"the stored configuration of {experiment}"
    config = config_from_yaml(snapshot.config_yaml, name=name, environ=environ, overrides=overrides)
    check_resume(stored.config, config)
    done = snapshot.state is ExperimentState.COMPLETED and config.generations <= len(snapshot.summaries)
    if done or snapshot.state in {ExperimentState.FAILED, ExperimentState.CANCELLED}:
        remedy = ": raise its generations (-g) to go on" if done else ""
        raise ExperimentDone(f"experiment {experiment} is {snapshot.state.value}{remedy}")
    plan = _plan(config, output_dir, resume=True)
    if difference := snapshot.experiment.provenance.first_difference(plan.facts):
        fact, then, now = difference
        raise ResumeRefused(
            f"{experiment} cannot be resumed: it was started with {fact} {then}, and here it is {now}; "
            "bring that back, or start an experiment of another name"
        )
    return plan


async def read_experiment(output_dir: Path, experiment: str) -> StoredExperiment:
    """Return a stored experiment as it stands.

    Raises:
        ExperimentNotFound: There is none of that id.
        StorageFailed: It cannot be read.
    """
    folder = Runs(output_dir).open(experiment)
    held = folder.holder() is not None  # asked first: a run that ends in between is shown as what it became
    async with folder.read() as store:
        snapshot = await store.snapshot()
    abandoned = snapshot.state is ExperimentState.RUNNING and not held
    written = (folder.path / name for name in ("results.sqlite", "results.sqlite-wal"))
    return StoredExperiment(
        snapshot=snapshot,
        config=config_from_yaml(snapshot.config_yaml, name=f"the stored configuration of {experiment}"),
        state=ExperimentState.INTERRUPTED if abandoned else snapshot.state,
        last_activity=max(path.stat().st_mtime for path in written if path.exists()),
    )


def list_experiments(output_dir: Path) -> tuple[str, ...]:
    """Return the ids of the stored experiments, sorted, those that cannot be read included."""
    return tuple(run.folder.id for run in Runs(output_dir).list())


@asynccontextmanager
async def open_run(plan: Plan, shutdown: Shutdown) -> AsyncIterator[tuple[ExperimentStore, ExperimentRun]]:
    """Create or open the experiment, start its workers, and yield its store and its run.

    Raises:
        ExperimentExists: A new experiment has the name of a stored one.
        ExperimentBusy: Another process runs it.
        InfrastructureFailed: The workers do not start.
        ShutdownRequested: The run was to stop before they had started.
    """
    config, config_yaml = plan.config, to_yaml(plan.config)
    runs = Runs(plan.output_dir)
    if plan.resume:
        folder = runs.open(config.name)
    else:
        folder = runs.create(
            Experiment(
                id=config.name, uuid=str(uuid4()), seed=config.seed, config_yaml=config_yaml, provenance=plan.facts
            )
        )
    async with folder.write(keep_recordings=config.execution.record) as store:
        if plan.resume:
            folder.write_config(config_yaml)
        async with AsyncExitStack() as stack:
            backend = make_backend(plan, folder.logs)
            if not await shutdown.bound(stack.enter_async_context(backend)):
                shutdown.check()
            yield store, make_run(plan, store, backend, shutdown)


def make_backend(plan: Plan, logs: Path | None) -> EvaluationBackend:
    """Return the backend that a plan asks for, not yet entered."""
    config = plan.config
    return LocalBackend(
        scenario=config.scenario,
        policy=config.policy,
        execution=config.execution,
        local=config.local,
        facts=plan.facts,
        logs=logs,
    )


def make_run(plan: Plan, store: ExperimentStore, backend: EvaluationBackend, shutdown: Shutdown) -> ExperimentRun:
    """Return a plan's run on a store and an entered backend."""
    return ExperimentRun(
        plan.config,
        to_yaml(plan.config),
        space=plan.space,
        fitness=plan.fitness,
        store=store,
        backend=backend,
        shutdown=shutdown,
        clock=SystemClock(),
    )


@dataclass(frozen=True, kw_only=True)
class OfferedScenario:
    """A bundled scenario, for people.

    Attributes:
        name: Its name.
        description: What it is, and what it rewards.
        buttons: What can be pressed.
        timeout: Tics after which an episode ends.
        doom_skill: 1 to 5.
        measures: What every episode measures.
    """

    name: str
    description: str
    buttons: tuple[str, ...]
    timeout: int
    doom_skill: int
    measures: tuple[str, ...]


def bundled_scenarios() -> tuple[OfferedScenario, ...]:
    """Return the bundled scenarios by name."""
    return tuple(_offer(name) for name in sorted(SCENARIOS))


def _offer(name: str) -> OfferedScenario:
    facts = resolve_scenario(ScenarioConfig(name=name)).facts
    return OfferedScenario(
        name=name,
        description=SCENARIOS[name].description,
        buttons=facts.buttons,
        timeout=facts.timeout,
        doom_skill=facts.doom_skill,
        measures=MEASURES,
    )


def try_engine() -> str:
    """Start a real engine, play ten tics, and say what was played.

    Raises:
        EngineCrashed: It does not work here.
    """
    scenario = resolve_scenario(ScenarioConfig(name="basic"))
    with tempfile.TemporaryDirectory(prefix="clau-doom-doctor-") as folder:
        engine = VizdoomEngine(scenario, Path(folder))
        try:
            engine.start(Needs(objects=True), record=False)
            engine.begin(1)
            for _ in range(10):
                engine.act(Action([0.0] * len(engine.facts.buttons), 1))
        finally:
            engine.close()
    return f"ViZDoom {version('vizdoom')} played 10 tics of basic"
