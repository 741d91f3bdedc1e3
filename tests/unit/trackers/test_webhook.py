"""Tests of webhooks, with a real HTTP server."""

import json
import logging
from pathlib import Path

import pytest

from clau_doom.config import WebhookTrackerConfig
from clau_doom.errors import ConfigError, TrackerUnavailable
from clau_doom.testing.tracker_contract import synthetic_updates, tracked_experiment
from clau_doom.trackers.webhook import WebhookTracker, read_secret
from tests.support.tracker_readers import Receiver, receiving

EXPERIMENT = tracked_experiment("lab", Path())
UPDATES = synthetic_updates(EXPERIMENT)
SECRET = "Bearer k3y-0f-the-receiver"


def send(config: WebhookTrackerConfig, pauses: list[float] | None = None) -> None:
    tracker = WebhookTracker(config, sleep=(pauses if pauses is not None else []).append)
    tracker.open(EXPERIMENT)
    try:
        tracker.write(UPDATES)
    finally:
        tracker.close()


def codes(receiver: Receiver) -> list[str]:
    return [body["code"] for _, body in receiver.requests]


def test_routine_events_are_left_out() -> None:
    """Each request has its key, and curves and results are part of the event that completes them."""
    with receiving() as receiver:
        send(WebhookTrackerConfig(url=receiver.url))
    assert codes(receiver) == ["experiment_started", *["generation_completed"] * 4, "experiment_completed"]
    assert receiver.keys == [f"{EXPERIMENT.uuid}:{sequence}" for sequence in range(2, 8)]
    first, last = receiver.requests[1][1], receiver.requests[-1][1]
    assert first["curves"] == {
        "generation": 0,
        "values": {"fitness/best": 0.5, "fitness/mean": -0.5, "progress/episodes": 8.0},
    }
    assert (first["results"], last["results"]["values"]) == (None, {"held_out/champion/fitness": 3.25})
    assert last["results"]["tables"]["held_out"]["rows"] == [["champion", 3.25], ["ran|dom", None]]
    assert (first["experiment"], first["uuid"], first["sequence"]) == ("lab", EXPERIMENT.uuid, 3)
    assert receiver.requests[0][0]["Content-Type"] == "application/json"


def test_selected_events() -> None:
    with receiving() as receiver:
        send(WebhookTrackerConfig(url=receiver.url, events=("experiment_created", "experiment_completed")))
    assert codes(receiver) == ["experiment_created", "experiment_completed"]


def test_failed_request_is_repeated_with_the_same_key() -> None:
    pauses: list[float] = []
    with receiving() as receiver:
        receiver.statuses = [503, 500, 200]
        send(WebhookTrackerConfig(url=receiver.url, events=("experiment_completed",)), pauses)
    assert receiver.keys == [f"{EXPERIMENT.uuid}:7"] * 3
    assert pauses == [0.2, 0.4]


def test_three_failures_are_an_outage() -> None:
    """The error names status and event. The path of the address is not shown."""
    with receiving() as receiver:
        receiver.statuses = [503] * 9
        with pytest.raises(TrackerUnavailable) as raised:
            send(WebhookTrackerConfig(url=receiver.url, events=("experiment_completed",)))
    assert str(raised.value).endswith("did not accept event 7: status 503")
    assert "/hook" not in str(raised.value)
    assert len(receiver.requests) == 3


def test_unreachable_server_is_an_outage() -> None:
    with receiving() as receiver:
        url = receiver.url
    with pytest.raises(TrackerUnavailable, match="did not accept event 2: ConnectError"):
        send(WebhookTrackerConfig(url=url))


def test_redirects_are_not_followed() -> None:
    """A redirect could send the secret to another host."""
    with receiving() as receiver:
        receiver.statuses = [302] * 3
        with pytest.raises(TrackerUnavailable, match="status 302"):
            send(WebhookTrackerConfig(url=receiver.url, events=("experiment_completed",)))


def test_refused_event_is_skipped(caplog: pytest.LogCaptureFixture) -> None:
    """An event that is too large for the receiver does not block the events behind it."""
    with receiving() as receiver, caplog.at_level(logging.WARNING):
        receiver.statuses = [413]
        send(WebhookTrackerConfig(url=receiver.url))
    assert len(receiver.requests) == 6


@pytest.mark.parametrize("source", ["file", "variable"])
def test_secret_is_sent_in_its_header(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The value of a file loses its line break."""
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with receiving() as receiver:
        config = (
            WebhookTrackerConfig(url=receiver.url, secret_file=str(tmp_path / "secret"))
            if source == "file"
            else WebhookTrackerConfig(url=receiver.url, secret_variable="HOOK_SECRET", header="X-Key")
        )
        send(config)
    headers = receiver.requests[0][0]
    assert headers["Authorization" if source == "file" else "X-Key"] == SECRET
    assert SECRET not in json.dumps([body for _, body in receiver.requests])


@pytest.mark.parametrize(
    ("content", "text"),
    [("", "is empty or not set"), ("two\nlines", "is not a value of a header"), ("k€y", "is not a value of a header")],
)
def test_unusable_secret_is_refused_without_its_value(content: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(content)
    with pytest.raises(ConfigError, match=text) as raised:
        read_secret(WebhookTrackerConfig(url="https://h", secret_file=str(tmp_path / "secret")))
    assert "two" not in str(raised.value)


def test_missing_secret_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOOK_SECRET", raising=False)
    with pytest.raises(ConfigError, match="'HOOK_SECRET' is empty or not set"):
        read_secret(WebhookTrackerConfig(url="https://h", secret_variable="HOOK_SECRET"))
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_secret(WebhookTrackerConfig(url="https://h", secret_file=str(tmp_path / "none")))


def test_target_has_no_secret() -> None:
    config = WebhookTrackerConfig(url="https://user:password@hooks.example.org:8443/T0/secret-path")
    assert WebhookTracker(config).target == "https://hooks.example.org:8443"
