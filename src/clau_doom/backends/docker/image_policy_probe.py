"""Description of an image's policy, read from a container with the usual limits and without a network."""

import asyncio
import base64
import binascii
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiodocker
from google.protobuf.message import DecodeError

from clau_doom.backends.docker.configuration import DockerConfig
from clau_doom.backends.docker.container_lifecycle import AGENT, limits, reachable
from clau_doom.backends.docker.daemon import Daemon, asking
from clau_doom.backends.docker.network import ensure_network
from clau_doom.config import CustomPolicyConfig, ExperimentConfig, RandomPolicyConfig, RemotePolicyConfig
from clau_doom.domain import GenomeSpace
from clau_doom.domain.experiment import Provenance
from clau_doom.errors import ConfigError
from clau_doom.escaping import sanitized
from clau_doom.game import Scenario
from clau_doom.policies import make_policy, source_facts
from clau_doom.policies.remote import RemotePolicy
from clau_doom.ports import ScenarioFacts
from clau_doom.protos.claudoom.agent.v1 import agent_pb2 as pb
from clau_doom.wire.agent_service import DESCRIBED, AgentDescription, describe_request, described
from clau_doom.worker import collect_facts, load_measures

__all__ = ["describe_policy"]

_COMMAND = ["python", "-P", "-m", "clau_doom.worker.describe"]
_LABELS = {AGENT: "described"}


def describe_policy(config: ExperimentConfig, scenario: Scenario) -> tuple[GenomeSpace, Provenance]:
    """Return the genes of the policy in an image, and the provenance of an experiment with it.

    Raises:
        ConfigError: The image does not contain or serve the policy, or the description is invalid.
        ContainerRefused: The image is missing.
        DockerUnreachable: No daemon answers.
    """
    docker, policy, random = config.section_of(DockerConfig), config.policy, RandomPolicyConfig()
    measures = load_measures(config.measures)
    facts = dict(collect_facts(scenario, random, make_policy(random, scenario.facts), measures).facts)
    if isinstance(policy, CustomPolicyConfig):
        found = asyncio.run(_describe_image(docker, policy, scenario.facts))
        space, facts["source.policy"] = found.space, found.version
    else:
        assert isinstance(policy, RemotePolicyConfig), "bundled policies are described without their image"
        space, more = asyncio.run(_describe_service(docker, policy, scenario.facts))
        facts |= dict(more)
    return space, Provenance(facts=tuple(sorted(facts.items())))


async def _describe_service(
    config: DockerConfig, policy: RemotePolicyConfig, facts: ScenarioFacts
) -> tuple[GenomeSpace, tuple[tuple[str, str], ...]]:
    """Return the genes of the agent that an image serves, and the facts that the experiment records about the agent.

    Raises:
        ConfigError: The port `docker.port` does not answer, or the description is invalid.
        ContainerRefused: The image is missing.
        DockerUnreachable: No daemon answers.
    """
    port = config.port
    assert port is not None, "checked with the configuration"
    async with Daemon() as daemon:
        await ensure_network(daemon, config.network)
        settings: dict[str, Any] = {
            "Image": config.image,
            "Env": ["AGENT_ID=described", f"PORT={port}"],
            "Labels": _LABELS,
            "HostConfig": limits(config, None),
        }
        async with _running(daemon, config, settings) as container:
            host = ""
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(config.start_timeout):
                    host = await reachable(daemon, container.id, config.network, port)
            if not host:
                raise ConfigError(
                    f"the image {config.image} did not listen at docker.port {port} within {config.start_timeout:g} s"
                )
            there = policy.model_copy(update={"address": f"{host}:{port}"})
            asked = await asyncio.to_thread(RemotePolicy, facts, there)
            try:
                return asked.space, (*source_facts(there, asked),)
            finally:
                asked.close()


async def _describe_image(config: DockerConfig, policy: CustomPolicyConfig, facts: ScenarioFacts) -> AgentDescription:
    """Return the description of the policy in an image. Its version is the SHA-256 of the policy's source.

    Raises:
        ConfigError: The image does not contain the policy, or the description is invalid.
        ContainerRefused: The image is missing.
        DockerUnreachable: No daemon answers.
    """
    where = f"policy.target {policy.target!r} in the image {config.image}"
    async with Daemon() as daemon:
        code, text = await _run(daemon, config, policy, facts)
    line = next((line for line in text.splitlines() if line.startswith(DESCRIBED)), "")
    if not line:
        last_line = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "nothing")
        raise ConfigError(f"{where} could not be described (exit code {code}): {sanitized(last_line, 500)}")
    try:
        message = pb.DescribeResponse.FromString(base64.b64decode(line.removeprefix(DESCRIBED), validate=True))
        return described(message)
    except (binascii.Error, DecodeError) as error:
        raise ConfigError(f"{where} sent an invalid description of itself") from error
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


async def _run(
    daemon: Daemon, config: DockerConfig, policy: CustomPolicyConfig, facts: ScenarioFacts
) -> tuple[int, str]:
    """Run the image once; return the exit code and the output."""
    scenario = describe_request(facts).scenario.SerializeToString()
    settings: dict[str, Any] = {
        "Image": config.image,
        "Entrypoint": _COMMAND,
        "Cmd": [],
        "Labels": _LABELS,
        "Env": [
            f"CLAU_DOOM_POLICY={policy.model_dump_json()}",
            f"CLAU_DOOM_SCENARIO={base64.b64encode(scenario).decode()}",
        ],
        "HostConfig": limits(config, None) | {"NetworkMode": "none"},
    }
    async with _running(daemon, config, settings) as container:
        code = -1
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(config.start_timeout):
                code = int((await container.wait())["StatusCode"])
        return code, "".join(await container.log(stdout=True, stderr=True))


@contextlib.asynccontextmanager
async def _running(daemon: Daemon, config: DockerConfig, settings: dict[str, Any]) -> AsyncIterator[Any]:
    """Run a container while the context lasts."""
    with asking(f"describing the policy of the image {config.image}", image=config.image):
        container = await daemon.client.containers.create(settings)
        try:
            await container.start()
            yield container
        finally:
            with contextlib.suppress(aiodocker.DockerError):
                await container.delete(force=True, v=True)
