"""Registry of the functions that create backends, by the name in `execution.backend`."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from clau_doom.app.backends.local import make_local_backend
from clau_doom.app.plan import Plan
from clau_doom.backends.local import CoreAllocator
from clau_doom.ports import EvaluationBackend

__all__ = ["FACTORIES", "BackendFactory"]


class BackendFactory(Protocol):
    """Function that creates a backend; see `clau_doom.app.run.make_backend`."""

    def __call__(self, plan: Plan, logs: Path | None, *, uuid: str, cores: CoreAllocator | None) -> EvaluationBackend:
        """Create the backend of a plan, not yet entered."""
        ...


def _local(plan: Plan, logs: Path | None, *, uuid: str, cores: CoreAllocator | None) -> EvaluationBackend:  # noqa: ARG001
    return make_local_backend(plan, logs, cores=cores)


def _docker(plan: Plan, logs: Path | None, *, uuid: str, cores: CoreAllocator | None) -> EvaluationBackend:
    from clau_doom.app.backends.docker import make_docker_backend  # noqa: PLC0415 - aiodocker is needed for Docker only

    return make_docker_backend(plan, logs, uuid=uuid, cores=cores)


def _ray(plan: Plan, logs: Path | None, *, uuid: str, cores: CoreAllocator | None) -> EvaluationBackend:  # noqa: ARG001
    from clau_doom.app.backends.ray import make_ray_backend  # noqa: PLC0415 - Ray may not be installed

    return make_ray_backend(plan)


FACTORIES: Mapping[str, BackendFactory] = MappingProxyType({"local": _local, "docker": _docker, "ray": _ray})
"""Factories by name."""
