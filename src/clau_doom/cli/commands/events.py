"""`clau-doom events`: an experiment's log, as it is or as it grows."""

import asyncio
import json
import sys
from contextlib import aclosing
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from clau_doom.cli.console import SCHEMA_VERSION, data_console, json_text
from clau_doom.cli.options import DEFAULT_OUTPUT_DIR, OutputDir, Server, remote_of

if TYPE_CHECKING:
    from clau_doom.app.catalog.sources import Remote
    from clau_doom.domain.events import Event, RecordedEvent

__all__ = ["events"]

_LONGEST = 200
_STYLES = {"failed": "red", "lost": "yellow", "interrupted": "yellow", "cancelled": "red", "completed": "green"}


def events(
    experiment: Annotated[str, typer.Argument(metavar="ID", help="The experiment's id.")],
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more while the experiment is run.")] = False,
    after: Annotated[int, typer.Option("--after", metavar="N", min=0, help="Only events after this sequence.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document a line.")] = False,
    server: Server = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """Print an experiment's events: everything that has happened to it, in order."""
    asyncio.run(_print(experiment, remote_of(server), output_dir, after=after, follow=follow, as_json=as_json))


async def _print(
    experiment: str, remote: "Remote | None", output_dir: Path, *, after: int, follow: bool, as_json: bool
) -> None:
    from clau_doom.app.catalog.lookup import open_source

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
    return json_text({"schema_version": SCHEMA_VERSION, **plain})


def _line(recorded: "RecordedEvent") -> Text:
    words = _words(type(recorded.event).__name__)
    when = datetime.fromtimestamp(recorded.time).astimezone().strftime("%H:%M:%S")
    style = _STYLES.get(words.split()[-1], "bold")
    return Text.assemble((f"{recorded.sequence:>6}  {when}  ", "dim"), (f"{words:<22}", style), _told(recorded.event))


def _words(name: str) -> str:
    return "".join(f" {char.lower()}" if char.isupper() else char for char in name).strip()


def _told(event: "Event") -> str:
    """Return what an event says, on one line; long parts are left to the JSON."""
    parts = []
    for field in fields(event):
        value = getattr(event, field.name)
        text = _short(value)
        if text:
            parts.append(f"{field.name} {text}")
    return ", ".join(parts)


def _short(value: object) -> str:
    from clau_doom.domain import AgentRef, Episode
    from clau_doom.domain.experiment import GenerationSummary

    match value:
        case AgentRef():
            text = f"g{value.generation:03d}-a{value.index:03d}"
        case Episode():
            text = f"{value.number} of {value.agent} ({value.purpose.value}), {value.outcome.measures.tics:g} tics"
        case GenerationSummary():
            text = f"{value.index}: best {value.best_fitness:g}, mean {value.mean_fitness:g}, {value.failed} failed"
        case tuple():
            text = f"({len(value)})"
        case float():
            text = f"{value:g}"
        case bool() | int() | str():
            text = str(value)
        case _:
            text = ""
    return "" if "\n" in text or len(text) > _LONGEST else text
