"""From a configuration to a plan: everything that can be known, and be wrong, before anything is started or written."""

import asyncio
import importlib.util
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clau_doom.backends.local import Cores
from clau_doom.bootstrap.stored import read_experiment
from clau_doom.config import (
    SERVICE_SECTIONS,
    CustomPolicyConfig,
    DockerConfig,
    ExperimentConfig,
    NatsConfig,
    RandomPolicyConfig,
    RayConfig,
    RemotePolicyConfig,
    WebConfig,
    check_budget,
    check_resume,
    config_from_yaml,
    load_config,
)
from clau_doom.domain import Fitness, GenomeSpace, check_experiment_id
from clau_doom.domain.experiment import ExperimentState, Provenance
from clau_doom.errors import ConfigError, EngineCrashed, ExperimentDone, ResumeRefused
from clau_doom.game import SCENARIOS, Scenario, try_scenario
from clau_doom.game import resolve as resolve_scenario
from clau_doom.policies import make_policy
from clau_doom.worker import collect_facts

__all__ = ["Plan", "genome_space", "make_fitness", "plan_config", "plan_resume", "plan_run"]


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
    resume: bool

    @property
    def advice(self) -> str | None:
        """What would make better use of its workers without their being more, or None."""
        config, evolution, execution = self.config, self.config.evolution, self.config.execution
        elsewhere = execution.backend == "ray" and not execution.workers  # how many there will be, nobody knows yet
        workers = 0 if elsewhere else len(Cores.of_machine(execution.workers, pin=False).places)
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


def _described(config: ExperimentConfig, scenario: Scenario) -> tuple[GenomeSpace, Provenance]:
    """Return a policy's genes and what decides its numbers; one that is played in containers is not imported here."""
    if isinstance(config.policy, CustomPolicyConfig | RemotePolicyConfig) and config.execution.backend == "docker":
        return _described_by_image(config.docker, config.policy, scenario)
    policy = make_policy(config.policy, scenario.facts)
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


def _plan(config: ExperimentConfig, output_dir: Path, *, resume: bool) -> Plan:
    check_experiment_id(config.name)
    nats, web = config.nats, config.web
    # How a service is reached is nobody's business who reads the experiment, and may hold a password.
    config = config.model_copy(update={name: section() for name, section in SERVICE_SECTIONS.items()})
    scenario = resolve_scenario(config.scenario)
    if not resume:
        _check_engine(scenario)
    if config.execution.backend == "docker":
        _check_daemon(config.docker)
    elif config.execution.backend == "ray":
        _check_cluster(config.ray)
    space, facts = _described(config, scenario)
    return Plan(
        config=config,
        output_dir=output_dir,
        scenario=scenario,
        space=space,
        fitness=make_fitness(config),
        facts=facts,
        nats=nats,
        web=web,
        resume=resume,
    )


def plan_run(
    path: Path | None, output_dir: Path, *, environ: Mapping[str, str], overrides: Mapping[str, object]
) -> Plan:
    """Return the plan of a new experiment.

    Raises:
        ConfigError: The configuration, the scenario or the policy cannot be used.
    """
    return plan_config(load_config(path, environ=environ, overrides=overrides).config, output_dir)


def plan_config(config: ExperimentConfig, output_dir: Path) -> Plan:
    """Return the plan of a new experiment with a configuration.

    Raises:
        ConfigError: The scenario or the policy cannot be used.
    """
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
        WrongState: Its `max_duration` is used up.
    """
    stored = await read_experiment(output_dir, experiment, measured=False)
    snapshot, name = stored.snapshot, f"the stored configuration of {experiment}"
    config = await asyncio.to_thread(
        config_from_yaml, snapshot.config_yaml, name=name, environ=environ, overrides=overrides
    )
    check_resume(stored.config, config)
    done = snapshot.state is ExperimentState.COMPLETED and config.generations <= len(snapshot.summaries)
    if done or snapshot.state in {ExperimentState.FAILED, ExperimentState.CANCELLED}:
        remedy = ": raise its generations (-g) to go on" if done else ""
        raise ExperimentDone(f"experiment {experiment} is {snapshot.state.value}{remedy}")
    check_budget(config, snapshot.running_seconds)
    plan = await asyncio.to_thread(_plan, config, output_dir, resume=True)
    if difference := snapshot.experiment.provenance.first_difference(plan.facts):
        fact, then, now = difference
        raise ResumeRefused(
            f"{experiment} cannot be resumed: it was started with {fact} {then}, and here it is {now}; "
            "bring that back, or start an experiment of another name"
        )
    return plan
