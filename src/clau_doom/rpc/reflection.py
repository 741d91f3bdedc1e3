"""gRPC reflection, which describes the services to grpcurl and other clients."""

from collections.abc import AsyncIterator, Iterable

from grpc_reflection.v1alpha import reflection
from grpc_reflection.v1alpha import reflection_pb2 as pb

from clau_doom.rpc.handler_wrapper import Method, Write

__all__ = ["reflection_methods"]

# The two versions have the same messages. Current clients request the second; the package has only the first.
_NAMES = (reflection.SERVICE_NAME, "grpc.reflection.v1.ServerReflection")


def reflection_methods(services: Iterable[str]) -> tuple[Method, ...]:
    """Return the reflection methods for some services."""
    servicer = reflection.aio.ReflectionServicer((*services, reflection.SERVICE_NAME))

    async def answer(requests: AsyncIterator[pb.ServerReflectionRequest], write: Write) -> None:
        async for response in servicer.ServerReflectionInfo(requests, None):
            await write(response)

    return tuple(
        Method(
            service=name,
            name="ServerReflectionInfo",
            request=pb.ServerReflectionRequest,
            handler=answer,
            streams_in=True,
            streams_out=True,
        )
        for name in _NAMES
    )
