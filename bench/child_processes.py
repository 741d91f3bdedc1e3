"""Child processes of measurements, with a time limit."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.throughput_sample import MeasurementFailed

__all__ = ["python_path", "run_children"]


def python_path() -> str:
    """Return the import path for child processes: the folder of this package and the PYTHONPATH of this process."""
    return os.pathsep.join([str(Path(__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])])


def run_children(commands: Sequence[Sequence[str]], log: Path, patience: float) -> None:
    """Run Python once for each row of arguments, concurrently, and wait until all processes have ended.

    Output goes to a file, because an engine that outlives its parent would keep a pipe open. All child processes and
    their descendants have ended when this function returns or raises.

    Raises:
        MeasurementFailed: A process failed, or took longer than `patience` seconds; the message ends with its output.
    """
    environment = {**os.environ, "PYTHONPATH": python_path()}
    children: list[subprocess.Popen[bytes]] = []
    try:
        with log.open("wb") as output:
            children.extend(
                subprocess.Popen(
                    [sys.executable, *command],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env=environment,
                    start_new_session=True,
                )
                for command in commands
            )
        codes = [child.wait(patience) for child in children]
    except subprocess.TimeoutExpired as error:
        raise MeasurementFailed(_failure(f"took longer than {patience:,.0f} s", commands[0], log)) from error
    finally:
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    if any(codes):
        raise MeasurementFailed(_failure(f"ended with {codes}", commands[0], log))


def _failure(what: str, command: Sequence[str], log: Path) -> str:
    """Return an error message that ends with the output, the command and the failure."""
    output = log.read_text(errors="replace").strip()
    return f"{output}\n{' '.join(command)} {what}" if output else f"{' '.join(command)} {what}"
