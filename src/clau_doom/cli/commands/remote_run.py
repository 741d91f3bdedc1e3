"""Implementation of `clau-doom run --server`: start, resume or follow an experiment on a server."""

import asyncio
import shlex
import signal
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from rich.text import Text

from clau_doom.cli.console import ExitCode, data_console, progress_console
from clau_doom.cli.shared_options import DEFAULT_OUTPUT_DIR, replay_command
from clau_doom.domain.commands import BUDGET_CHANGED, UNCHANGED, BudgetChange

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from clau_doom.app.catalog.folder_source import RemoteServer
    from clau_doom.app.catalog.server_source import ServerSource
    from clau_doom.config import ExperimentConfig
    from clau_doom.domain.events import Event, RecordedEvent
    from clau_doom.ports import StoredExperiment
    from clau_doom.rpc import RpcClient

__all__ = ["RunRequest", "check_at_server", "run_at_server"]

_TRIES = 3
_BUDGET_TRIES, _BUDGET_PAUSE = 60, 0.5
"""Number of checks, and seconds between them, for a run that the server restarts to change its budget."""


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """A request to a server.

    Attributes:
        name: The experiment's id.
        config: The configuration to start, or None for an experiment that the server has.
        resume: Whether the experiment is to be resumed; otherwise it is only followed.
        change: Its new budget.
    """

    name: str
    config: "ExperimentConfig | None" = None
    resume: bool = False
    change: BudgetChange = UNCHANGED


def run_at_server(remote: "RemoteServer", output_dir: Path, order: RunRequest) -> ExitCode:
    """Start, resume or only follow an experiment on a server, and show it until its end.

    Ctrl-C does not stop the experiment.

    Args:
        remote: The server.
        output_dir: The folder that may hold the server's token.
        order: The request.
    """
    # SIGINT may be ignored in a background process; asyncio handles it only under the default handler.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return asyncio.run(_run(remote, output_dir, order))
    except KeyboardInterrupt:
        _say_how_to_come_back(order.name, remote)
        return ExitCode.INTERRUPTED


def check_at_server(remote: "RemoteServer", output_dir: Path, order: RunRequest) -> ExitCode:
    """Check on a server that an experiment could be started or resumed, and print a summary.

    Args:
        remote: The server.
        output_dir: The folder that may hold the server's token.
        order: The request to check.
    """
    for name, text in asyncio.run(_checked(remote, output_dir, order)).items():
        data_console().print(Text(f"{name:<12}{text}"), soft_wrap=True)
    progress_console().print("nothing was started and nothing was written", style="dim")
    return ExitCode.DONE


async def _checked(remote: "RemoteServer", output_dir: Path, order: RunRequest) -> dict[str, str]:
    from clau_doom.app.catalog.server_source import reach
    from clau_doom.config import config_from_yaml, to_yaml
    from clau_doom.wire import EXPERIMENT_STATES

    async with reach(remote, output_dir) as client:
        if order.config is None:
            answer = await client.resume(order.name, order.change, validate_only=True)
            state = EXPERIMENT_STATES.received(answer.state).value
            stands = f"{state}, {answer.generations_finished} generations finished; it can be resumed"
            text, change = answer.config_yaml, order.change.overrides
            config = await asyncio.to_thread(config_from_yaml, text, name=order.name, overrides=change)
            genes = ""
        else:
            config, stands = order.config, f"seed {order.config.seed}"
            genes = f", {await client.check(to_yaml(_without_services(config)))} genes"
    return {
        "experiment": f"{config.name}, {stands}, at {remote.address}",
        "scenario": config.scenario.name,
        "policy": f"{config.policy.kind}{genes}",
        "evolution": f"{config.evolution.kind}, {config.generations} generations of {config.population} agents",
        "episodes": f"{config.generations * config.population * config.episodes:,} of training at most",
    }


def _without_services(config: "ExperimentConfig") -> "ExperimentConfig":
    """Return a configuration without this machine's services: the server has its own, and one may hold a password."""
    from clau_doom.config import SERVICE_SECTIONS

    return config.model_copy(update={name: section() for name, section in SERVICE_SECTIONS.items()})


async def _run(remote: "RemoteServer", output_dir: Path, order: RunRequest) -> ExitCode:
    from clau_doom.app.catalog.folder_source import LIVE
    from clau_doom.app.catalog.server_source import ServerSource, reach
    from clau_doom.config import config_from_yaml
    from clau_doom.domain.events import ExperimentInterrupted

    async with reach(remote, output_dir) as client:
        source, name = ServerSource(client), order.name
        if order.config is not None:
            await _start(client, order.config)
            last = await _show(source, order.config, None)
        else:
            before = await source.experiment(name)
            config = before.config
            if order.resume:
                text = (await client.resume(name, order.change)).config_yaml
                config = await asyncio.to_thread(config_from_yaml, text, name=name)
            elif before.state not in LIVE:
                return _report(before, remote)
            else:
                _say_what_is_followed(before, remote)
            last = await _show(source, config, before)
        while isinstance(last, ExperimentInterrupted):
            now = await _after_interruption(source, name, last)
            if now is None:  # the server no longer answers
                _say_how_to_go_on(name, last.reason, remote)
                return ExitCode.INTERRUPTED
            if now.state not in LIVE:
                break
            last = await _show(source, now.config, now)
        return _report(await source.experiment(name), remote)


async def _show(
    source: "ServerSource", config: "ExperimentConfig", before: "StoredExperiment | None"
) -> "Event | None":
    """Show an experiment until its run ends, and return its last event."""
    from clau_doom.cli.views.progress import show_progress

    last: Event | None = None

    async def noted(log: "AsyncIterator[RecordedEvent]") -> "AsyncIterator[RecordedEvent]":
        nonlocal last
        async for recorded in log:
            last = recorded.event
            yield recorded

    snapshot = before.snapshot if before else None
    known = snapshot.last_sequence if snapshot else 0
    async with aclosing(source.events(config.name, known, follow=True)) as log:
        await show_progress(noted(log), config, snapshot=snapshot)
    return last


async def _after_interruption(source: "ServerSource", name: str, last: "Event | None") -> "StoredExperiment | None":
    """Return the state after an interrupted run, or None if the server does not answer.

    A server interrupts a run to change its budget, and resumes it at once; this function waits for the resumption.
    """
    from clau_doom.app.catalog.folder_source import LIVE
    from clau_doom.domain.events import ExperimentInterrupted
    from clau_doom.errors import ServerUnreachable

    tries = _BUDGET_TRIES if isinstance(last, ExperimentInterrupted) and last.reason == BUDGET_CHANGED else 1
    stored = None
    for _ in range(tries):
        try:
            stored = await source.experiment(name)
        except ServerUnreachable:
            return None
        if stored.state in LIVE or stored.snapshot.reason != BUDGET_CHANGED:
            break
        await asyncio.sleep(_BUDGET_PAUSE)
    return stored


async def _start(client: "RpcClient", config: "ExperimentConfig") -> None:
    """Start an experiment. A request that may have been lost is repeated, but starts the experiment only once."""
    from clau_doom.config import to_yaml
    from clau_doom.errors import ServerUnreachable

    request, config = str(uuid4()), _without_services(config)
    for number in range(_TRIES):
        try:
            await client.start(to_yaml(config), request_id=request)
        except ServerUnreachable:
            if number == _TRIES - 1:
                raise
        else:
            return


def _report(stored: "StoredExperiment", remote: "RemoteServer") -> ExitCode:
    from clau_doom.cli.views.results import show_result
    from clau_doom.config import used_up
    from clau_doom.domain.experiment import ExperimentState

    snapshot, state = stored.snapshot, stored.state
    name = snapshot.experiment.id
    if state is ExperimentState.COMPLETED:
        return show_result(snapshot, stored.config, replay=replay_command(name, DEFAULT_OUTPUT_DIR, remote.address))
    if state is ExperimentState.INTERRUPTED:
        spent = used_up(stored.config, snapshot.running_seconds)
        _say_how_to_go_on(name, snapshot.reason or "its process ended", remote, more=" --max-duration TIME" * spent)
        return ExitCode.OUT_OF_TIME if spent else ExitCode.INTERRUPTED
    reason = f": {snapshot.reason}" if snapshot.reason else ""
    progress_console().print(Text(f"experiment {name} is {state.value}{reason}", "bold yellow"), soft_wrap=True)
    return ExitCode.FAILED


def _say_what_is_followed(stored: "StoredExperiment", remote: "RemoteServer") -> None:
    name, finished, planned = stored.config.name, len(stored.snapshot.summaries), stored.config.generations
    text = f"following {name} at {remote.address}: {stored.state.value}, {finished} of {planned} generations finished"
    progress_console().print(Text(text), soft_wrap=True)


def _say_how_to_go_on(name: str, reason: str, remote: "RemoteServer", *, more: str = "") -> None:
    console = progress_console()
    console.print(Text(f"experiment {name} is interrupted: {reason}", "bold yellow"), soft_wrap=True)
    again = f"clau-doom run --resume {name} --server {shlex.quote(remote.address)}{more}"
    rest = "" if more else " (a server that is started again goes on by itself)"
    console.print(Text(f"go on with: {again}{rest}"), soft_wrap=True)


def _say_how_to_come_back(name: str, remote: "RemoteServer") -> None:
    console = progress_console()
    where = f"{name} --server {shlex.quote(remote.address)}"
    console.print(Text(f"experiment {name} goes on at {remote.address}", "bold yellow"), soft_wrap=True)
    console.print(Text(f"follow it again with: clau-doom run --attach {where}"), soft_wrap=True)
    events = f"clau-doom events {name} --follow {where.removeprefix(name).strip()}"
    console.print(Text(f"print its events with: {events}"), soft_wrap=True)
    console.print(Text(f"end it with: clau-doom cancel {where}"), soft_wrap=True)
