"""Creation of a Docker backend: settings, expected facts, and trusted workers for verification."""

import json
from pathlib import Path

from clau_doom.backends.core_allocator import CoreAllocator
from clau_doom.backends.docker.backend import DockerBackend
from clau_doom.backends.docker.configuration import DockerConfig
from clau_doom.backends.docker.worker_connection_modes import Service
from clau_doom.backends.docker.worker_session import ExpectedIdentity, SessionLimits
from clau_doom.backends.local.backend import LocalBackend
from clau_doom.backends.local.configuration import LocalConfig
from clau_doom.backends.local.worker_process import LaunchSettings
from clau_doom.backends.provider import BackendContext
from clau_doom.backends.scenario_files import announced_files, placed_scenario
from clau_doom.backends.work_dirs import WorkDirs
from clau_doom.config import RandomPolicyConfig, RemotePolicyConfig, import_paths
from clau_doom.game import own_files
from clau_doom.policies import make_policy
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.worker import collect_facts, load_measures

__all__ = ["create_docker_backend"]

_VALUE = 8
"""Bytes of a number in an episode's actions."""


def create_docker_backend(context: BackendContext) -> DockerBackend:
    """Return a Docker backend. The caller enters it."""
    config = context.config
    docker = config.section_of(DockerConfig)
    files = announced_files(context.scenario)
    scenario, _ = placed_scenario(config.scenario, context.scenario)
    cores = context.cores or CoreAllocator.of_machine(config.execution.workers, pin=docker.pin)
    # With a remote policy, engines run locally, so outcomes need no verification.
    claims = docker.verify != "none" and not isinstance(config.policy, RemotePolicyConfig)
    facts = context.scenario.facts
    limits = SessionLimits(
        setup=pb.Setup(
            scenario_json=scenario.model_dump_json(),
            policy_json=config.policy.model_dump_json(),
            measures_json=json.dumps(config.measures),
            record=config.execution.record != "none",
            actions=claims,
            files=[announced for announced, _ in files],
        ),
        files=tuple(path for _, path in files),
        expected_identity=ExpectedIdentity(context.facts),
        measures={each.name: each.declaration for each in load_measures(config.measures)},
        claims=claims,
        episode_timeout=config.execution.episode_timeout,
        stall_timeout=docker.stall_timeout,
        resolution=facts.resolution,
        max_bytes=4096 + facts.timeout * _VALUE * (len(facts.buttons) + 1),
    )
    return DockerBackend(
        experiment=config.name,
        run=context.uuid,
        config=docker,
        limits=limits,
        workers=config.execution.workers,
        trusted=_trusted(context),
        service=_service(context, limits, cores) if isinstance(config.policy, RemotePolicyConfig) else None,
        cores=cores,
    )


def _service(context: BackendContext, limits: SessionLimits, cores: CoreAllocator) -> Service:
    """Return the settings for local engines with policies in containers."""
    config, docker = context.config, context.config.section_of(DockerConfig)
    assert isinstance(config.policy, RemotePolicyConfig)
    assert docker.port is not None, "checked with the configuration"
    setup = pb.Setup(import_paths=import_paths())  # those of containers are in the image
    setup.MergeFrom(limits.setup)
    return Service(
        launch=LaunchSettings(
            measures={each.name: each.declaration for each in load_measures(config.measures)},
            setup=setup,
            facts=context.facts,
            episode_timeout=config.execution.episode_timeout,
            stall_timeout=docker.stall_timeout,
            log=context.logs / "workers.log" if context.logs else None,
            log_size=config.section_of(LocalConfig).log_size,
            remote=True,
            files=own_files(context.scenario),
            folder=Path.cwd(),
        ),
        policy=config.policy,
        port=docker.port,
        cores=cores,
        folders=WorkDirs(),
    )


def _trusted(context: BackendContext) -> LocalBackend:
    """Return the workers that replay actions for verification. They do not run agents' policies."""
    config, policy = context.config, RandomPolicyConfig()
    local = config.section_of(LocalConfig)
    scenario, files = placed_scenario(config.scenario, context.scenario)
    return LocalBackend(
        scenario=scenario,
        policy=policy,
        execution=config.execution.model_copy(update={"record": "none"}),
        local=local,
        measures=config.measures,
        facts=collect_facts(
            context.scenario,
            policy,
            make_policy(policy, context.scenario.facts),
            load_measures(config.measures),
        ),
        cores=CoreAllocator.of_machine(config.execution.workers, pin=local.pin, announce=False),
        logs=context.logs,
        files=files,
    )
