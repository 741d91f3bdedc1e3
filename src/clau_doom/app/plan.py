"""Plan of a run, checked as far as possible before anything is started or written."""

import asyncio
import importlib.util
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clau_doom.app.catalog.stored_experiments import check_genomes, read_experiment
from clau_doom.app.configuration_checks import ConfigurationCheck, examine
from clau_doom.app.input_files import stored_scenario
from clau_doom.app.policy_output import contained_output
from clau_doom.app.resource_estimate import ResourceEstimate, estimate, excesses
from clau_doom.app.trusted_code import Trust
from clau_doom.backends.local import CoreAllocator
from clau_doom.config import (
    SERVICE_SECTIONS,
    CustomPolicyConfig,
    DockerConfig,
    ExperimentConfig,
    LimitsConfig,
    NatsConfig,
    Problem,
    RandomPolicyConfig,
    RayConfig,
    RemotePolicyConfig,
    Resolved,
    WebConfig,
    check_budget,
    check_resume,
    config_from_yaml,
    load_config,
    refuse_problems,
)
from clau_doom.domain import Fitness, GenomeSpace, check_experiment_id
from clau_doom.domain.experiment import ExperimentState, Provenance
from clau_doom.errors import ConfigError, EngineCrashed, ExperimentDone, ResumeRefused
from clau_doom.game import SCENARIOS, Scenario, try_scenario
from clau_doom.game import resolve as resolve_scenario
from clau_doom.machine_limits import default_workers, memory_problem
from clau_doom.policies import make_policy
from clau_doom.ports import Policy, StoredExperiment
from clau_doom.storage import Inputs, Runs
from clau_doom.worker import collect_facts

__all__ = ["Plan", "check_config", "genome_space", "make_fitness", "plan_config", "plan_resume", "plan_run", "space_of"]


_IN_FLIGHT = 8
"""Episodes per worker in a steady state. With this number, the oldest agent in flight rarely delays the others."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Checked plan of a run.

    Attributes:
        config: Resolved configuration.
        output_dir: Folder of experiments.
        scenario: The scenario.
        space: Genes of the policy.
        fitness: Fitness of an episode's measures.
        facts: Provenance: everything besides the configuration that decides the results.
        nats: Settings of the event bus; not part of the experiment.
        web: Settings of the dashboard, or None; not part of the experiment.
        asked: Estimate of agents, episodes, memory and disk space.
        resume: Whether the experiment is stored already.
    """

    config: ExperimentConfig
    output_dir: Path
    scenario: Scenario
    space: GenomeSpace
    fitness: Fitness
    facts: Provenance
    nats: NatsConfig
    web: WebConfig
    asked: ResourceEstimate
    resume: bool

    @property
    def advice(self) -> str | None:
        """Advice for a better use of the workers, or None."""
        config, evolution, execution = self.config, self.config.evolution, self.config.execution
        elsewhere = execution.backend == "ray" and not execution.workers  # the number of workers is unknown yet
        workers = 0 if elsewhere else len(CoreAllocator.of_machine(execution.workers, pin=False).places)
        in_flight, enough = evolution.lookahead * config.episodes, _IN_FLIGHT * workers
        if evolution.mode != "steady_state" or in_flight >= enough:
            return None
        return (
            f"evolution.lookahead: {evolution.lookahead} keeps {in_flight} episodes in flight, so that some of the "
            f"{workers} workers idle at times; {math.ceil(enough / config.episodes)} would keep all of them busy"
        )


def make_fitness(config: ExperimentConfig) -> Fitness:
    """Return the fitness of a configuration."""
    wanted = config.fitness
    return Fitness.named(wanted) if isinstance(wanted, str) else Fitness(tuple(sorted(wanted.items())))


def space_of(stored: StoredExperiment) -> GenomeSpace:
    """Return the genes of a stored experiment, from the store or else from its policy.

    Raises:
        ConfigError: No genes are stored (by an older version or at a server), and the scenario is missing or the policy
            is neither bundled nor trusted.
        StoreCorrupted: A stored genome is not in the space of these genes.
    """
    if stored.space is not None:
        return stored.space
    # Reading must not execute code that the experiment names.
    name = stored.snapshot.experiment.id
    Trust.of_environment(os.environ).check(stored.config.policy, f"experiment {name}, without stored genes,")
    space = genome_space(stored.config)
    check_genomes(space, stored.snapshot, f"experiment {name} is damaged, or its policy has other genes here")
    return space


def genome_space(config: ExperimentConfig) -> GenomeSpace:
    """Return the genes of a configuration's policy in its scenario."""
    return _described(config, resolve_scenario(config.scenario))[0]


def _check_daemon(docker: DockerConfig) -> None:
    from clau_doom.backends.docker import check_daemon  # noqa: PLC0415 - aiodocker, which no local run needs

    # This call does not block an event loop: a server plans on a separate thread.
    asyncio.run(check_daemon(docker))


def _check_cluster(ray: RayConfig) -> None:
    if importlib.util.find_spec("ray") is None:
        raise ConfigError("execution.backend: ray needs Ray, which is not installed: pip install 'clau-doom[ray]'")
    from clau_doom.backends.ray import check_cluster  # noqa: PLC0415 - as above

    asyncio.run(check_cluster(ray))


def _check_engine(scenario: Scenario) -> None:
    """Start the engine of a user's own scenario once, before anything is stored."""
    if scenario.facts.name in SCENARIOS:
        return
    try:
        try_scenario(scenario)
    except EngineCrashed as error:
        raise ConfigError(str(error)) from error


def _check_memory(workers: int) -> None:
    if problem := memory_problem(workers or default_workers()):
        raise ConfigError(f"execution.workers: {problem}", (("execution.workers", problem),))


def _described(
    config: ExperimentConfig, scenario: Scenario, policy: Policy | None = None
) -> tuple[GenomeSpace, Provenance]:
    """Return the genes and the provenance of a policy. A policy for containers is not imported.

    Args:
        config: The configuration.
        scenario: Its scenario.
        policy: Its policy, if it exists already.
    """
    if isinstance(config.policy, CustomPolicyConfig | RemotePolicyConfig) and config.backend_traits.policy_in_image:
        return _described_by_image(config.docker, config.policy, scenario)
    with contained_output():
        policy = policy or make_policy(config.policy, scenario.facts)
        return policy.space, collect_facts(scenario, config.policy, policy)


def _described_by_image(
    docker: DockerConfig, policy: CustomPolicyConfig | RemotePolicyConfig, scenario: Scenario
) -> tuple[GenomeSpace, Provenance]:
    from clau_doom.backends.docker import (  # noqa: PLC0415 - as above
        describe_image,
        describe_service,
    )

    random = RandomPolicyConfig()
    facts = dict(collect_facts(scenario, random, make_policy(random, scenario.facts)).facts)
    if isinstance(policy, CustomPolicyConfig):
        found = asyncio.run(describe_image(docker, policy, scenario.facts))
        space, facts["source.policy"] = found.space, found.version
    else:
        space, more = asyncio.run(describe_service(docker, policy, scenario.facts))
        facts |= dict(more)
    return space, Provenance(facts=tuple(sorted(facts.items())))


def _plan(
    config: ExperimentConfig,
    output_dir: Path,
    scenario: Scenario,
    *,
    limits: LimitsConfig | None,
    policy: Policy | None = None,
    resume: bool = False,
) -> Plan:
    """Return the plan of a new or stored experiment.

    Args:
        config: The configuration.
        output_dir: Folder of experiments.
        scenario: The scenario.
        limits: Limits of the estimate. None: no limits, for an experiment with its original budget.
        policy: Its policy, if it exists already.
        resume: Whether the experiment is stored already.
    """
    check_experiment_id(config.name)
    nats, web = config.nats, config.web
    # Addresses of services are not stored with the experiment. Readers do not need them, and they may contain
    # passwords.
    config = config.model_copy(update={name: section() for name, section in SERVICE_SECTIONS.items()})
    if config.execution.backend == "local":
        _check_memory(config.execution.workers)
    if not resume:
        _check_engine(scenario)
    if config.execution.backend == "docker":
        _check_daemon(config.docker)
    elif config.execution.backend == "ray":
        _check_cluster(config.ray)
    space, facts = _described(config, scenario, policy)
    asked = estimate(config, len(space))
    if limits is not None:
        refuse_problems([*excesses(config, asked, limits)])
    return Plan(
        config=config,
        output_dir=output_dir,
        scenario=scenario,
        space=space,
        fitness=make_fitness(config),
        facts=facts,
        nats=nats,
        web=web,
        asked=asked,
        resume=resume,
    )


def plan_run(
    path: Path | None, output_dir: Path, *, environ: Mapping[str, str], overrides: Mapping[str, object]
) -> Plan:
    """Return the plan of a new experiment.

    Raises:
        ConfigError: The configuration, the scenario or the policy cannot be used.
    """
    resolved, known = _examined(path, environ=environ, overrides=overrides)
    return _plan_new(resolved.config, output_dir, known, resolved.config.limits)


def check_config(path: Path | None, *, environ: Mapping[str, str], overrides: Mapping[str, object]) -> Resolved:
    """Check a configuration as a run would before it starts workers, and return it.

    Remote agents, images and clusters are not checked.

    Raises:
        ConfigError: The text, a value, the scenario or the policy cannot be used, or the estimate exceeds `limits`. The
            error lists all problems.
    """
    return _examined(path, environ=environ, overrides=overrides)[0]


def _examined(
    path: Path | None, *, environ: Mapping[str, str], overrides: Mapping[str, object]
) -> tuple[Resolved, ConfigurationCheck]:
    found: list[ConfigurationCheck] = []

    def look(config: ExperimentConfig) -> Sequence[Problem]:
        found.append(examine(config, config.limits))
        return found[-1].problems

    resolved = load_config(path, environ=environ, overrides=overrides, examine=look)
    return resolved, found[-1]


def plan_config(config: ExperimentConfig, output_dir: Path, limits: LimitsConfig | None = None) -> Plan:
    """Return the plan of a new experiment with a configuration.

    Args:
        config: The configuration.
        output_dir: Folder of experiments.
        limits: Limits of the estimate. None: the limits of the configuration.

    Raises:
        ConfigError: The scenario or the policy cannot be used, or the estimate exceeds the limits.
    """
    limits = limits or config.limits
    known = examine(config, limits)
    refuse_problems(known.problems)
    return _plan_new(config, output_dir, known, limits)


def _plan_new(config: ExperimentConfig, output_dir: Path, known: ConfigurationCheck, limits: LimitsConfig) -> Plan:
    assert known.scenario is not None, "a configuration without its scenario is refused"
    # A user's own .cfg is stored with its absolute path, so that a resume finds it from any folder.
    scenario = config.scenario.model_copy(update={"name": known.scenario.facts.name})
    config = config.model_copy(update={"scenario": scenario})
    return _plan(config, output_dir, known.scenario, limits=limits, policy=known.policy)


async def plan_resume(
    experiment: str,
    output_dir: Path,
    *,
    environ: Mapping[str, str],
    overrides: Mapping[str, object],
    limits: LimitsConfig | None = None,
) -> Plan:
    """Return the plan to resume a stored experiment, with changes from flags and the environment.

    Raises:
        ExperimentNotFound: No experiment has that id.
        WrongState: The folder is a copy of another experiment, or `max_duration` is used up.
        ExperimentDone: The experiment is over, and its number of generations was not raised.
        ResumeRefused: A change, or another version or file than at its start, would change the results.
        ConfigError: Its number of generations was raised beyond `limits`, or beyond its own limits if `limits` is None.
    """
    stored = await read_experiment(output_dir, experiment, measured=False)
    snapshot, name = stored.snapshot, f"the stored configuration of {experiment}"
    Runs(output_dir).open(experiment).check_identity(snapshot.experiment.id)
    config = await asyncio.to_thread(
        config_from_yaml, snapshot.config_yaml, name=name, environ=environ, overrides=overrides
    )
    check_resume(stored.config, config)
    done = snapshot.state is ExperimentState.COMPLETED and config.generations <= len(snapshot.summaries)
    if done or snapshot.state in {ExperimentState.FAILED, ExperimentState.CANCELLED}:
        remedy = ": raise its generations (-g) to go on" if done else ""
        raise ExperimentDone(f"experiment {experiment} is {snapshot.state.value}{remedy}")
    check_budget(config, snapshot.running_seconds)
    grown = config.generations > stored.config.generations
    within = (limits or config.limits) if grown else None
    plan = await asyncio.to_thread(_plan_again, config, stored, output_dir, within)
    if difference := snapshot.experiment.provenance.first_difference(plan.facts):
        fact, then, now = difference
        raise ResumeRefused(
            f"{experiment} cannot be resumed: it was started with {fact} {then}, and here it is {now}; "
            "bring that back, or start an experiment of another name"
        )
    return plan


def _plan_again(
    config: ExperimentConfig, stored: StoredExperiment, output_dir: Path, limits: LimitsConfig | None
) -> Plan:
    inputs = Inputs(stored.inputs) if stored.inputs else None
    scenario = stored_scenario(config.scenario, stored.snapshot.experiment.provenance, inputs, replaying=False)
    if config.scenario.name != stored.config.scenario.name:  # a new path is stored as an absolute path, as at the start
        moved = config.scenario.model_copy(update={"name": scenario.facts.name})
        config = config.model_copy(update={"scenario": moved})
    return _plan(config, output_dir, scenario, limits=limits, resume=True)
