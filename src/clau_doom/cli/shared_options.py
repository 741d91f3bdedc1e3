"""Shared options of commands, and the options of the root command."""

import shlex
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from clau_doom.app.catalog.folder_source import RemoteServer
    from clau_doom.app.trusted_code import Trust

__all__ = [
    "CURRENT",
    "DEFAULT_OUTPUT_DIR",
    "OUTPUT_DIR_VARIABLE",
    "SERVER_VARIABLE",
    "AsJson",
    "Note",
    "OutputDir",
    "Server",
    "SharedOptions",
    "TrustedNames",
    "home_expanded",
    "remote_server",
    "replay_command",
    "resume_command",
    "trust_of",
]

DEFAULT_OUTPUT_DIR = Path("runs")
OUTPUT_DIR_VARIABLE = "CLAU_DOOM_OUTPUT_DIR"
SERVER_VARIABLE = "CLAU_DOOM_SERVER"


@dataclass(slots=True)
class SharedOptions:
    """Options of the root command, for the subcommand.

    Attributes:
        debug: Whether to print tracebacks.
        output_dir: The folder of experiments; an option of the subcommand takes precedence.
        token_file: The file with a server's token, or None for the default search.
        ca: The authority that signed a server's certificate, or None.
        certificate: The client's own certificate, or None.
        key: The key of that certificate, or None.
    """

    debug: bool = False
    output_dir: Path = DEFAULT_OUTPUT_DIR
    token_file: Path | None = None
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


CURRENT: ContextVar[SharedOptions] = ContextVar("options")
"""Options of the current command line."""


def _output_dir_or_default(context: typer.Context, value: Path) -> Path:
    """Return the subcommand's option if given, or else the value of the root command's option or the environment."""
    source = context.get_parameter_source("output_dir")
    explicit = source is not None and source.name == "COMMANDLINE"
    return home_expanded(value) if explicit or not isinstance(context.obj, SharedOptions) else context.obj.output_dir


def home_expanded(path: Path) -> Path:
    """Return a path with ``~`` expanded, which a shell does not expand in a variable or after ``--option=``.

    Raises:
        BadParameter: The path names a user without a home folder.
    """
    if not str(path).startswith("~"):
        return path
    from clau_doom.config.path_expansion import expand_home

    try:
        return Path(expand_home(str(path)))
    except ValueError as error:
        raise typer.BadParameter(f"{str(path)!r} {error}") from error


OutputDir = Annotated[
    Path,
    typer.Option(
        "--output-dir",
        metavar="FOLDER",
        callback=_output_dir_or_default,
        show_default=False,
        help=f"Folder of experiments (default: ${OUTPUT_DIR_VARIABLE}, else {DEFAULT_OUTPUT_DIR}).",
    ),
]
"""The parameter must have the name ``output_dir`` and the default `DEFAULT_OUTPUT_DIR`."""

Server = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="ADDRESS",
        envvar=SERVER_VARIABLE,
        help="Use the server at host:port or unix:PATH in place of the folder.",
    ),
]


Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="Reason for the server's audit log.")]


def remote_server(server: str | None) -> "RemoteServer | None":
    """Return the connection settings for a server's address; None for no address."""
    from clau_doom.app.catalog.folder_source import RemoteServer

    if not server:
        return None
    if server.startswith("unix:~"):
        from clau_doom.config.path_expansion import expand_address

        try:
            server = expand_address(server)
        except ValueError as error:
            raise typer.BadParameter(f"{server!r} {error}") from error
    options = CURRENT.get()
    return RemoteServer(
        address=server,
        token_file=options.token_file,
        ca=options.ca,
        certificate=options.certificate,
        key=options.key,
    )


TrustedNames = Annotated[
    list[str] | None,
    typer.Option(
        "--trust",
        metavar="NAME",
        envvar="CLAU_DOOM_TRUST",
        help="Policy class or measure (module:Name), or agent address, that files and servers may use; repeatable.",
    ),
]


def trust_of(names: list[str] | None, *more: str | None) -> "Trust":
    """Return the user's consent to classes, measures and addresses by name; None among them is omitted."""
    from clau_doom.app.trusted_code import Trust

    return Trust(frozenset(name for name in (*(names or ()), *more) if name))


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document in place of tables.")]


def resume_command(experiment: str, output_dir: Path) -> str:
    """Return the command that resumes an experiment."""
    return f"clau-doom run --resume {experiment}{_output_dir_option(output_dir)}"


def replay_command(experiment: str, output_dir: Path, server: str | None = None) -> str:
    """Return the command that films an experiment's champion, from its server or the local folder."""
    where = f" --server {shlex.quote(server)}" if server else _output_dir_option(output_dir)
    return f"clau-doom replay {experiment} --overlay -o {experiment}.mp4{where}"


def _output_dir_option(output_dir: Path) -> str:
    return "" if output_dir == DEFAULT_OUTPUT_DIR else f" --output-dir {shlex.quote(str(output_dir))}"
