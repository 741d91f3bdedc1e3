"""Command line of clau-doom.

Each module of `commands` has one command or command group, which parses arguments, calls the application layer, and
prints the result. Data goes to stdout, all other output to stderr. `console` formats errors and JSON; `options` has the
shared options. Concrete classes are used through `clau_doom.app` only.

`command_table` names all commands. The module of a command is imported when the command is invoked. Commands import
slow modules (the engine, statistics, plots) when they run, so that ``--help`` and usage errors appear at once.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from clau_doom import __version__
from clau_doom.cli.console import ExitCode, report_dropped_output, report_error
from clau_doom.cli.deferred_commands import RootGroup
from clau_doom.cli.shared_options import CURRENT, DEFAULT_OUTPUT_DIR, OUTPUT_DIR_VARIABLE, SharedOptions, home_expanded
from clau_doom.cli.standard_streams import install_streams, output_failure
from clau_doom.machine_limits import address_space_problem
from clau_doom.parameter_names import option_names

__all__ = ["app", "main", "run_command"]

app = typer.Typer(
    name="clau-doom",
    cls=RootGroup,
    help="Evolutionary AI agent experimentation platform: evolves populations of agents that play DOOM in ViZDoom.",
    epilog="Example:\n  clau-doom run --config quickstart.yaml --web",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(value: bool) -> None:  # noqa: FBT001 - typer's signature
    if value:
        typer.echo(f"clau-doom {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    *,
    output_dir: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER",
            envvar=OUTPUT_DIR_VARIABLE,
            help="Folder of experiments; also an option of each command.",
        ),
    ] = DEFAULT_OUTPUT_DIR,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", envvar="CLAU_DOOM_TOKEN_FILE", help="File of the server's token."),
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar="CLAU_DOOM_CA",
            help="File of the authority that signed the server's certificate (PEM).",
        ),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(metavar="FILE", envvar="CLAU_DOOM_CERTIFICATE", help="File of your client certificate (PEM)."),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", envvar="CLAU_DOOM_KEY", help="File of the private key of your certificate (PEM)."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Print the traceback of an error.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    options = context.ensure_object(SharedOptions)
    options.output_dir, options.debug = home_expanded(output_dir), debug
    options.token_file, options.ca = token_file and home_expanded(token_file), ca and home_expanded(ca)
    options.certificate, options.key = certificate and home_expanded(certificate), key and home_expanded(key)
    wants_help = {"-h", "--help"} & {*sys.argv[1:]}
    # This check precedes imports of native libraries, which hang or crash if memory is missing.
    if not wants_help and (problem := address_space_problem(context.invoked_subcommand or "")):
        from clau_doom.errors import UsageError

        raise UsageError(problem)


def run_command(arguments: list[str]) -> int:
    """Carry out one command and return its exit code; errors are printed, never raised."""
    options = SharedOptions()
    CURRENT.set(options)
    try:
        with option_names():
            ended = app(arguments, prog_name="clau-doom", obj=options, standalone_mode=False)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:
        return report_error(error, debug=options.debug)
    return ended if isinstance(ended, int) else ExitCode.DONE


def main() -> None:
    """Entry point of the `clau-doom` command."""
    install_streams()
    os.umask(os.umask(0o077) | 0o022)  # other users cannot write the files, also under a umask of 0
    code = run_command(sys.argv[1:])
    if failure := output_failure():
        report_dropped_output(failure)
    sys.exit(code)
