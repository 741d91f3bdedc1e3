"""Planning of new and resumed runs, with all checks that need no worker."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from clau_doom.app.catalog.stored_experiments import read_experiment
from clau_doom.app.configuration_checks import ConfigurationCheck, examine
from clau_doom.app.gene_space import describe_policy
from clau_doom.app.input_copies import stored_scenario
from clau_doom.app.resource_estimate import estimate_resources, excesses
from clau_doom.app.run_plan import Plan
from clau_doom.app.strategy_description import describe_strategy
from clau_doom.app.tracker_cursor import discontinued_kinds
from clau_doom.app.trusted_code import check_import_paths
from clau_doom.app.warm_start import StartAgent, resolve_start, stored_start
from clau_doom.backends.provider import provider_of
from clau_doom.config import (
    ExperimentConfig,
    LimitsConfig,
    Problem,
    Resolved,
    YamlDocument,
    check_budget,
    check_resume,
    config_from_yaml,
    importing_from,
    load_config,
    refuse_problems,
)
from clau_doom.domain import Fitness, GenomeSpace, check_experiment_id
from clau_doom.domain.experiment import ExperimentState
from clau_doom.errors import ConfigError, EngineCrashed, ExperimentDone, ResumeRefused
from clau_doom.game import SCENARIOS, Scenario, try_scenario
from clau_doom.ports import Policy, StoredExperiment
from clau_doom.storage import ExperimentFolders, StoredInputs
from clau_doom.trackers import check_tracker_config

__all__ = ["check_config", "make_fitness", "plan_config", "plan_resume", "plan_run"]


def make_fitness(config: ExperimentConfig) -> Fitness:
    """Return the fitness of a configuration."""
    wanted = config.fitness
    return Fitness.named(wanted) if isinstance(wanted, str) else Fitness(tuple(sorted(wanted.items())))


def _check_engine(scenario: Scenario) -> None:
    """Start the engine of a user's own scenario once, before anything is stored."""
    if scenario.facts.name in SCENARIOS:
        return
    try:
        try_scenario(scenario)
    except EngineCrashed as error:
        raise ConfigError(str(error)) from error


def _plan(
    config: ExperimentConfig,
    output_dir: Path,
    scenario: Scenario,
    *,
    limits: LimitsConfig | None,
    policy: Policy | None = None,
    start: tuple[StartAgent, ...] | None = None,
    stored: StoredExperiment | None = None,
) -> Plan:
    """Return the plan of a new or stored experiment.

    Args:
        config: The configuration.
        output_dir: Folder of experiments.
        scenario: The scenario.
        limits: Limits of the estimate. None: no limits, for an experiment with its original budget.
        policy: Its policy, if it exists already.
        start: Genomes of its warm start, if they are found already.
        stored: The stored experiment of a resume.
    """
    check_experiment_id(config.name)
    check_import_paths(config.import_paths, output_dir / config.name)
    nats, web, trackers = config.nats, config.web, config.trackers
    with importing_from(config.import_paths):
        for tracker in trackers:
            check_tracker_config(tracker)
    config = config.without_services()
    provider_of(config).check(config)
    if stored is None:
        _check_engine(scenario)
    space, facts = describe_policy(config, scenario, policy)
    strategy = describe_strategy(config, space)
    resources = estimate_resources(config, len(space), strategy.largest_population)
    if limits is not None:
        refuse_problems([*excesses(config, resources, limits)])
    return Plan(
        config=config,
        output_dir=output_dir,
        scenario=scenario,
        space=space,
        fitness=make_fitness(config),
        facts=strategy.added_to(facts),
        nats=nats,
        web=web,
        trackers=trackers,
        resources=resources,
        resume=stored is not None,
        start=_start(config, output_dir, space, stored) if start is None else start,
    )


def _start(
    config: ExperimentConfig, output_dir: Path, space: GenomeSpace, stored: StoredExperiment | None
) -> tuple[StartAgent, ...]:
    """Return the genomes of a warm start: found for a new experiment, and read from the folder of a stored one."""
    if stored is None:
        found, problems = resolve_start(config, output_dir, space)
        refuse_problems(problems)
        return found
    return stored_start(config, StoredInputs(stored.inputs) if stored.inputs else None, stored.snapshot, space)


def plan_run(
    source: Path | YamlDocument | None,
    output_dir: Path,
    *,
    environ: Mapping[str, str],
    overrides: Mapping[str, object] = MappingProxyType({}),
    arguments: Mapping[str, object] = MappingProxyType({}),
) -> Plan:
    """Return the plan of a new experiment.

    Args:
        source: Configuration file, or its content, or None for defaults.
        output_dir: Folder of experiments.
        environ: The environment.
        overrides: Values of flags; see `load_config`.
        arguments: Values of keyword arguments; see `load_config`.

    Raises:
        ConfigError: The configuration, the scenario or the policy cannot be used.
    """
    resolved, known = _load_checked(source, output_dir, environ=environ, overrides=overrides, arguments=arguments)
    return _plan_new(resolved.config, output_dir, known, resolved.config.limits)


def check_config(
    source: Path | YamlDocument | None,
    output_dir: Path,
    *,
    environ: Mapping[str, str],
    arguments: Mapping[str, object] = MappingProxyType({}),
) -> Resolved:
    """Check a configuration as a run would before it starts workers, and return it.

    Remote agents, images and clusters are not checked, nor the start agents of their policies.

    Args:
        source: Configuration file, or its content, or None for defaults.
        output_dir: Folder of the experiments that `evolution.start` names.
        environ: The environment.
        arguments: Values of keyword arguments; see `load_config`.

    Raises:
        ConfigError: The text, a value, the scenario, the policy or a start agent cannot be used, or the estimate
            exceeds `limits`. The error lists all problems.
    """
    return _load_checked(source, output_dir, environ=environ, arguments=arguments)[0]


def _load_checked(
    source: Path | YamlDocument | None,
    output_dir: Path,
    *,
    environ: Mapping[str, str],
    overrides: Mapping[str, object] = MappingProxyType({}),
    arguments: Mapping[str, object] = MappingProxyType({}),
) -> tuple[Resolved, ConfigurationCheck]:
    found: list[ConfigurationCheck] = []

    def check(config: ExperimentConfig) -> Sequence[Problem]:
        found.append(examine(config, config.limits, output_dir))
        return found[-1].problems

    resolved = load_config(source, environ=environ, overrides=overrides, arguments=arguments, examine=check)
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
    known = examine(config, limits, output_dir)
    refuse_problems(known.problems)
    return _plan_new(config, output_dir, known, limits)


def _plan_new(config: ExperimentConfig, output_dir: Path, known: ConfigurationCheck, limits: LimitsConfig) -> Plan:
    assert known.scenario is not None, "a configuration without its scenario is refused"
    # A user's own .cfg is stored with its absolute path, so that a resume finds it from any folder.
    scenario = config.scenario.model_copy(update={"name": known.scenario.facts.name})
    config = config.model_copy(update={"scenario": scenario})
    return _plan(config, output_dir, known.scenario, limits=limits, policy=known.policy, start=known.start)


async def plan_resume(
    experiment: str,
    output_dir: Path,
    *,
    environ: Mapping[str, str],
    overrides: Mapping[str, object] = MappingProxyType({}),
    arguments: Mapping[str, object] = MappingProxyType({}),
    limits: LimitsConfig | None = None,
) -> Plan:
    """Return the plan to resume a stored experiment, with changes from flags, arguments and the environment.

    Raises:
        ExperimentNotFound: No experiment has that id.
        WrongState: The folder is a copy of another experiment, or `max_duration` is used up.
        ExperimentDone: The experiment is over, and its budget was not raised beyond its finished generations.
        ResumeRefused: A change, or another version or file than at its start, would change the results.
        ConfigError: Its budget was raised beyond `limits`, or beyond its own limits if `limits` is None.
    """
    stored = await read_experiment(output_dir, experiment, measured=False)
    snapshot, name = stored.snapshot, f"the stored configuration of {experiment}"
    ExperimentFolders(output_dir).open(experiment).check_identity(snapshot.experiment.id)
    config = await asyncio.to_thread(
        config_from_yaml, snapshot.config_yaml, name=name, environ=environ, overrides=overrides, arguments=arguments
    )
    check_resume(stored.config, config)
    budget, before = config.evolution_budget, stored.config.evolution_budget
    done = snapshot.state is ExperimentState.COMPLETED and (
        budget.used_up(snapshot.summaries) or not budget.raised_from(before)
    )
    if done or snapshot.state in {ExperimentState.FAILED, ExperimentState.CANCELLED}:
        remedy = f": raise its number of {budget.unit} to continue" if done else ""
        raise ExperimentDone(f"experiment {experiment} is {snapshot.state.value}{remedy}")
    check_budget(config, snapshot.running_seconds)
    within = (limits or config.limits) if budget.raised_from(before) else None
    plan = await asyncio.to_thread(_plan_again, config, stored, output_dir, within)
    if difference := snapshot.experiment.provenance.first_difference(plan.facts):
        fact, then, now = difference
        raise ResumeRefused(
            f"{experiment} cannot be resumed: it was started with {fact} {then}, but now it is {now}; "
            "restore it, or start an experiment with another name"
        )
    trackers, uuid = ExperimentFolders(output_dir).open(experiment).trackers, snapshot.experiment.uuid
    return replace(plan, discontinued_trackers=discontinued_kinds(trackers, plan.trackers, uuid))


def _plan_again(
    config: ExperimentConfig, stored: StoredExperiment, output_dir: Path, limits: LimitsConfig | None
) -> Plan:
    inputs = StoredInputs(stored.inputs) if stored.inputs else None
    scenario = stored_scenario(config.scenario, stored.snapshot.experiment.provenance, inputs, replaying=False)
    if config.scenario.name != stored.config.scenario.name:  # a new path is stored as an absolute path, as at the start
        moved = config.scenario.model_copy(update={"name": scenario.facts.name})
        config = config.model_copy(update={"scenario": moved})
    return _plan(config, output_dir, scenario, limits=limits, stored=stored)
