"""Provider of the Ray backend."""

import asyncio
import importlib.util
from collections.abc import Iterator
from typing import TYPE_CHECKING

from clau_doom.backends.provider import BackendContext, BackendProvider
from clau_doom.backends.ray.configuration import RayConfig
from clau_doom.errors import ConfigError
from clau_doom.health_finding import Finding

if TYPE_CHECKING:
    from clau_doom.config.schema import ExperimentConfig
    from clau_doom.ports import EvaluationBackend

__all__ = ["RayProvider"]


class RayProvider(BackendProvider):
    """Runs workers in actors on the nodes of a Ray cluster. Policies of a class are imported here and there."""

    name = "ray"
    section = RayConfig
    single_machine = False
    server_fields = frozenset({"address", "modules"})

    def check(self, config: "ExperimentConfig") -> None:
        """Check that Ray is installed and that the cluster responds."""
        if importlib.util.find_spec("ray") is None:
            raise ConfigError("execution.backend: ray needs Ray, which is not installed: pip install 'clau-doom[ray]'")
        from clau_doom.backends.ray.cluster import check_cluster

        asyncio.run(check_cluster(config.section_of(RayConfig)))

    def create(self, context: BackendContext) -> "EvaluationBackend":
        """Return a Ray backend."""
        from clau_doom.backends.ray.backend_factory import create_ray_backend

        return create_ray_backend(context)

    def health(self) -> Iterator[Finding]:
        """Yield whether Ray is installed."""
        from clau_doom.backends.ray.installation_check import examine_ray

        yield from examine_ray()
