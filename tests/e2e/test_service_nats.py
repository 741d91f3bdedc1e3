"""Tests of a served experiment with a real nats-server: published events, commands and secrecy of credentials."""

import asyncio
import json
import signal
import time
from pathlib import Path
from typing import Any

import nats
import pytest

from tests.support.nats_server import NatsServer

pytestmark = pytest.mark.engine

QUICK = """
name: quick
seed: 5
generations: 4
population: 6
episodes: 2
scenario: {name: defend_the_center, timeout: 400}
fitness: kills
holdout: {validation: 2, episodes: 2}
"""
CANARY = "canary-in-a-coal-mine"


def published(url: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return subject, id and event of all that the stream holds, in order."""
    return asyncio.run(read_stream(url))  # the tests poll this while they drive processes by blocking calls


async def read_stream(url: str) -> list[tuple[str, str, dict[str, Any]]]:
    client = await nats.connect(url)
    try:
        jetstream = client.jetstream()
        count = (await jetstream.stream_info("CLAU_DOOM")).state.messages
        consumer = await jetstream.pull_subscribe("clau-doom.experiment.>", stream="CLAU_DOOM")
        found: list[tuple[str, str, dict[str, Any]]] = []
        while len(found) < count:
            for message in await consumer.fetch(min(100, count - len(found)), timeout=5):
                assert message.headers is not None
                found.append((message.subject, message.headers["Nats-Msg-Id"], json.loads(message.data)))
        return found
    finally:
        await client.close()


def send_command(url: str, subject: str, token: str) -> dict[str, Any]:
    """Send a control command, and return its answer."""
    return asyncio.run(request(url, subject, token))  # the tests drive processes by blocking calls


async def request(url: str, subject: str, token: str) -> dict[str, Any]:
    client = await nats.connect(url)
    try:
        return dict(json.loads((await client.request(subject, json.dumps({"token": token}).encode(), timeout=20)).data))
    finally:
        await client.close()


def logged(service: Any) -> str:
    return str(service.run("events", "quick", "--json", local=True).stdout)


def test_events_are_published_once_despite_outages_and_commands_work(service: Any, tmp_path: Path) -> None:
    """The NATS server is killed five times during the run."""
    (tmp_path / "nats").mkdir()
    (tmp_path / "config.yaml").write_text(QUICK.replace("generations: 4", "generations: 12"))
    with NatsServer(tmp_path / "nats", user="me", password=CANARY) as bus:
        (tmp_path / "serve.yaml").write_text(f"nats: {{enabled: true, control: true, url: '{bus.url}'}}\n")
        service.start("-c", "serve.yaml")
        follower = service.begin("run")
        for kills in range(1, 6):
            service.until(lambda kills=kills: logged(service).count("generationCompleted") >= kills)
            before = logged(service)
            bus.kill()
            service.until(lambda kills=kills: service.log.read_text().count("connection to NATS lost") >= kills)
            service.until(lambda before=before: logged(service) != before or follower.poll() is not None)
            bus.start()
            service.until(lambda kills=kills: service.log.read_text().count("connection to NATS restored") >= kills)
        _, output = follower.communicate(timeout=120)
        assert follower.returncode == 0, output
        log = [json.loads(line) for line in logged(service).splitlines()]
        service.until(lambda: len(published(bus.url)) >= len(log))
        messages = published(bus.url)
        assert [event["sequence"] for _, _, event in messages] == [event["sequence"] for event in log]
        assert len({name for _, name, _ in messages}) == len(log)
        assert messages[0][0] == "clau-doom.experiment.quick.created"
        assert messages[-1][0] == "clau-doom.experiment.quick.completed"
        (tmp_path / "config.yaml").write_text(
            QUICK.replace("quick", "long").replace("generations: 4", "generations: 999")
        )
        follower = service.begin("run")
        service.until(lambda: '"state": "running"' in service.run("status", "long", "--json").stdout)
        token = (tmp_path / "runs" / "token").read_text().strip()
        refused = send_command(bus.url, "clau-doom.control.long.pause", "wrong")
        assert refused["error"].startswith("the token is not valid on this server")
        assert send_command(bus.url, "clau-doom.control.long.pause", token) == {"ok": True, "state": "paused"}
        assert service.status("long")["state"] == "paused"
        assert send_command(bus.url, "clau-doom.control.long.cancel", token) == {"ok": True, "state": "cancelled"}
        assert not send_command(bus.url, "clau-doom.control.long.cancel", token)["ok"]
        follower.communicate(timeout=30)
    audited = [json.loads(line) for line in (tmp_path / "runs" / "audit.log").read_text().splitlines()]
    assert [(line["transport"], line["action"], line["target"], line["result"]) for line in audited] == [
        ("grpc", "start", "quick", "done"),
        ("grpc", "start", "long", "done"),
        ("nats", "pause", "long", "done"),
        ("nats", "cancel", "long", "done"),
        ("nats", "cancel", "long", "experiment_done"),
    ]
    for path in (service.log, *(file for file in (tmp_path / "runs").rglob("*") if file.is_file())):
        text = path.read_bytes()
        assert CANARY.encode() not in text, path
        assert token.encode() not in text or path.name == "token", path


def test_missing_nats_server_is_an_error_within_seconds(service: Any, tmp_path: Path) -> None:
    """The error names the URL without its password."""
    url = f"nats://me:{CANARY}@127.0.0.1:1"
    (tmp_path / "serve.yaml").write_text(f"nats: {{enabled: true, url: '{url}'}}\n")
    begun = time.monotonic()
    done = service.run("serve", "-c", "serve.yaml", "--port", "0", local=True)
    assert time.monotonic() - begun < 15
    assert done.returncode == 1, done.stderr
    assert "127.0.0.1:1" in done.stderr
    assert CANARY not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_local_run_publishes_its_events(service: Any, tmp_path: Path) -> None:
    """The stream has the whole log after the run, and each event once after a resume."""
    (tmp_path / "nats").mkdir()
    with NatsServer(tmp_path / "nats") as bus:
        (tmp_path / "config.yaml").write_text(QUICK + f"nats: {{enabled: true, url: '{bus.url}'}}\n")
        assert service.run("run", "-g", "1", local=True).returncode == 0
        resumed = service.run("run", "--resume", "quick", "-g", "2", local=True)
        assert resumed.returncode == 0, resumed.stderr
        log = [json.loads(line)["sequence"] for line in logged(service).splitlines()]
        first = published(bus.url)
        assert 0 < len(first) < len(log), "a resume publishes where it is told to"
        bus_there = {"CLAU_DOOM_NATS_ENABLED": "true", "CLAU_DOOM_NATS_URL": bus.url}
        again = service.run("run", "--resume", "quick", "-g", "3", local=True, **bus_there)
        assert again.returncode == 0, again.stderr
        log = [json.loads(line)["sequence"] for line in logged(service).splitlines()]
        assert [event["sequence"] for _, _, event in published(bus.url)] == log


def test_restarted_server_publishes_missing_events(service: Any, tmp_path: Path) -> None:
    """Each event is published once."""
    (tmp_path / "nats").mkdir()
    (tmp_path / "config.yaml").write_text(QUICK.replace("generations: 4", "generations: 8"))
    with NatsServer(tmp_path / "nats") as bus:
        (tmp_path / "serve.yaml").write_text(f"nats: {{enabled: true, url: '{bus.url}'}}\n")
        service.start("-c", "serve.yaml")
        service.begin("run")
        service.until(lambda: logged(service).count("generationCompleted") >= 2)
        service.stop(signal.SIGKILL)
        service.start("-c", "serve.yaml")
        service.until(lambda: service.status("quick")["state"] == "completed")
        assert service.stop(signal.SIGTERM) == 143
        log = [json.loads(line)["sequence"] for line in logged(service).splitlines()]
        assert [event["sequence"] for _, _, event in published(bus.url)] == log
