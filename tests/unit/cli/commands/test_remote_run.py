"""Tests of `run --server` and `resume --server`, with a server with scripted episodes in a thread."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from clau_doom.access import Authenticator, TokenFiles
from clau_doom.config import GrpcConfig, config_from_yaml
from clau_doom.domain.agent_commands import BudgetChange
from clau_doom.domain.events import RecordedEvent
from clau_doom.domain.experiment import ExperimentState
from clau_doom.orchestration import Orchestrator
from clau_doom.rpc import RpcServer
from clau_doom.testing.scripted_repository import ScriptedRepository

CONFIG = """
name: quick
generations: 2
population: 4
episodes: 2
holdout: {validation: 2, episodes: 2}
"""


class Watched(Orchestrator):
    """Orchestrator that records each client that follows an experiment from its current state."""

    def __init__(self, repository: ScriptedRepository) -> None:
        super().__init__(repository)
        self.followed = threading.Semaphore(0)

    def events(self, experiment: str, after: int = 0) -> AsyncIterator[RecordedEvent]:
        if after:
            self.followed.release()
        return super().events(experiment, after)


class Background:
    """Server on a Unix socket, on an event loop in its own thread."""

    def __init__(self, folder: Path) -> None:
        self.repository = ScriptedRepository()
        self.address = f"unix:{folder / 'api.sock'}"
        self._server = GrpcConfig(port=0, socket=str(folder / "api.sock"))
        self._token_file = folder / "token"
        self._loop = asyncio.new_event_loop()
        self._up, self._end = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    async def _serve(self) -> None:
        self.orchestrator = Watched(self.repository)
        server = RpcServer(
            self._server, self.orchestrator, authenticator=Authenticator(TokenFiles(self._token_file)), grace=5.0
        )
        async with server, self.orchestrator:
            self._up.set()
            await self._end.wait()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._up.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        self._loop.close()

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Await a coroutine on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def let_play(self, *, play: bool) -> None:
        """Allow or block the end of episodes."""
        may_end = self.repository.may_end
        self._loop.call_soon_threadsafe(may_end.set if play else may_end.clear)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Background]:
    with Background(tmp_path) as served:
        yield served


@pytest.fixture
def command(run: Callable[..., Any], server: Background, tmp_path: Path) -> Callable[..., Any]:
    """Return a function that runs a command on the server."""
    (tmp_path / "config.yaml").write_text(CONFIG)
    return lambda *words: run(*words, "--server", server.address)


def test_deadline_has_an_exit_code_and_a_working_remedy(command: Callable[..., Any], server: Background) -> None:
    """Without more time a resume is refused."""
    server.let_play(play=False)
    stopped = command("run", "--max-duration", "0.001s")
    assert (stopped.code, stopped.out) == (4, "")
    assert f"clau-doom run --resume quick --server {server.address} --max-duration TIME" in stopped.err
    refused = command("resume", "quick")
    assert (refused.code, refused.out) == (2, "")
    assert "quick has used up its max_duration of 0.001s" in refused.err
    assert "--max-duration" in refused.err
    assert command("run", "--attach", "quick").code == 4
    resumed = command("resume", "quick", "--max-duration", "1h", "-g", "3")
    assert (resumed.code, resumed.err) == (0, "")
    assert resumed.out == "experiment quick is running: 0 of 3 generations are finished\n"
    server.let_play(play=True)
    ended = command("run", "--attach", "quick")
    assert ended.code == 0
    assert "champion" in ended.out
    again = command("run", "--resume", "quick", "-g", "4", "--max-duration", "2h")
    assert again.code == 0
    assert "generation 3" in again.err
    stored = server.do(server.repository.experiment("quick"))
    assert (stored.state, stored.config.generations, stored.config.max_duration) == (
        ExperimentState.COMPLETED,
        4,
        7200.0,
    )


def test_attach_shows_progress_and_result(command: Callable[..., Any], server: Background) -> None:
    """This holds even if the experiment's budget changes."""
    server.let_play(play=False)
    server.do(server.orchestrator.start(config_from_yaml(CONFIG, name="test")))
    server.do(server.orchestrator.pause("quick"))

    def raise_once_followed() -> None:
        assert server.orchestrator.followed.acquire(timeout=20)
        server.do(server.orchestrator.resume("quick", BudgetChange(generations=3)))
        assert server.orchestrator.followed.acquire(timeout=20)  # it is followed again
        server.let_play(play=True)

    raising = threading.Thread(target=raise_once_followed)
    raising.start()
    followed = command("run", "--attach", "quick")
    raising.join()
    assert followed.code == 0, followed.err
    assert f"following quick at {server.address}: paused, 0 of 2 generations finished" in followed.err
    assert "generation 2" in followed.err
    assert "champion" in followed.out
    assert command("run", "--attach", "quick").out == followed.out


def test_commands_print_the_returned_state(command: Callable[..., Any], server: Background) -> None:
    """Each command prints the state in its response."""
    server.let_play(play=False)
    server.do(server.orchestrator.start(config_from_yaml(CONFIG, name="test")))
    assert command("pause", "quick").out == "experiment quick is paused\n"
    assert command("resume", "quick").out == "experiment quick is running: 0 of 2 generations are finished\n"
    assert command("cancel", "quick").out == "experiment quick is cancelled\n"


def test_server_checks_a_dry_run(command: Callable[..., Any], server: Background) -> None:
    """The server's answer and errors are printed. No experiment starts."""
    checked = command("run", "--dry-run")
    assert checked.code == 0, checked.err
    assert f"experiment  quick, seed 1, at {server.address}" in checked.out
    assert "rules, 3 genes" in checked.out  # the server's policy has these, and the one here more
    assert server.repository.stores == {}
    server.let_play(play=False)
    server.do(server.orchestrator.start(config_from_yaml(CONFIG, name="test")))
    taken = command("run", "--dry-run")
    assert (taken.code, taken.out) == (2, "")
    assert "quick exists already" in taken.err
    assert "is running: only paused experiments can be resumed" in command("run", "--dry-run", "--resume", "quick").err
    server.do(server.orchestrator.pause("quick"))
    resumable = command("run", "--dry-run", "--resume", "quick", "-g", "5")
    assert "quick, paused, 0 generations finished; it can be resumed" in resumable.out
    assert "5 generations of 4 agents" in resumable.out
    assert server.do(server.repository.experiment("quick")).state is ExperimentState.PAUSED


def test_status_lists_unreadable_experiments(
    command: Callable[..., Any], server: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is listed with the readable experiments."""
    server.do(server.orchestrator.start(config_from_yaml(CONFIG, name="test")))
    monkeypatch.setattr(server.repository, "experiments", lambda: ("broken", "quick"))
    listed = command("status", "--json")
    assert listed.code == 0
    document = json.loads(listed.out)
    assert document["unreadable"] == [{"id": "broken", "error": "no experiment broken in the repository"}]
    assert [each["id"] for each in document["experiments"]] == ["quick"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "--attach", "quick", "-g", "3"], "--attach only follows an experiment"),
        (["run", "--attach", "quick", "-c", "config.yaml"], "--attach only follows an experiment"),
        (["run", "--resume", "quick", "--seed", "3"], "omit seed"),
        (["run", "--attach", "nix"], "no experiment nix"),
        (["resume", "nix", "-g", "99999999999999999999"], "out of range"),
    ],
)
def test_invalid_options_of_a_remote_run_are_refused(
    command: Callable[..., Any], words: list[str], message: str
) -> None:
    done = command(*words)
    assert (done.code, done.out) == (2, "")
    assert message in " ".join(done.err.replace("│", " ").split())


def test_attach_needs_a_server(run: Callable[..., Any]) -> None:
    """The error contains the command for a local experiment."""
    done = run("run", "--attach", "quick")
    assert done.code == 2
    assert "clau-doom events quick -f" in " ".join(done.err.replace("│", " ").split())


@pytest.mark.parametrize("by_environment", [False, True])
def test_client_certificate_options_are_checked(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, by_environment: bool
) -> None:
    """Options or variables name the files. Missing and unpaired files are refused."""
    options = ["--certificate", "my.pem", "--key", "my.key"]
    if by_environment:
        monkeypatch.setenv("CLAU_DOOM_CERTIFICATE", "my.pem")
        monkeypatch.setenv("CLAU_DOOM_KEY", "my.key")
        options = []
    done = run(*options, "status", "--server", "localhost:1")
    assert (done.code, done.out) == (2, "")
    assert "my.key cannot be read" in done.err
    monkeypatch.delenv("CLAU_DOOM_KEY", raising=False)
    half = run(*options[:2], "status", "--server", "localhost:1")
    assert (half.code, "give --key (CLAU_DOOM_KEY), too" in half.err) == (2, True)
