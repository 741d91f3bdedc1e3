"""From a configuration to a plan: everything that can be known, and be wrong, before anything is started or written."""

import asyncio
import importlib.util
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clau_doom.app.catalog.stored import check_genomes, read_experiment
from clau_doom.app.estimate import Estimate, estimate, excesses
from clau_doom.app.examination import Examined, examine
from clau_doom.app.input_files import stored_scenario
from clau_doom.app.policy_output import contained_output
from clau_doom.app.trust import Trust
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
    StoredExperiment,
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
from clau_doom.ports import Policy
from clau_doom.storage import Inputs, Runs
from clau_doom.worker import collect_facts

__all__ = ["Plan", "check_config", "genome_space", "make_fitness", "plan_config", "plan_resume", "plan_run", "space_of"]


_IN_FLIGHT = 8
"""Episodes for each worker in a steady state, with which the oldest agent in flight rarely holds the others up."""


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
        nats: Where its events are published; no part of the experiment.
        web: Where its dashboard is, if one is asked for; no part of the experiment either.
        asked: What it asks for: agents, episodes, memory and disk.
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
    asked: Estimate
    resume: bool

    @property
    def advice(self) -> str | None:
        """What would make better use of its workers without their being more, or None."""
        config, evolution, execution = self.config, self.config.evolution, self.config.execution
        elsewhere = execution.backend == "ray" and not execution.workers  # how many there will be, nobody knows yet
        workers = 0 if elsewhere else len(CoreAllocator.of_machine(execution.workers, pin=False).places)
        in_flight, enough = evolution.lookahead * config.episodes, _IN_FLIGHT * workers
        if evolution.mode != "steady_state" or in_flight >= enough:
            return None
        return (
            f"evolution.lookahead: {evolution.lookahead} keeps {in_flight} episodes in flight, so that some of the "
            f"{workers} workers idle at times; {math.ceil(enough / config.episodes)} would keep all of them busy"
        )


def make_fitness(config: ExperimentConfig) -> Fitness:
    """Return the fitness that a configuration asks for."""
    wanted = config.fitness
    return Fitness.named(wanted) if isinstance(wanted, str) else Fitness(tuple(sorted(wanted.items())))


def space_of(stored: StoredExperiment) -> GenomeSpace:
    """Return the genes of an experiment that is read: those that are stored, else those that its policy has here.

    Raises:
        ConfigError: None are stored, as by older versions or at a server, and the scenario is not here, or the policy
            is neither bundled nor trusted.
        StoreCorrupted: A stored genome does not lie among these genes.
    """
    if stored.space is not None:
        return stored.space
    # Reading executes nothing that the experiment names.
    name = stored.snapshot.experiment.id
    Trust.of_environment(os.environ).check(stored.config.policy, f"experiment {name}, without stored genes,")
    space = genome_space(stored.config)
    check_genomes(space, stored.snapshot, f"experiment {name} is damaged, or its policy has other genes here")
    return space


def genome_space(config: ExperimentConfig) -> GenomeSpace:
    """Return the genes that a configuration's policy has in its scenario."""
    return _described(config, resolve_scenario(config.scenario))[0]


def _check_daemon(docker: DockerConfig) -> None:
    from clau_doom.backends.docker import check_daemon  # noqa: PLC0415 - aiodocker, which no local run needs

    # Nobody waits for this on an event loop: planning runs on a thread of its own where there is one.
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
    """Return a policy's genes and what decides its numbers; one that is played in containers is not imported here.

    Args:
        config: The configuration.
        scenario: Its scenario.
        policy: Its policy where that is made already.
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
    """Return the plan of a new experiment, or of one that is stored.

    Args:
        config: The configuration.
        output_dir: Where experiments are kept.
        scenario: What is played.
        limits: What it may ask for; None for an experiment that asks for no more than when it was started.
        policy: Its policy where that is made already.
        resume: Whether it is stored already.
    """
    check_experiment_id(config.name)
    nats, web = config.nats, config.web
    # How a service is reached is nobody's business who reads the experiment, and may hold a password.
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
    """Return a configuration in which a run would find no problem before it starts workers.

    Remote agents, images and clusters are not asked.

    Raises:
        ConfigError: Its text, its values, the scenario or the policy cannot be used, or it asks for more than `limits`
            allows; all problems are reported at once.
    """
    return _examined(path, environ=environ, overrides=overrides)[0]


def _examined(
    path: Path | None, *, environ: Mapping[str, str], overrides: Mapping[str, object]
) -> tuple[Resolved, Examined]:
    found: list[Examined] = []

    def look(config: ExperimentConfig) -> Sequence[Problem]:
        found.append(examine(config, config.limits))
        return found[-1].problems

    resolved = load_config(path, environ=environ, overrides=overrides, examine=look)
    return resolved, found[-1]


def plan_config(config: ExperimentConfig, output_dir: Path, limits: LimitsConfig | None = None) -> Plan:
    """Return the plan of a new experiment with a configuration.

    Args:
        config: The configuration.
        output_dir: Where experiments are kept.
        limits: What it may ask for; None: what its own `limits` allow.

    Raises:
        ConfigError: The scenario or the policy cannot be used, or it asks for more than the limits allow.
    """
    limits = limits or config.limits
    known = examine(config, limits)
    refuse_problems(known.problems)
    return _plan_new(config, output_dir, known, limits)


def _plan_new(config: ExperimentConfig, output_dir: Path, known: Examined, limits: LimitsConfig) -> Plan:
    assert known.scenario is not None, "a configuration without its scenario is refused"
    # A .cfg of the user's own is stored with its whole path, so that a resume finds it from any folder.
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
    """Return the plan for going on with a stored experiment, with the changes that flags and environment make.

    Raises:
        ExperimentNotFound: There is none of that id.
        WrongState: The folder is a copy of another experiment's.
        ExperimentDone: It is over, and its generations were not raised.
        ResumeRefused: A change, or another version or file than it was started with, would change its results.
        WrongState: Its `max_duration` is used up.
        ConfigError: Its generations were raised beyond `limits`, or beyond its own where those are None.
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
    if config.scenario.name != stored.config.scenario.name:  # a new path is kept whole, as at the start
        moved = config.scenario.model_copy(update={"name": scenario.facts.name})
        config = config.model_copy(update={"scenario": moved})
    return _plan(config, output_dir, scenario, limits=limits, resume=True)
