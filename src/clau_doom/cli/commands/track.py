"""Command `clau-doom track`: write a stored or running experiment to a tracker."""

import asyncio
import signal
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from clau_doom.cli.console import MessageStream, data_console, print_json, progress_console
from clau_doom.cli.shared_options import DEFAULT_OUTPUT_DIR, AsJson, OutputDir, Server, remote_server
from clau_doom.errors import ConfigError
from clau_doom.number_format import counted

if TYPE_CHECKING:
    from clau_doom.app.catalog.folder_source import RemoteServer
    from clau_doom.app.tracking.tracker_follower import WrittenCounts
    from clau_doom.config import TrackerConfig

__all__ = ["track"]


def track(
    experiment: Annotated[str, typer.Argument(metavar="ID", help="Id of the experiment.")],
    *,
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="KIND", help="Kind of the tracker: tensorboard, mlflow, wandb, jsonl, webhook or class."
        ),
    ],
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="NAME=VALUE", help="Field of the tracker's section, such as folder=logs."),
    ] = None,
    as_json: AsJson = False,
    server: Server = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """Write an experiment to a tracker; follow it while it runs."""
    from clau_doom.app.track import tracker_config
    from clau_doom.logs import configure_logs

    configure_logs(MessageStream(), brief=True)
    config = tracker_config(to, _fields(option or []))
    with progress_console().status(Text(f"writing {experiment}"), spinner_style="red"):
        written = asyncio.run(_tracked(remote_server(server), output_dir, experiment, config))
    if as_json:
        print_json({"experiment": experiment, "tracker": to, **asdict(written)})
    else:
        data_console().print(Text(_summary(written)), soft_wrap=True)


async def _tracked(
    remote: "RemoteServer | None", output_dir: Path, experiment: str, config: "TrackerConfig"
) -> "WrittenCounts":
    from clau_doom.app.catalog import open_source
    from clau_doom.app.track import track_experiment

    # SIGTERM ends the command as Ctrl-C does, so that the process of a film ends, too.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, signal.raise_signal, signal.SIGINT)
    async with open_source(remote, output_dir) as source:
        return await track_experiment(source, experiment, config)


def _fields(options: list[str]) -> dict[str, object]:
    from clau_doom.strict_yaml import parse_value

    fields: dict[str, object] = {}
    for option in options:
        name, mark, text = option.partition("=")
        if not mark or not name or not text:
            raise ConfigError(f"--option {option!r} is not NAME=VALUE: write for example folder=logs")
        if name in fields or name == "kind":
            raise ConfigError(f"--option {name} is given twice: use it once")
        try:
            fields[name] = parse_value(text)
        except ValueError as error:
            raise ConfigError(f"--option {name}: {text!r} is not a valid value: {error}") from None
    return fields


def _summary(written: "WrittenCounts") -> str:
    if not written.events:
        return f"{written.target}  up to date"
    parts = [counted(written.events, "event"), counted(written.generations, "generation")]
    parts += ["results"] if written.results else []
    parts += ["film"] if written.film else []
    return f"{written.target}  {', '.join(parts)}"
