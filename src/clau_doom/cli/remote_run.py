"""`clau-doom run --server`: an experiment that a server runs, submitted and followed from here."""

import asyncio
import shlex
import signal
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from rich.text import Text

from clau_doom.cli.console import ExitCode, progress_console
from clau_doom.cli.options import DEFAULT_OUTPUT_DIR, replay_command

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from clau_doom.bootstrap.sources import Remote
    from clau_doom.config import ExperimentConfig, StoredExperiment
    from clau_doom.domain.events import Event, RecordedEvent
    from clau_doom.rpc import RpcClient

__all__ = ["run_at_server"]

_TRIES = 3


def run_at_server(
    remote: "Remote", output_dir: Path, *, config: "ExperimentConfig | None" = None, resume: str | None = None
) -> ExitCode:
    """Start an experiment at a server, or go on with one, and follow it to its end.

    Ctrl-C leaves it running.

    Args:
        remote: The server.
        output_dir: Where its token may lie.
        config: What to start, or None.
        resume: What to go on with, or None.
    """
    name = resume or (config.name if config else "")
    # Whoever started this in the background may have had it ignored; asyncio minds the default handler alone.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return asyncio.run(_run(remote, output_dir, name, config))
    except KeyboardInterrupt:
        _say_how_to_come_back(name, remote)
        return ExitCode.INTERRUPTED


async def _run(remote: "Remote", output_dir: Path, name: str, config: "ExperimentConfig | None") -> ExitCode:
    from clau_doom.bootstrap.servers import ServerSource, reach
    from clau_doom.cli.progress import show_progress
    from clau_doom.domain.events import ExperimentInterrupted

    async with reach(remote, output_dir) as client:
        source = ServerSource(client)
        if config is None:
            before = await source.experiment(name)
            await client.resume(name)
            config, snapshot, known = before.config, before.snapshot, before.snapshot.last_sequence
        else:
            await _start(client, config)
            snapshot, known = None, 0
        last: Event | None = None

        async def noted(log: "AsyncIterator[RecordedEvent]") -> "AsyncIterator[RecordedEvent]":
            nonlocal last
            async for recorded in log:
                last = recorded.event
                yield recorded

        async with aclosing(source.events(name, known, follow=True)) as log:
            await show_progress(noted(log), config, snapshot=snapshot)
        if isinstance(last, ExperimentInterrupted):  # the server may be gone by now
            _say_how_to_go_on(name, last.reason, remote)
            return ExitCode.INTERRUPTED
        return _report(await source.experiment(name), remote)


async def _start(client: "RpcClient", config: "ExperimentConfig") -> None:
    """Start an experiment; a request that may have been lost is sent again, which starts it once."""
    from clau_doom.config import to_yaml
    from clau_doom.errors import ServerUnreachable

    request = str(uuid4())
    for number in range(_TRIES):
        try:
            await client.start(to_yaml(config), request_id=request)
        except ServerUnreachable:
            if number == _TRIES - 1:
                raise
        else:
            return


def _report(stored: "StoredExperiment", remote: "Remote") -> ExitCode:
    from clau_doom.cli.results import show_result
    from clau_doom.domain.experiment import ExperimentState

    name, state = stored.snapshot.experiment.id, stored.state
    if state is ExperimentState.COMPLETED:
        return show_result(
            stored.snapshot, stored.config, replay=replay_command(name, DEFAULT_OUTPUT_DIR, remote.address)
        )
    reason = f": {stored.snapshot.reason}" if stored.snapshot.reason else ""
    progress_console().print(Text(f"experiment {name} is {state.value}{reason}", "bold yellow"), soft_wrap=True)
    return ExitCode.FAILED


def _say_how_to_go_on(name: str, reason: str, remote: "Remote") -> None:
    console = progress_console()
    console.print(Text(f"experiment {name} is interrupted: {reason}", "bold yellow"), soft_wrap=True)
    again = f"clau-doom run --resume {name} --server {shlex.quote(remote.address)}"
    console.print(f"go on with: {again} (a server that is started again goes on by itself)", soft_wrap=True)


def _say_how_to_come_back(name: str, remote: "Remote") -> None:
    console = progress_console()
    address = shlex.quote(remote.address)
    console.print(f"experiment {name} goes on at {remote.address}", style="bold yellow", soft_wrap=True)
    console.print(f"come back with: clau-doom events {name} --follow --server {address}", soft_wrap=True)
    console.print(f"end it with:    clau-doom cancel {name} --server {address}", soft_wrap=True)
