"""Tests of the wrapper of handlers, for the four kinds of RPC."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue

from clau_doom.errors import GenerationFull, ShutdownRequested
from clau_doom.rpc.handler_wrapper import Method, Write

Serving = Callable[..., AbstractAsyncContextManager[Any]]
Logs = Callable[[], list[dict[str, Any]]]

SHAPES = ("UnaryUnary", "UnaryStream", "StreamUnary", "StreamStream")
ERRORS = {
    "full": GenerationFull("the generation is full: wait for the next one"),
    "stop": ShutdownRequested("the server is shutting down"),
    "bug": ZeroDivisionError("the secret of /etc/passwd"),
}


def _raise(text: str) -> None:
    if text in ERRORS:
        raise ERRORS[text]


async def _unary(request: StringValue) -> StringValue:
    _raise(request.value)
    return StringValue(value=request.value.upper())


async def _unary_stream(request: StringValue, write: Write) -> None:
    await write(StringValue(value="first"))
    _raise(request.value)
    await write(StringValue(value=request.value.upper()))


async def _stream_unary(requests: AsyncIterator[StringValue]) -> StringValue:
    return StringValue(value=" ".join([(await _unary(request)).value async for request in requests]))


async def _stream_stream(requests: AsyncIterator[StringValue], write: Write) -> None:
    async for request in requests:
        await write(await _unary(request))


HANDLERS: dict[str, Any] = dict(zip(SHAPES, (_unary, _unary_stream, _stream_unary, _stream_stream), strict=True))
METHODS = tuple(
    Method(
        service="test.Shapes",
        name=name,
        request=StringValue,
        handler=handler,
        streams_in=name.startswith("Stream"),
        streams_out=name.endswith("Stream"),
    )
    for name, handler in HANDLERS.items()
)


async def call(channel: Any, shape: str, *requests: bytes, **options: Any) -> list[str]:
    """Call a method of any kind with encoded requests, and return the answers."""
    path = f"/test.Shapes/{shape}"
    match shape:
        case "UnaryUnary":
            return [_value(await channel.unary_unary(path)(requests[0], **options))]
        case "UnaryStream":
            return [_value(answer) async for answer in channel.unary_stream(path)(requests[0], **options)]
        case "StreamUnary":
            return [_value(await channel.stream_unary(path)(iter(requests), **options))]
        case _:
            return [_value(answer) async for answer in channel.stream_stream(path)(iter(requests), **options)]


def _value(answer: Any) -> str:
    return StringValue.FromString(answer).value


def _text(text: str) -> bytes:
    return StringValue(value=text).SerializeToString()


async def _result(answer: Any) -> Any:
    return await answer


@pytest.mark.parametrize("shape", SHAPES)
async def test_answers_of_the_handler_are_sent(shape: str, serving: Serving) -> None:
    async with serving(methods=METHODS) as served:
        assert (await call(served.channel, shape, _text("hello")))[-1] == "HELLO"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("text", "code"), [("full", grpc.StatusCode.RESOURCE_EXHAUSTED), ("stop", grpc.StatusCode.UNAVAILABLE)]
)
async def test_known_error_has_its_status_code(shape: str, text: str, code: grpc.StatusCode, serving: Serving) -> None:
    """This also holds after the first message of a stream."""
    async with serving(methods=METHODS) as served:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(served.channel, shape, _text(text))
    assert caught.value.code() is code
    assert caught.value.details() == str(ERRORS[text])


@pytest.mark.parametrize("shape", SHAPES)
async def test_unexpected_error_has_an_id_in_the_log(shape: str, serving: Serving, logs: Logs) -> None:
    """The client receives only the id. The log has the method and the traceback."""
    async with serving(methods=METHODS) as served:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(served.channel, shape, _text("bug"))
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in str(caught.value)
    (entry,) = [log for log in logs() if log["level"] == "error"]
    assert entry["error_id"] in str(caught.value.details())
    assert entry["method"] == f"Shapes/{shape}"
    assert "in _raise" in entry["exception"]
    assert "ZeroDivisionError: the secret" in entry["exception"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("data", [b"\xff\xff\xff", b"\x0a\x02\xff\xfe"])
async def test_undecodable_request_is_an_invalid_argument(shape: str, data: bytes, serving: Serving) -> None:
    """No handler runs, and the decoder's message is not sent."""
    async with serving(methods=METHODS) as served:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(served.channel, shape, data)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details() == f"{len(data)} bytes that are not a google.protobuf.StringValue"


@pytest.mark.parametrize("shape", SHAPES)
async def test_calls_are_logged_and_counted_without_content(shape: str, serving: Serving, logs: Logs) -> None:
    """A record has method, code, seconds and kind of peer."""
    seen: list[tuple[str, str, float]] = []
    async with serving(methods=METHODS, observe=lambda *each: seen.append(each)) as served:
        await call(served.channel, shape, _text("canary-1"), metadata=(("authorization", "Bearer canary-2"),))
        with pytest.raises(grpc.aio.AioRpcError):
            await call(served.channel, shape, _text("full"))
    assert [(method, code) for method, code, _ in seen] == [
        (f"Shapes/{shape}", "OK"),
        (f"Shapes/{shape}", "RESOURCE_EXHAUSTED"),
    ]
    assert all(0 <= seconds < 5 for _, _, seconds in seen)
    calls = [log for log in logs() if log["event"] == "call"]
    assert [(log["code"], log["peer"]) for log in calls] == [("OK", "unix"), ("RESOURCE_EXHAUSTED", "unix")]
    assert "canary" not in str(logs())


async def test_call_cancelled_by_its_client_is_not_an_error(serving: Serving, logs: Logs) -> None:
    begun, seen = asyncio.Event(), list[str]()

    async def wait(request: StringValue) -> StringValue:
        begun.set()
        await asyncio.sleep(60)
        return request

    method = Method(service="test.Shapes", name="Wait", request=StringValue, handler=wait)
    async with serving(methods=[method], observe=lambda _method, code, _seconds: seen.append(code)) as served:
        going = served.channel.unary_unary("/test.Shapes/Wait")(_text(""))
        waiting = asyncio.ensure_future(_result(going))
        await begun.wait()
        going.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert seen == ["CANCELLED"]
    assert not [log for log in logs() if log["level"] == "error"]


async def test_more_calls_than_the_limit_are_refused(serving: Serving) -> None:
    """The status tells a client to retry later. After the end of a call another one is accepted."""
    begun, go = asyncio.Event(), asyncio.Event()

    async def wait(request: StringValue) -> StringValue:
        begun.set()
        await go.wait()
        return request

    method = Method(service="test.Shapes", name="Wait", request=StringValue, handler=wait)
    async with serving(methods=[*METHODS, method], most_calls=1) as served:
        waiting = asyncio.ensure_future(_result(served.channel.unary_unary("/test.Shapes/Wait")(_text("x"))))
        await begun.wait()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(served.channel, "UnaryUnary", _text("hello"))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        go.set()
        await waiting
        async with asyncio.timeout(5):
            while True:  # a call has left the server when its client has its answer, or a moment later
                try:
                    assert await call(served.channel, "UnaryUnary", _text("hello")) == ["HELLO"]
                    break
                except grpc.aio.AioRpcError:
                    await asyncio.sleep(0.01)
