"""HTTP POST request with a JSON body for each selected event of an experiment."""

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import httpx

from clau_doom import __version__
from clau_doom.backoff import Backoff
from clau_doom.config import WebhookTrackerConfig
from clau_doom.domain.event_declaration import Severity, declaration_of
from clau_doom.errors import ConfigError, TrackerUnavailable
from clau_doom.logs import get_logger
from clau_doom.ports import TrackedExperiment, TrackerUpdate
from clau_doom.regular_files import read_regular
from clau_doom.trackers.plain_data import curves_data, event_data, results_data

__all__ = ["WebhookTracker", "read_secret"]

_ATTEMPTS = 3
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 2.0
_REFUSED = {400, 413, 415, 422}
"""Answers that refuse one event. The event is skipped, so that it does not block the events behind it."""
_LARGEST_SECRET = 8192

_log = get_logger(__name__)


def read_secret(config: WebhookTrackerConfig) -> str | None:
    """Return the value of the secret header from the file or the environment variable, or None.

    Raises:
        ConfigError: The file or the variable is missing, or the value cannot be sent in a header. The message does not
            contain the value.
    """
    if config.secret_file is not None:
        try:
            content = read_regular(Path(config.secret_file))
        except OSError as error:
            raise ConfigError(f"trackers.secret_file {config.secret_file!r} cannot be read: {error.strerror}") from None
        where, secret = "trackers.secret_file", content[: _LARGEST_SECRET + 1].decode(errors="replace").strip()
    elif config.secret_variable is not None:
        where, secret = "trackers.secret_variable", os.environ.get(config.secret_variable, "").strip()
    else:
        return None
    if not secret:
        name = config.secret_file or config.secret_variable
        raise ConfigError(f"{where} {name!r} is empty or not set: give it the value of the header {config.header}")
    if not (secret.isascii() and secret.isprintable()) or len(secret) > _LARGEST_SECRET:
        raise ConfigError(f"{where} is not a value of a header: use one line of at most {_LARGEST_SECRET} characters")
    return secret


class WebhookTracker:
    """Sends each event at least once. Its header `Idempotency-Key` lets the receiver recognise a second copy.

    TLS certificates are verified, and redirects are not followed. The secret and the path of the address appear in no
    message.
    """

    film_suffix: ClassVar[str | None] = None

    def __init__(self, config: WebhookTrackerConfig, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """Prepare the tracker; `sleep` waits between attempts."""
        self._config = config
        self._sleep = sleep
        self._client: httpx.Client | None = None

    @property
    def target(self) -> str:
        """Scheme and host of the address."""
        parts = urlsplit(self._config.url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")

    def open(self, experiment: TrackedExperiment) -> None:
        """Prepare the requests. Nothing is sent.

        Raises:
            ConfigError: The secret is missing.
        """
        self._experiment = experiment
        headers = {"Content-Type": "application/json", "User-Agent": f"clau-doom/{__version__}"}
        if (secret := read_secret(self._config)) is not None:
            headers[self._config.header] = secret
        self._client = httpx.Client(headers=headers, timeout=self._config.timeout, follow_redirects=False)

    def write(self, updates: Sequence[TrackerUpdate]) -> None:
        """Send the selected events, one request each.

        Raises:
            TrackerUnavailable: A request failed in several attempts. Earlier events may have been received.
        """
        for update in updates:
            if self._selected(update):
                self._send(update)

    def _selected(self, update: TrackerUpdate) -> bool:
        declaration = declaration_of(update.recorded.event)
        if self._config.events is None:
            return declaration.severity is not Severity.ROUTINE
        return declaration.code in self._config.events

    def _send(self, update: TrackerUpdate) -> None:
        body = json.dumps(_body(self._experiment, update), allow_nan=False).encode()
        key = f"{self._experiment.uuid}:{update.sequence}"
        backoff = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        for left in reversed(range(_ATTEMPTS)):
            problem = self._post(body, key)
            if problem is None:
                return
            if left:
                self._sleep(backoff.next_delay())
        raise TrackerUnavailable(f"the webhook at {self.target} did not accept event {update.sequence}: {problem}")

    def _post(self, body: bytes, key: str) -> str | None:
        """Send one request. Return the problem, or None if the event is received or refused."""
        assert self._client is not None, "opened first"
        try:
            answer = self._client.post(self._config.url, content=body, headers={"Idempotency-Key": key})
        except httpx.HTTPError as error:
            return f"{type(error).__name__}: {error}".replace(self._config.url, self.target)
        if answer.is_success:
            return None
        if answer.status_code in _REFUSED:
            _log.warning("the webhook refused an event, which is skipped", key=key, status=answer.status_code)
            return None
        return f"status {answer.status_code}"

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()


def _body(experiment: TrackedExperiment, update: TrackerUpdate) -> dict[str, object]:
    return {
        "experiment": experiment.id,
        "uuid": experiment.uuid,
        **event_data(experiment, update),
        "curves": curves_data(update.curves) if update.curves else None,
        "results": results_data(update.results) if update.results else None,
    }
