"""Help pages, and the libraries that they leave out."""

import subprocess
import sys


def test_renderers_that_help_leaves_out_stay_available() -> None:
    code = (
        "import sys; from clau_doom.cli import run_command; code = run_command(['--help']);"
        "from rich.markdown import Markdown; from rich.traceback import Traceback;"
        "sys.exit(code or len(Markdown('# a').parsed) < 3 or not hasattr(Traceback, 'from_exception'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage: clau-doom [OPTIONS] COMMAND" in done.stdout
