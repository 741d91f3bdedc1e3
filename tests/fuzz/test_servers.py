"""Fuzz tests of the gRPC and HTTP servers: no request is an internal error or ends a server."""

import asyncio
import http.client
import io
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import grpc
import pytest
from anyio.from_thread import start_blocking_portal
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

from clau_doom.access import Authenticator, TokenFiles
from clau_doom.app.dashboard_artifacts import FolderArtifactStore
from clau_doom.config import GrpcConfig, WebConfig
from clau_doom.logs import configure_logs
from clau_doom.orchestration import Orchestrator, ShieldedTasks
from clau_doom.protos.claudoom.orchestrator.v1 import orchestrator_pb2
from clau_doom.rpc import RpcServer
from clau_doom.testing.scripted_repository import ScriptedRepository
from clau_doom.web import WebServer

YAML = "name: tiny\ngenerations: 2\npopulation: 4\nepisodes: 2\nholdout: {validation: 2, episodes: 3}\n"
SERVICE = orchestrator_pb2.DESCRIPTOR.services_by_name["OrchestratorService"]
Draw = Callable[[Any], Any]
TEXTS = [
    "tiny",
    "tiny-g000-a000",
    "tiny-g9-a9",
    "Tiny",
    "",
    "a" * 3000,
    "../x",
    "\x1b[2J",
    "\0",
    YAML,
    "a: [",
    "b: {" * 40,
    "-1",
    "é",
]
texts = st.one_of(st.sampled_from(TEXTS), st.text(st.characters(codec="utf-8"), max_size=10))


@dataclass
class Served:
    """Running servers with their addresses, a client's secrets and the log."""

    socket: str
    page: str
    cookie: str
    csrf: str
    log: io.StringIO


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve an experiment of scripted episodes over gRPC and HTTP."""
    folder = tmp_path_factory.mktemp("served")
    root, ours = logging.getLogger(), logging.getLogger("clau_doom")
    before = [*root.handlers], root.level, ours.level
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(_serve(folder)) as made:
        yield made
    root.handlers[:], root_level, our_level = before
    root.setLevel(root_level)
    ours.setLevel(our_level)


@asynccontextmanager
async def _serve(folder: Path) -> AsyncIterator[Served]:
    log = io.StringIO()
    configure_logs(log, json=True)
    orchestrator = Orchestrator(ScriptedRepository())
    authenticator = Authenticator(TokenFiles(folder / "token"), shortest_delay=0.0)
    socket = str(folder / "api.sock")
    async with AsyncExitStack() as stack:
        shielded = await stack.enter_async_context(ShieldedTasks(grace=1.0))
        artifacts = await stack.enter_async_context(FolderArtifactStore(folder))
        web = WebServer(
            WebConfig(port=0),
            orchestrator,
            artifacts=artifacts,
            authenticator=authenticator,
            shielded=shielded,
            starts=True,
        )
        await stack.enter_async_context(web)
        rpc = RpcServer(GrpcConfig(port=0, socket=socket), orchestrator, authenticator=authenticator, grace=1.0)
        await stack.enter_async_context(rpc)
        await stack.enter_async_context(orchestrator)
        cookie, csrf = await asyncio.to_thread(_log_in, web.url, web.login_link())
        yield Served(socket, web.url, cookie, csrf, log)


def _log_in(page: str, link: str) -> tuple[str, str]:
    """Return the cookie of a login, and the value that requests of a page carry."""
    connection = http.client.HTTPConnection(urlsplit(page).netloc, timeout=20)
    connection.request("GET", link.removeprefix(page))
    answer = connection.getresponse()
    answer.read()
    cookie = str(answer.getheader("set-cookie")).partition(";")[0]
    connection.request("GET", "/", headers={"cookie": cookie})
    found = re.search(r'name="csrf" content="([^"]+)"', connection.getresponse().read().decode())
    connection.close()
    assert found
    return cookie, found[1]


@st.composite
def messages(draw: Draw, descriptor: Any, depth: int = 0) -> Message:
    """Return a message with values of any size in some of its fields."""
    made = GetMessageClass(descriptor)()
    for field in descriptor.fields:
        if draw(st.booleans()):
            continue
        for _ in range(draw(st.integers(1, 3)) if field.is_repeated else 1):
            _fill(draw, made, field, depth)
    return made


def _fill(draw: Draw, made: Any, field: Any, depth: int) -> None:
    place = getattr(made, field.name)
    if field.message_type is not None:
        if field.message_type.GetOptions().map_entry or depth > 3:
            return
        value = draw(messages(field.message_type, depth + 1))
        (place.add() if field.is_repeated else place).MergeFrom(value)
        return
    value = draw(st.binary(max_size=20) if field.type == field.TYPE_BYTES else _SCALARS[field.cpp_type])
    if field.is_repeated:
        place.append(value)
    else:
        setattr(made, field.name, value)


def _whole(bits: int, *, signed: bool) -> Any:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return st.one_of(st.integers(0, 3), st.sampled_from([low, high]), st.integers(low, high))


_FIELD = orchestrator_pb2.DESCRIPTOR.message_types_by_name["GetExperimentRequest"].fields[0]
_SCALARS = {
    _FIELD.CPPTYPE_INT32: _whole(32, signed=True),
    _FIELD.CPPTYPE_INT64: _whole(64, signed=True),
    _FIELD.CPPTYPE_UINT32: _whole(32, signed=False),
    _FIELD.CPPTYPE_UINT64: _whole(64, signed=False),
    _FIELD.CPPTYPE_DOUBLE: st.floats(),
    _FIELD.CPPTYPE_FLOAT: st.floats(width=32),
    _FIELD.CPPTYPE_BOOL: st.booleans(),
    _FIELD.CPPTYPE_ENUM: st.integers(0, 9),
    _FIELD.CPPTYPE_STRING: texts,
}


@st.composite
def calls(draw: Draw) -> tuple[str, list[bytes]]:
    """Return a method and the bytes that are sent to it."""
    method = draw(st.sampled_from(list(SERVICE.methods)))
    count = draw(st.integers(0, 3)) if method.client_streaming else 1
    encoded = messages(method.input_type).map(lambda message: message.SerializeToString())
    return method.name, [draw(st.one_of(encoded, encoded, st.binary(max_size=20))) for _ in range(count)]


def test_no_call_is_an_internal_error(explore: Any, served: Served) -> None:
    """Each method answers or refuses with a status code."""
    with grpc.insecure_channel(f"unix:{served.socket}", options=[("grpc.enable_http_proxy", 0)]) as channel:
        start = orchestrator_pb2.StartExperimentRequest(config_yaml=YAML)
        _call(channel, "StartExperiment", [start.SerializeToString()])

        def check(given: tuple[str, list[bytes]]) -> None:
            code = _call(channel, *given)
            assert code not in {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}, _last(served)

        explore(check, brief=30, given=calls())
        assert _call(channel, "GetExperiment", [b"\n\x04tiny"]) is grpc.StatusCode.OK


def _call(channel: grpc.Channel, method: str, requests: list[bytes]) -> grpc.StatusCode:
    path = f"/{SERVICE.full_name}/{method}"
    sent: Any = iter(requests)
    try:
        for _ in channel.stream_stream(path)(sent, timeout=1.0):
            pass
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


PATHS = [
    *(
        "/",
        "/login",
        "/new",
        "/api/experiments",
        "/api/experiments/{}",
        "/api/experiments/{}/population",
        "/api/agents/{}",
    ),
    *("/api/experiments/{}/genes", "/api/experiments/{}/map", "/api/report", "/api/films/{}", "/static/{}", "/{}"),
    *("/api/experiments/{}/pause", "/api/experiments/{}/resume", "/api/experiments/{}/cancel", "/api/agents/{}/films"),
    *("/api/agents/{}/stop", "/api/agents/{}/restart", "/api/agents/{}/pause", "/healthz"),
]
QUERIES = ["generation", "fresh", "ids", "id", "after", "purpose", "number", "experiment", "baseline", "x"]


@st.composite
def http_requests(draw: Draw) -> tuple[str, str, bytes, dict[str, str]]:
    """Return method, path, body and headers."""
    method = draw(st.sampled_from(["GET", "GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "BREW"]))
    path = draw(st.sampled_from(PATHS)).format(quote(draw(texts), safe=draw(st.sampled_from(["", "/", "%"]))))
    query = "&".join(f"{name}={quote(draw(texts))}" for name in draw(st.lists(st.sampled_from(QUERIES), max_size=2)))
    nested = st.integers(1, 5000).map(lambda depth: b"[" * depth)
    plain = st.dictionaries(
        st.sampled_from(["purpose", "number", "experiment", "agent", "x"]), st.one_of(texts, st.integers()), max_size=3
    )
    body = draw(
        st.one_of(
            st.just(b""),
            texts.map(str.encode),
            plain.map(lambda data: json.dumps(data).encode()),
            nested,
            st.binary(max_size=30),
        )
    )
    headers = draw(st.dictionaries(
        st.sampled_from(["content-type", "accept", "last-event-id", "if-none-match", "range", "x-request-id"]),
        st.sampled_from(["application/json", "text/html", "", "x" * 300, "-1", "bytes=9-1", "\xff"]), max_size=2,
    ))  # fmt: skip
    return method, f"{path}?{query}" if query else path, body, headers


def test_no_request_is_an_internal_error(explore: Any, served: Served) -> None:
    """Each route answers or refuses with a status below 500."""
    own = {"cookie": served.cookie, "x-csrf-token": served.csrf, "origin": served.page}

    def check(given: tuple[str, str, bytes, dict[str, str]]) -> None:
        method, path, body, headers = given
        connection = http.client.HTTPConnection(urlsplit(served.page).netloc, timeout=20)
        try:
            connection.request(method, path, body, own | headers)
            status = connection.getresponse().status
        finally:
            connection.close()
        assert status < 500 or status in {501, 503, 507}, (status, _last(served))

    explore(check, brief=40, given=http_requests())


def _last(served: Served) -> str:
    """Return the last line that has been logged, to find a cause by."""
    return (served.log.getvalue().splitlines() or [""])[-1]
