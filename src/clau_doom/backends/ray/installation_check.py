"""Health check of the Ray installation."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from clau_doom.health_finding import Finding, HealthStatus

__all__ = ["examine_ray"]


def examine_ray() -> Iterator[Finding]:
    """Yield whether Ray is installed. The cluster is checked by a run, whose configuration names it."""
    try:
        yield Finding(name="Ray", verdict=HealthStatus.FINE, found=version("ray"))
    except PackageNotFoundError:
        remedy = "only execution.backend: ray needs it; pip install 'clau-doom[ray]'"
        yield Finding(name="Ray", verdict=HealthStatus.WARNING, found="is not installed", remedy=remedy)
