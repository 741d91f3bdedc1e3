"""Command `clau-doom events`: print the event log of an experiment."""

import asyncio
import json
import sys
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from clau_doom.app.json_documents import versioned
from clau_doom.cli.console import data_console, json_text
from clau_doom.cli.shared_options import DEFAULT_OUTPUT_DIR, OutputDir, Server, remote_server

if TYPE_CHECKING:
    from clau_doom.app.catalog.folder_source import RemoteServer
    from clau_doom.domain.events import RecordedEvent

__all__ = ["events"]

_STYLES = {"routine": "dim", "success": "green", "warning": "yellow", "error": "red"}


def events(
    experiment: Annotated[str, typer.Argument(metavar="ID", help="Id of the experiment.")],
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Follow the log while the experiment runs.")] = False,
    after: Annotated[int, typer.Option("--after", metavar="N", min=0, help="Only events with a larger number.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document per line.")] = False,
    server: Server = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """Print the event log of an experiment."""
    asyncio.run(_print(experiment, remote_server(server), output_dir, after=after, follow=follow, as_json=as_json))


async def _print(
    experiment: str, remote: "RemoteServer | None", output_dir: Path, *, after: int, follow: bool, as_json: bool
) -> None:
    from clau_doom.app.catalog import open_source

    console = data_console()
    async with (
        open_source(remote, output_dir) as source,
        aclosing(source.events(experiment, after, follow=follow)) as log,
    ):
        async for recorded in log:
            if as_json:
                sys.stdout.write(_json(experiment, recorded) + "\n")
                sys.stdout.flush()
            else:
                console.print(_line(recorded), soft_wrap=True)


def _json(experiment: str, recorded: "RecordedEvent") -> str:
    from clau_doom.wire import event_json, event_message

    plain = json.loads(event_json(event_message(experiment, recorded)))
    return json_text(versioned(plain))


def _line(recorded: "RecordedEvent") -> Text:
    from clau_doom.domain.event_declaration import declaration_of, summary_of
    from clau_doom.escaping import printable_message

    declaration = declaration_of(recorded.event)
    when = datetime.fromtimestamp(recorded.time).astimezone().strftime("%H:%M:%S")
    style = _STYLES.get(declaration.severity.value, "")
    return Text.assemble(
        (f"{recorded.sequence:>6}  {when}  ", "dim"),
        (f"{declaration.title:<24}", style),
        printable_message(summary_of(recorded.event)),
    )
