"""Check of the Ray installation, which runs with local workers do not need."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from clau_doom.cli.doctor.host import Finding, Verdict

__all__ = ["examine_ray"]


def examine_ray() -> Iterator[Finding]:
    """Yield whether Ray is installed. The cluster is checked by a run, whose configuration names it."""
    try:
        yield Finding(name="Ray", verdict=Verdict.FINE, found=version("ray"))
    except PackageNotFoundError:
        remedy = "only execution.backend: ray needs it; pip install 'clau-doom[ray]'"
        yield Finding(name="Ray", verdict=Verdict.WARNING, found="is not installed", remedy=remedy)
