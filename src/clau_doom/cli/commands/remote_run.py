"""Implementation of `clau-doom run --server`: start, resume or follow an experiment on a server."""

import asyncio
import shlex
import signal
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from clau_doom.app.catalog.folder_source import LIVE, RemoteServer
from clau_doom.app.remote_run import RemoteRun, RunRequest, check_request, open_remote_run
from clau_doom.app.resource_estimate import most_training_episodes
from clau_doom.cli.console import ExitCode, data_console, progress_console
from clau_doom.cli.shared_options import DEFAULT_OUTPUT_DIR, replay_command
from clau_doom.domain.events import ExperimentInterrupted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from clau_doom.config import ExperimentConfig
    from clau_doom.domain.events import Event, RecordedEvent
    from clau_doom.ports import StoredExperiment

__all__ = ["check_at_server", "run_at_server"]


def run_at_server(remote: RemoteServer, output_dir: Path, request: RunRequest) -> ExitCode:
    """Start, resume or only follow an experiment on a server, and show it until its end.

    Ctrl-C does not stop the experiment.

    Args:
        remote: The server.
        output_dir: The folder that may hold the server's token.
        request: The request.
    """
    # SIGINT may be ignored in a background process; asyncio handles it only under the default handler.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return asyncio.run(_run(remote, output_dir, request))
    except KeyboardInterrupt:
        _print_detached(request.name, remote)
        return ExitCode.INTERRUPTED


def check_at_server(remote: RemoteServer, output_dir: Path, request: RunRequest) -> ExitCode:
    """Check on a server that an experiment could be started or resumed, and print a summary.

    Args:
        remote: The server.
        output_dir: The folder that may hold the server's token.
        request: The request to check.
    """
    from clau_doom.config import kind_label

    checked = asyncio.run(check_request(remote, output_dir, request))
    config, status = checked.config, f"seed {checked.config.seed}"
    policy = kind_label(config.policy)
    if checked.state is not None:
        finished = checked.generations_finished
        status = f"{checked.state.value}, {finished} generations finished; it can be resumed"
    lines = {
        "experiment": f"{config.name}, {status}, at {remote.address}",
        "scenario": config.scenario.name,
        "policy": policy if checked.genes is None else f"{policy}, {checked.genes} genes",
        "evolution": f"{kind_label(config.evolution)}, {config.evolution_size}",
        "episodes": f"{most_training_episodes(config):,} of training at most",
    }
    for name, text in lines.items():
        data_console().print(Text(f"{name:<12}{text}"), soft_wrap=True)
    progress_console().print("nothing was started and nothing was written", style="dim")
    return ExitCode.DONE


async def _run(remote: RemoteServer, output_dir: Path, request: RunRequest) -> ExitCode:
    async with open_remote_run(remote, output_dir, request) as run:
        if request.only_follows and run.before is not None:
            if run.before.state not in LIVE:
                return _report(run.before, remote)
            _print_followed(run.before, remote)
        last = await _show(run, run.config, run.before)
        while isinstance(last, ExperimentInterrupted):
            now = await run.after_interruption(last)
            if now is None:  # the server no longer answers
                _print_interruption(request.name, last.reason, remote)
                return ExitCode.INTERRUPTED
            if now.state not in LIVE:
                return _report(now, remote)
            last = await _show(run, now.config, now)
        return _report(await run.experiment(), remote)


async def _show(run: RemoteRun, config: "ExperimentConfig", before: "StoredExperiment | None") -> "Event | None":
    """Show an experiment until its run ends, and return its last event."""
    from clau_doom.app.progress_display import show_progress

    last: Event | None = None

    async def recording_last(log: "AsyncIterator[RecordedEvent]") -> "AsyncIterator[RecordedEvent]":
        nonlocal last
        async for recorded in log:
            last = recorded.event
            yield recorded

    snapshot = before.snapshot if before else None
    async with aclosing(run.events(snapshot.last_sequence if snapshot else 0)) as log:
        await show_progress(recording_last(log), config, console=progress_console(), snapshot=snapshot)
    return last


def _report(stored: "StoredExperiment", remote: RemoteServer) -> ExitCode:
    from clau_doom.cli.views.results import show_result
    from clau_doom.config import used_up
    from clau_doom.domain.experiment import ExperimentState

    snapshot, state = stored.snapshot, stored.state
    name = snapshot.experiment.id
    if state is ExperimentState.COMPLETED:
        return show_result(snapshot, stored.config, replay=replay_command(name, DEFAULT_OUTPUT_DIR, remote.address))
    if state is ExperimentState.INTERRUPTED:
        spent = used_up(stored.config, snapshot.running_seconds)
        _print_interruption(name, snapshot.reason or "its process ended", remote, more=" --max-duration TIME" * spent)
        return ExitCode.OUT_OF_TIME if spent else ExitCode.INTERRUPTED
    reason = f": {snapshot.reason}" if snapshot.reason else ""
    progress_console().print(Text(f"experiment {name} is {state.value}{reason}", "bold yellow"), soft_wrap=True)
    return ExitCode.FAILED


def _print_followed(stored: "StoredExperiment", remote: RemoteServer) -> None:
    name, finished = stored.config.name, stored.config.evolution_budget.progress(stored.snapshot.summaries)
    text = f"following {name} at {remote.address}: {stored.state.value}, {finished} finished"
    progress_console().print(Text(text), soft_wrap=True)


def _print_interruption(name: str, reason: str, remote: RemoteServer, *, more: str = "") -> None:
    console = progress_console()
    console.print(Text(f"experiment {name} is interrupted: {reason}", "bold yellow"), soft_wrap=True)
    again = f"clau-doom run --resume {name} --server {shlex.quote(remote.address)}{more}"
    rest = "" if more else " (a restarted server continues by itself)"
    console.print(Text(f"continue with: {again}{rest}"), soft_wrap=True)


def _print_detached(name: str, remote: RemoteServer) -> None:
    console = progress_console()
    where = f"{name} --server {shlex.quote(remote.address)}"
    console.print(Text(f"experiment {name} continues at {remote.address}", "bold yellow"), soft_wrap=True)
    console.print(Text(f"follow it with: clau-doom run --attach {where}"), soft_wrap=True)
    events = f"clau-doom events {name} --follow {where.removeprefix(name).strip()}"
    console.print(Text(f"print its events with: {events}"), soft_wrap=True)
    console.print(Text(f"cancel it with: clau-doom cancel {where}"), soft_wrap=True)
