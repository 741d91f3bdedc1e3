"""Standard gRPC health service by service name, with NOT_SERVING while the server drains."""

from collections.abc import Iterable

import grpc
from grpc_health.v1 import health_pb2 as pb

from clau_doom.rpc.active_calls import ActiveCalls
from clau_doom.rpc.errors import CallRefused
from clau_doom.rpc.handler_wrapper import Write

__all__ = ["Health"]

_Status = pb.HealthCheckResponse

_LOOK = 0.5
"""Seconds between two checks of the drain state, for `Watch`."""


class Health:
    """Health servicer. gRPC's own servicer loses watchers of a service when another watcher leaves."""

    def __init__(self, active_calls: ActiveCalls, services: Iterable[str]) -> None:
        """Serve the health of some services, and of the whole server under the empty name."""
        self._active_calls = active_calls
        self._services = frozenset(("", *services))

    async def Check(self, request: pb.HealthCheckRequest) -> pb.HealthCheckResponse:  # noqa: N802 - name of the method
        """Return the health of a service."""
        if request.service not in self._services:
            raise CallRefused(grpc.StatusCode.NOT_FOUND, f"service {request.service!r} not found")
        return pb.HealthCheckResponse(status=self._status(request.service))

    async def Watch(self, request: pb.HealthCheckRequest, write: Write) -> None:  # noqa: N802
        """Send the health of a service, now and after every change."""
        sent = None
        while True:
            status = self._status(request.service)
            if status != sent:
                await write(pb.HealthCheckResponse(status=status))
                sent = status
            if self._active_calls.stopping or await self._active_calls.stopped(_LOOK):
                break
        if sent == _Status.SERVING:
            await write(pb.HealthCheckResponse(status=_Status.NOT_SERVING))

    def _status(self, service: str) -> int:
        if service not in self._services:
            return int(_Status.SERVICE_UNKNOWN)
        return int(_Status.NOT_SERVING if self._active_calls.draining else _Status.SERVING)
