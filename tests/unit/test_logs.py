"""Tests of logs: both formats, and redaction of secrets."""

import asyncio
import io
import json
import logging
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.logs import bound, configure_logs, get_logger

CANARY = "Kanarienvogel7d1f"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\nMIIE\n-----END RSA PRIVATE KEY-----\n"
CREDENTIALS = f"-----BEGIN NATS USER JWT-----\n{CANARY}\n------END NATS USER JWT------\n"
SEED = "SUA" + "KANARIENVOGEL" * 4 + "ABC"  # as long as NATS's
log = get_logger("clau_doom.test")
foreign = logging.getLogger("nats.aio.client")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def lines() -> io.StringIO:
    """Return a stream that receives logs as JSON."""
    stream = io.StringIO()
    configure_logs(stream)
    return stream


@pytest.fixture
def text() -> io.StringIO:
    """Return a terminal that receives logs."""
    stream = Terminal()
    configure_logs(stream)
    return stream


def records(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def plain(stream: io.StringIO) -> str:
    return re.sub(r"\x1b\[\d*m", "", stream.getvalue())


def test_record_is_one_json_object_per_line(lines: io.StringIO) -> None:
    """Timestamp (ISO, UTC), level, logger and event come first. Values keep their types."""
    log.info("two\nlines", number=3, nested={"a": [1.5, None, True]})
    (record,) = records(lines)
    assert list(record) == ["timestamp", "level", "logger", "event", "number", "nested"]
    assert (record["level"], record["logger"], record["event"]) == ("info", "clau_doom.test", "two\nlines")
    assert (record["number"], record["nested"]) == (3, {"a": [1.5, None, True]})
    assert record["timestamp"].endswith("Z")
    assert datetime.now(UTC) - datetime.fromisoformat(record["timestamp"]) < timedelta(minutes=1)


def test_exception_is_logged_with_traceback_and_causes(lines: io.StringIO) -> None:
    """The record's `exception` has the traceback, for loggers of the project and of libraries."""
    for logger in (log, foreign):
        try:
            try:
                raise OSError("no file")
            except OSError as error:
                raise ValueError("it failed") from error
        except ValueError:
            logger.exception("caught")
    for record in records(lines):
        assert record["exception"].startswith("Traceback (most recent call last):")
        assert "OSError: no file" in record["exception"]
        assert record["exception"].endswith("ValueError: it failed")
        assert "exc_info" not in record


def test_values_without_a_json_form_are_serialized(lines: io.StringIO) -> None:
    """Examples are bytes, sets, objects, cycles, NaN, surrogates and a failing repr."""

    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError(CANARY)

    cycle: list[object] = []
    cycle.append(cycle)
    log.info("odd", data=b"\xff", some={1}, thing=object, cycle=cycle, nan=float("nan"), text="\udc80", broken=Broken())
    (line,) = lines.getvalue().splitlines()
    record = json.loads(line, parse_constant=pytest.fail)
    assert (record["data"], record["some"], record["nan"]) == ("b'\\xff'", [1], "nan")
    assert record["broken"] == "<Broken without a repr: RuntimeError>"


def test_terminal_gets_readable_text(text: io.StringIO) -> None:
    """One line has level, event, logger and values. The traceback follows as Python prints it."""
    log.warning("worker replaced", worker=3)
    try:
        raise ValueError("it failed")
    except ValueError:
        log.exception("caught")
    first, *rest = plain(text).splitlines()
    assert re.search(r"^20\S+Z \[warning *\] worker replaced +\[clau_doom\.test\] +worker=3$", first)
    assert rest[1] == "Traceback (most recent call last):"
    assert rest[-1] == "ValueError: it failed"
    assert "\x1b[" in text.getvalue()


def test_colours_are_omitted_with_no_color_and_in_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    streams = (Terminal(), io.StringIO())
    for stream in streams:
        configure_logs(stream, json=False)
        log.warning("plain")
    assert all("plain" in stream.getvalue() and "\x1b" not in stream.getvalue() for stream in streams)


def test_json_can_be_forced_on_a_terminal() -> None:
    stream = Terminal()
    configure_logs(stream, json=True)
    log.warning("chosen")
    assert records(stream)[0]["event"] == "chosen"


def test_control_characters_cannot_forge_a_line(text: io.StringIO) -> None:
    """Text of a worker or client is escaped on a terminal."""
    log.warning("lost\n2026-01-01 [info] all is well", reason="\x1b[2Jgone\r")
    written = plain(text)
    assert len(written.splitlines()) == 1
    assert "\\n2026" in written
    assert "\x1b[2J" not in text.getvalue()


def test_bound_context_is_nested_and_restored(lines: io.StringIO) -> None:
    """Records of the project and of libraries have the context."""
    with bound(experiment="tiny", generation=3):
        with bound(agent="tiny-g003-a001"):
            log.info("inner")
            foreign.warning("theirs")
        log.info("outer")
        with bound(generation=4):
            log.info("next")
        log.info("back")
    log.info("none")
    names = ("experiment", "generation", "agent")
    assert [tuple(record.get(name) for name in names) for record in records(lines)] == [
        ("tiny", 3, "tiny-g003-a001"),
        ("tiny", 3, "tiny-g003-a001"),
        ("tiny", 3, None),
        ("tiny", 4, None),
        ("tiny", 3, None),
        (None, None, None),
    ]


async def test_tasks_have_separate_contexts(lines: io.StringIO) -> None:
    """Concurrent experiments do not log each other's names."""

    async def run(name: str) -> None:
        with bound(experiment=name):
            await asyncio.sleep(0.01)
            log.info(name)

    async with asyncio.TaskGroup() as group:
        group.create_task(run("a"))
        group.create_task(run("b"))
    assert sorted((record["event"], record["experiment"]) for record in records(lines)) == [("a", "a"), ("b", "b")]


@pytest.mark.parametrize("name", ["uvicorn.error", "nats.aio.client", "grpc._cython.cygrpc", "asyncio", "py.warnings"])
def test_default_level_of_libraries_is_warning(lines: io.StringIO, name: str) -> None:
    """A library's warning passes through the same pipeline under its own name."""
    logging.getLogger(name).info("chatter")
    logging.getLogger(name).warning("%s of %d", "one", 2)
    (record,) = records(lines)
    assert (record["event"], record["level"], record["logger"]) == ("one of 2", "warning", name)


def test_default_level_of_the_project_is_info(lines: io.StringIO) -> None:
    log.debug("chatter")
    log.info("news %s", "interpolated")
    assert [record["event"] for record in records(lines)] == ["news interpolated"]


def test_reconfiguring_replaces_the_stream(lines: io.StringIO) -> None:
    """Records are written once, to the last stream. Other handlers stay."""
    other = logging.NullHandler()
    logging.getLogger().addHandler(other)
    second = io.StringIO()
    configure_logs(second)
    log.info("once")
    assert (lines.getvalue(), len(records(second))) == ("", 1)
    assert other in logging.getLogger().handlers


def test_import_does_not_configure_logging() -> None:
    """Importing the module and creating a logger changes neither structlog nor logging, and prints nothing."""
    code = (
        "import logging, structlog, clau_doom.logs as logs; logs.get_logger('clau_doom.x').info('quiet');"
        "assert not structlog.is_configured() and not logging.getLogger().handlers;"
        "assert not logging.getLogger('clau_doom').handlers and not logging.getLogger('clau_doom').level"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, timeout=60, capture_output=True)
    assert (done.stdout, done.stderr) == (b"", b"")


@dataclass(frozen=True)
class Settings:
    token: str
    url: str


def _raise(text: str) -> None:
    log_in = ConnectionError(text)
    log_in.add_note(f"password={text!r}")
    raise ExceptionGroup("several", [ValueError(f"bad url nats://me:{text}@host:4222"), _caused(log_in, text)])


def _caused(error: Exception, text: str) -> Exception:
    error.args = (f"Authorization: Bearer {text}",)
    error.__cause__ = RuntimeError(f"cannot parse {PEM}")
    return error


def _catch(logger: Any) -> None:
    try:
        _raise(CANARY)
    except ExceptionGroup:
        logger.exception("it failed")


def _say_in_context() -> None:
    with bound(experiment=f"nats://a:{CANARY}@h", agent=f"token={CANARY}"):
        log.info("x")
        foreign.warning("x")


def _deep(value: object, depth: int) -> object:
    return {"a": [_deep(value, depth - 1)]} if depth else value


WAYS: Mapping[str, Callable[[], object]] = MappingProxyType(
    {
        "a key": lambda: log.info("x", token=CANARY, Password=CANARY, api_key=CANARY, client_secret=CANARY),
        "more keys": lambda: log.info(
            "x", authorization=CANARY, credentials=CANARY, key_material=CANARY, jwt_nkey=CANARY
        ),
        "a key of bytes": lambda: log.info("x", token=CANARY.encode(), headers={b"authorization": CANARY.encode()}),
        "a key with a list": lambda: log.info("x", tokens=[CANARY], secret={"a": CANARY}, cookie=(CANARY,)),
        "a key of a header's form": lambda: log.info("x", h={"X-Api-Key": CANARY, "Proxy-Authorization": CANARY}),
        "a nested key": lambda: log.info("x", config={"grpc": [{"tls": {"private_key": CANARY}}]}),
        "a deeply nested key": lambda: log.info("x", secret=1, deep=_deep({"token": [CANARY, CANARY]}, 20)),
        "metadata": lambda: log.info("x", metadata=(("a", "b"), ("authorization", f"token {CANARY}"))),
        "headers": lambda: log.info("x", headers=[[b"cookie", f"a={CANARY}".encode()]]),
        "bound": lambda: log.bind(token=CANARY, server=f"nats://a:{CANARY}@host").info("x"),
        "context": _say_in_context,
        "an object": lambda: log.info("x", settings=Settings(token=CANARY, url=f"nats://a:{CANARY}@h"), all=[Settings]),
        "an object as event": lambda: log.info(Settings(token=CANARY, url="")),  # type: ignore[arg-type]
        "a url": lambda: log.info(f"connecting to nats://me:{CANARY}@localhost:4222"),
        "a url with a user only": lambda: log.info("x", url=f"nats://{CANARY}@localhost"),
        "a url with odd characters": lambda: log.info("x", url=f"https://me:a/b@{CANARY}:c@host/path"),
        "urls": lambda: log.info("x", servers=f"nats://a:b@h1,nats://a:{CANARY}@h2", set={f"tls://a:{CANARY}@h"}),
        "a url's query": lambda: log.info(f"GET https://host/path?x=1&access_token={CANARY}&y=2"),
        "a url as a key": lambda: log.info("x", by={f"nats://a:{CANARY}@h": 1}),
        "a bearer": lambda: log.info(f"sent bearer {CANARY}", text=f"authorization: Bearer {CANARY}"),
        "basic": lambda: log.info("x", text=f"Proxy-Authorization: Basic {CANARY}=="),
        "a private key": lambda: log.info(PEM, pem=PEM.encode(), cut=PEM[:60], both=[f"cert {PEM} {PEM}"]),
        "credentials": lambda: log.info(CREDENTIALS, repr=repr(CREDENTIALS)),
        "a seed": lambda: log.info(f"seed {SEED}", data={"x": SEED.encode()}),
        "json in text": lambda: log.info(
            json.dumps({"a": {"password": CANARY}}), b=json.dumps(json.dumps({"token": CANARY}))
        ),
        "quotes in text": lambda: log.info(f"""{ {"token": f"it's {CANARY}"} }""", b=f"password='a\\'b {CANARY}'"),
        "pairs in text": lambda: log.info(f"{[('authorization', CANARY)]}", b=f"token=Value('{CANARY}')"),
        "commas in text": lambda: log.info(f"password=a,b;{CANARY} rest"),
        "positional arguments": lambda: log.info("token=%s url=%s", CANARY, f"nats://a:{CANARY}@h"),
        "an exception": lambda: _catch(log),
        "an exception as a value": lambda: log.error("x", error=ValueError(f"nats://a:{CANARY}@h")),
        "a library's exception": lambda: _catch(foreign),
        "a library's arguments": lambda: foreign.warning(
            "connect %s with %r", f"nats://a:{CANARY}@h", {"token": CANARY}
        ),
        "a library's object": lambda: foreign.error({"password": CANARY}),
        "a library's extra": lambda: foreign.error("x", extra={"token": CANARY}),
        "uvicorn": lambda: logging.getLogger("uvicorn.error").error("GET /?token=%s", CANARY),
        "a stack": lambda: log.info("x", stack_info=True, token=CANARY),
    }
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["json", "text"])
def test_secret_is_redacted(way: str, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The secret is neither in the log nor on stdout or stderr."""
    stream = io.StringIO()
    configure_logs(stream, json=kind == "json")
    WAYS[way]()
    written = stream.getvalue() + "".join(capfd.readouterr())
    assert CANARY.lower() not in written.lower()
    assert "VOGELKANARIEN" not in written
    assert "[redacted]" in written or "a library's" in way


@pytest.mark.parametrize("way", [way for way in WAYS if not way.startswith(("a library", "uvicorn"))])
def test_secret_is_redacted_before_configuration(way: str, caplog: pytest.LogCaptureFixture) -> None:
    """Records of the project are redacted before any handler receives them."""
    with caplog.at_level(logging.INFO):
        WAYS[way]()
    ours = [record for record in caplog.records if record.name == log.name]
    formatted = "".join(logging.Formatter().format(record) for record in ours)
    assert ours
    assert CANARY.lower() not in formatted.lower()


def test_malformed_record_of_a_library_reveals_no_secret(capfd: pytest.CaptureFixture[str]) -> None:
    """A formatting error is not printed with its arguments."""
    logging.getLogger().handlers.clear()
    stream = io.StringIO()
    configure_logs(stream)
    foreign.error("%d token", CANARY)
    assert (stream.getvalue(), *capfd.readouterr()) == ("", "", "")


def test_closed_stream_reveals_no_secret(capfd: pytest.CaptureFixture[str]) -> None:
    """A record that cannot be written is lost. It is not printed on stderr, and raises no error."""
    stream = io.StringIO()
    configure_logs(stream)
    stream.close()
    log.error("x", token=CANARY)
    foreign.error("token=%s", CANARY)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"url": "http://localhost:8080/path/a@b"}, "http://localhost:8080/path/a@b"),
        ({"url": "nats://user:x@host:4222/path"}, "nats://[redacted]@host:4222/path"),
        ({"token_file": "/srv/token"}, "/srv/token"),
        ({"x": "token_file=/srv/token"}, "token_file=/srv/token"),
        ({"token": None}, None),
        ({"password": False}, False),
        ({"seed": 12345}, 12345),
        ({"reason": "the token is missing"}, "the token is missing"),
        ({"pair": ["agent", "x"]}, ["agent", "x"]),
        ({"x": "GET /?token=abc&page=2"}, "GET /?token=[redacted]&page=2"),
    ],
)
def test_harmless_values_are_kept(lines: io.StringIO, given: dict[str, object], kept: object) -> None:
    """Redaction removes the secret only."""
    log.info("x", **given)
    (name,) = given
    assert records(lines)[0][name] == kept


@given(
    st.recursive(
        st.just(CANARY) | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    )
)
def test_nested_value_of_a_secret_key_is_redacted(value: object) -> None:
    stream = io.StringIO()
    configure_logs(stream)
    log.info("x", outer={"deep": [{"password": value}]})
    assert CANARY not in stream.getvalue()


@pytest.mark.parametrize(
    "piece", ["://a:", "token", "token  ", "Bearer ", "-----BEGIN ", "password='", "[(", "://", "\\"]
)
def test_redaction_time_is_linear(lines: io.StringIO, piece: str) -> None:
    """A text crafted by a client does not block the process."""
    started = time.process_time()
    log.info("x", text=piece * 20_000)
    assert time.process_time() - started < 2.0


def test_untrusted_text_is_escaped_and_shortened(text: io.StringIO) -> None:
    """This holds at any depth of a value."""
    log.warning("refused\x1b[2J\x07", name="\x9b\u202e" + "a" * 1_000_000, items=["b" * 1_000_000, *range(1000)])
    written = text.getvalue().replace("\x1b[0m", "").replace("\x1b[1m", "")
    assert r"refused\x1b[2J\x07" in written
    assert not {"\x9b", "\u202e"} & set(written)
    assert "(1,000,002 characters)" in written
    assert "(1,000,000 characters)" in written
    assert len(written) < 3_000


def test_json_records_are_shortened(lines: io.StringIO) -> None:
    """Values and exception texts are shortened."""
    try:
        raise ValueError("\x1b" + "a" * 1_000_000)
    except ValueError:
        log.exception("failed", reason="many words " * 100_000)
    record = json.loads(lines.getvalue())
    assert len(record["reason"]) < 20_100
    assert r"\x1baaa" in record["exception"]
    assert len(record["exception"]) < 2_000


def test_brief_format_prints_warnings_and_errors_only() -> None:
    """Commands that show progress use it. Lines have no timestamps."""
    stream = io.StringIO()
    configure_logs(stream, brief=True)
    log.info("begun")
    log.warning("workers share\ncores", workers=2, token=CANARY)
    foreign.error("gone")
    assert stream.getvalue() == "warning: workers share\\ncores (workers: 2, token: [redacted])\nerror: gone\n"


def test_other_handlers_print_text(caplog: pytest.LogCaptureFixture) -> None:
    """Without a configuration, as in a notebook, a record is one line with its values, and its traceback."""
    try:
        raise ValueError("odd")
    except ValueError as error:
        get_logger("clau_doom.test").warning("it failed", attempt=2, exc_info=error)
    first, *trace = caplog.records[0].getMessage().splitlines()
    assert first == "it failed (attempt: 2)"
    assert trace[0] == "Traceback (most recent call last):"
    assert trace[-1] == "ValueError: odd"
