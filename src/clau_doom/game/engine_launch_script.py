"""Launcher script for engines, which ends them with their parent and makes their shared memory removable.

ViZDoom starts the program set by `set_vizdoom_path`. On Linux this is a script, which requests a parent-death signal,
closes inherited files, redirects the engine's output to a file, and stores the engine's process id and the id of its
shared memory in ``/dev/shm``.
"""

import contextlib
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import vizdoom as vzd

__all__ = ["LAUNCHER", "LAUNCHES", "LOG_FILE", "EngineProcess", "launched", "sweep", "write_launcher"]

LAUNCHER = "engine.sh"
LOG_FILE = "engine.log"
LAUNCHES = sys.platform == "linux"
"""Whether engines are started by the script; only Linux has parent-death signals."""

_NOTE = "engine.pid"
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - chosen by ViZDoom
_PREFIXES = ("ViZDoomMQCtr", "ViZDoomMQDoom", "ViZDoomSM")

# PR_SET_PDEATHSIG is 1 and SIGKILL is 9. A parent that ended before the call sends no signal: hence the second check.
_PROGRAM = """\
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
parent, note, *command = sys.argv[1:]
if os.getppid() != int(parent):
    sys.exit("the parent process has ended")
os.closerange(3, 4096)
with open(note, "a") as file:
    file.write(f"{os.getpid()} {command[command.index('+viz_instance_id') + 1]}\\n")
os.execv(command[0], command)
"""


@dataclass(frozen=True, slots=True)
class EngineProcess:
    """Started engine.

    Attributes:
        pid: Process id.
        instance: Id in the names of its shared memory.
    """

    pid: int
    instance: str


def write_launcher(folder: Path, parent: int) -> Path:
    """Write the script into `folder` and return its path.

    Args:
        folder: Absolute path of the engine's private folder.
        parent: Process that will start the engine; the engine ends with it.
    """
    # Output is line-buffered, so that an engine that hangs or is killed leaves its last line.
    unbuffered = [] if (stdbuf := shutil.which("stdbuf")) is None else [stdbuf, "-oL"]
    words = [*unbuffered, sys.executable, "-I", "-S", "-c", _PROGRAM, str(parent), str(folder / _NOTE), vzd.exe_path]
    log = shlex.quote(str(folder / LOG_FILE))
    script = folder / LAUNCHER
    script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@" >{log} 2>&1 </dev/null\n')
    script.chmod(0o700)
    return script


def launched(folder: Path) -> tuple[EngineProcess, ...]:
    """Return the engines started in `folder` since the last sweep, oldest first."""
    try:
        lines = (folder / _NOTE).read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return ()
    words = (line.split() for line in lines)
    return tuple(EngineProcess(int(pair[0]), pair[1]) for pair in words if len(pair) == 2)


def sweep(folder: Path) -> tuple[Path, ...]:
    """Remove the shared memory of the engines of `folder`, which must have ended; return the removed files.

    Args:
        folder: Private folder of engines; may be missing.
    """
    removed = []
    for engine in launched(folder):
        for prefix in _PREFIXES:
            path = _SHARED_MEMORY / f"{prefix}{engine.instance}"
            try:
                path.unlink()
            except FileNotFoundError:
                continue
            removed.append(path)
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        (folder / _NOTE).unlink()
    return tuple(removed)
