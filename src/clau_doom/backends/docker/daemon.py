"""Client of the Docker daemon, with errors that name the failed step and a remedy."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiodocker
import aiohttp

from clau_doom.errors import ContainerRefused, DockerUnreachable, InfrastructureFailed

__all__ = ["Daemon", "DaemonFacts", "asking"]

_ASK_TIMEOUT = aiohttp.ClientTimeout(total=60.0, connect=5.0)
_NO_SUCH, _CONFLICT, _BAD = 404, 409, 400
_UNREACHABLE = {503, 900}
"""HTTP status of an unreachable daemon; aiodocker uses 900 for a failed connection."""


@dataclass(frozen=True, kw_only=True)
class DaemonFacts:
    """Version and platform of a daemon.

    Attributes:
        version: Version of the Docker engine.
        api: The newest API version that client and daemon both support.
        system: Operating system and architecture.
    """

    version: str
    api: str
    system: str


class Daemon:
    """Client of the daemon that ``DOCKER_HOST``, the Docker context or the default socket names."""

    def __init__(self) -> None:
        self._docker: aiodocker.Docker | None = None

    async def __aenter__(self) -> Self:
        """Connect to the daemon.

        Raises:
            DockerUnreachable: No daemon answers.
        """
        try:
            self._docker = aiodocker.Docker(timeout=_ASK_TIMEOUT)
        except (AssertionError, ValueError):  # no environment variable and no socket names a daemon
            raise _unreachable("reaching the Docker daemon") from None
        try:
            with asking("reaching the Docker daemon"):
                await self._docker.version()
        except BaseException:
            await self._docker.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect from the daemon."""
        with contextlib.suppress(aiohttp.ClientError, OSError):  # the daemon may be gone
            await self.client.close()

    @property
    def client(self) -> aiodocker.Docker:
        """The aiodocker client."""
        assert self._docker is not None, "entered first"
        return self._docker

    async def facts(self) -> DaemonFacts:
        """Return the version and platform of the daemon."""
        with asking("asking the Docker daemon for its version"):
            found = await self.client.version()
        return DaemonFacts(
            version=str(found["Version"]),
            api=str(self.client.api_version).removeprefix("v"),
            system=f"{found['Os']}/{found['Arch']}",
        )


@contextlib.contextmanager
def asking(step: str, *, image: str = "") -> Iterator[None]:
    """Convert errors of a request to the daemon into one error that begins with the step.

    Args:
        step: Name of the step, such as ``creating container for agent X``.
        image: The image that the step needs, for the remedy.

    Raises:
        DockerUnreachable: The daemon does not answer.
        ContainerRefused: The daemon rejects the request.
        InfrastructureFailed: The daemon has failed.
    """
    try:
        yield
    except aiodocker.DockerError as error:
        if error.status in _UNREACHABLE:
            raise _unreachable(step) from None
        if error.status == _NO_SUCH and image and "image" in str(error.message).lower():
            remedy = "build it (make image, or docker build), or set docker.image"
            raise ContainerRefused(f"{step}: image {image} not found: {remedy}") from None
        refused = error.status in {_BAD, _CONFLICT, _NO_SUCH}
        raise (ContainerRefused if refused else InfrastructureFailed)(f"{step}: {error.message}") from None
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError):
        raise _unreachable(step) from None


def _unreachable(step: str) -> DockerUnreachable:
    host = os.environ.get("DOCKER_HOST", "the default socket")
    remedy = "start it, or set DOCKER_HOST to its address"
    return DockerUnreachable(f"{step}: no Docker daemon answers at {host}: {remedy}")
