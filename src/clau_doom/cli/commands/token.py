"""Commands `clau-doom token`: create, list, rotate and remove the tokens of a folder's server."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from clau_doom.cli.command_decorators import add_command, command_group
from clau_doom.cli.console import MessageStream, data_console, print_json
from clau_doom.cli.shared_options import CURRENT, DEFAULT_OUTPUT_DIR, AsJson, OutputDir

if TYPE_CHECKING:
    from clau_doom.access import TokenFiles

__all__ = ["app"]

app = command_group(
    "token",
    "Create, list, rotate and remove tokens of a server.\n\nA running server uses a change within a second.",
    "clau-doom token create ci --read-only",
)

_Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the token, shown in the audit log.")]


@add_command(app, "clau-doom token create ci --read-only")
def create(
    name: _Name,
    *,
    read_only: Annotated[bool, typer.Option("--read-only", help="Refuse changes with this token.")] = False,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """Create a token, and print the path of its file."""
    from clau_doom.access import Role

    token = _files(output_dir).create(name, Role.READ_ONLY if read_only else Role.FULL)
    data_console().print(Text(str(token.path)), soft_wrap=True)


@add_command(app, "clau-doom token list", name="list")
def list_(*, as_json: AsJson = False, output_dir: OutputDir = DEFAULT_OUTPUT_DIR) -> None:
    """List the tokens with their roles and files."""
    tokens = _files(output_dir).all()
    if as_json:
        print_json(
            {"tokens": [{"name": each.name, "role": each.role.value, "file": str(each.path)} for each in tokens]}
        )
        return
    for token in tokens:
        data_console().print(Text(f"{token.name:<16} {token.role.value:<9} {token.path}"), soft_wrap=True)


@add_command(app, "clau-doom token rotate ci")
def rotate(name: _Name, *, output_dir: OutputDir = DEFAULT_OUTPUT_DIR) -> None:
    """Replace the secret of a token."""
    token = _files(output_dir).rotate(name)
    data_console().print(Text(str(token.path)), soft_wrap=True)


@add_command(app, "clau-doom token remove ci")
def remove(name: _Name, *, output_dir: OutputDir = DEFAULT_OUTPUT_DIR) -> None:
    """Remove a token."""
    path = _files(output_dir).remove(name)
    data_console().print(Text(f"removed {path}"), soft_wrap=True)


def _files(output_dir: Path) -> "TokenFiles":
    """Return the token files in the folder of `--token-file`, or in the output folder."""
    from clau_doom.app.token_and_audit_files import token_files
    from clau_doom.config import GrpcConfig
    from clau_doom.logs import configure_logs

    configure_logs(MessageStream(), brief=True)  # an unusable token file is a warning
    owner = CURRENT.get().token_file
    return token_files(GrpcConfig(token_file=str(owner) if owner else None), output_dir)
