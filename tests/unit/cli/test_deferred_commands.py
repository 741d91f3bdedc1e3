"""Commands that are imported when they are invoked."""

import subprocess
import sys

from tests.support.command_line import Run


def test_only_the_invoked_command_is_imported() -> None:
    code = (
        "import sys; from clau_doom.cli import run_command; run_command(['scenarios', '--help']);"
        "print(*sorted(name for name in sys.modules if name.startswith('clau_doom.cli.commands.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "clau_doom.cli.commands.scenarios"


def test_unknown_command_suggests_the_nearest(run: Run) -> None:
    done = run("scenario")
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: No such command 'scenario'. Did you mean 'scenarios'?: see clau-doom --help\n"
