"""Creation of the Docker backend for a plan: settings, expected facts, and trusted workers for verification."""

from pathlib import Path

from clau_doom.app.input_files import placed_scenario
from clau_doom.app.plan import Plan
from clau_doom.app.scenario_files import announced_files
from clau_doom.backends.docker import DockerBackend, ExpectedIdentity, Service, SessionLimits
from clau_doom.backends.local import CoreAllocator, Launch, LocalBackend, WorkDirs
from clau_doom.config import RandomPolicyConfig, RemotePolicyConfig
from clau_doom.game import own_files
from clau_doom.policies import make_policy
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.worker import collect_facts

__all__ = ["make_docker_backend"]

_VALUE = 8
"""Bytes of a number in an episode's actions."""


def make_docker_backend(plan: Plan, logs: Path | None, *, uuid: str, cores: CoreAllocator | None) -> DockerBackend:
    """Create the Docker backend of a plan, not yet entered."""
    config = plan.config
    files = announced_files(plan.scenario)
    scenario, _ = placed_scenario(config.scenario, plan.scenario)
    cores = cores or CoreAllocator.of_machine(config.execution.workers, pin=config.docker.pin)
    # With a remote policy, engines run locally, so outcomes need no verification.
    claims = config.docker.verify != "none" and not isinstance(config.policy, RemotePolicyConfig)
    facts = plan.scenario.facts
    rules = SessionLimits(
        setup=pb.Setup(
            scenario_json=scenario.model_dump_json(),
            policy_json=config.policy.model_dump_json(),
            record=config.execution.record != "none",
            actions=claims,
            files=[announced for announced, _ in files],
        ),
        files=tuple(path for _, path in files),
        hellos=ExpectedIdentity(plan.facts),
        claims=claims,
        episode_timeout=config.execution.episode_timeout,
        stall_timeout=config.docker.stall_timeout,
        resolution=facts.resolution,
        longest=4096 + facts.timeout * _VALUE * (len(facts.buttons) + 1),
    )
    return DockerBackend(
        experiment=config.name,
        run=uuid,
        config=config.docker,
        rules=rules,
        workers=config.execution.workers,
        trusted=_trusted(plan, logs),
        service=_service(plan, rules, logs, cores) if isinstance(config.policy, RemotePolicyConfig) else None,
        cores=cores,
    )


def _service(plan: Plan, rules: SessionLimits, logs: Path | None, cores: CoreAllocator) -> Service:
    """Return the settings for local engines with policies in containers."""
    config = plan.config
    assert isinstance(config.policy, RemotePolicyConfig)
    assert config.docker.port is not None, "checked with the configuration"
    return Service(
        launch=Launch(
            setup=rules.setup,
            facts=plan.facts,
            episode_timeout=config.execution.episode_timeout,
            stall_timeout=config.docker.stall_timeout,
            log=logs / "workers.log" if logs else None,
            log_size=config.local.log_size,
            remote=True,
            files=own_files(plan.scenario),
            folder=Path.cwd(),
        ),
        policy=config.policy,
        port=config.docker.port,
        cores=cores,
        folders=WorkDirs(),
    )


def _trusted(plan: Plan, logs: Path | None) -> LocalBackend:
    """Return the workers that replay actions for verification. They do not run agents' policies."""
    config, policy = plan.config, RandomPolicyConfig()
    scenario, files = placed_scenario(config.scenario, plan.scenario)
    return LocalBackend(
        scenario=scenario,
        policy=policy,
        execution=config.execution.model_copy(update={"record": "none"}),
        local=config.local,
        facts=collect_facts(plan.scenario, policy, make_policy(policy, plan.scenario.facts)),
        cores=CoreAllocator.of_machine(config.execution.workers, pin=config.local.pin, announce=False),
        logs=logs,
        files=files,
    )
