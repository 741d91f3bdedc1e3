"""Provider of the Docker backend."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from clau_doom.backends.docker.configuration import DockerConfig
from clau_doom.backends.provider import BackendContext, BackendProvider
from clau_doom.errors import NotAllowed
from clau_doom.health_finding import Finding

if TYPE_CHECKING:
    from clau_doom.config.schema import ExperimentConfig
    from clau_doom.domain import GenomeSpace
    from clau_doom.domain.experiment import Provenance
    from clau_doom.game import Scenario
    from clau_doom.ports import EvaluationBackend

__all__ = ["DockerProvider"]


class DockerProvider(BackendProvider):
    """Runs each agent in its own container. Policies are imported from the image, in containers only."""

    name = "docker"
    section = DockerConfig
    trusted = False
    isolates_policies = True
    server_fields = frozenset({"network", "listen", "advertise"})

    def check(self, config: "ExperimentConfig") -> None:
        """Check that the daemon responds and can create the containers."""
        from clau_doom.backends.docker.preflight import check_daemon

        asyncio.run(check_daemon(config.section_of(DockerConfig)))

    def check_request(self, config: "ExperimentConfig", own: "ExperimentConfig") -> None:
        """Check that a client's image is the server's own, or in its list `server.images`."""
        image = config.section_of(DockerConfig).image
        if image not in {own.section_of(DockerConfig).image, *own.server.images}:
            raise NotAllowed(f"docker.image {image!r} is not in the server's list server.images")

    def describe_policy(self, config: "ExperimentConfig", scenario: "Scenario") -> "tuple[GenomeSpace, Provenance]":
        """Return genes and provenance of a policy from its image."""
        from clau_doom.backends.docker.image_policy_probe import describe_policy

        return describe_policy(config, scenario)

    def create(self, context: BackendContext) -> "EvaluationBackend":
        """Return a Docker backend."""
        from clau_doom.backends.docker.backend_factory import create_docker_backend

        return create_docker_backend(context)

    def health(self) -> Iterator[Finding]:
        """Yield findings about the daemon, its network and image, and open ports of this machine."""
        from clau_doom.backends.docker.health import examine_docker

        yield from examine_docker()
