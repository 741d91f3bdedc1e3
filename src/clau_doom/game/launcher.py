"""How an engine is started so that it dies with its parent and leaves nothing behind.

ViZDoom starts whatever `set_vizdoom_path` names. On Linux that is a script of ours: it asks the kernel to kill the
engine when its parent dies, closes what it inherited, sends the engine's output to a file, and notes the engine's
process and the id under which its shared memory lies in ``/dev/shm``.
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
"""Whether engines are started by the script; elsewhere there is no parent-death signal."""

_NOTE = "engine.pid"
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where ViZDoom itself puts it
_PREFIXES = ("ViZDoomMQCtr", "ViZDoomMQDoom", "ViZDoomSM")

# PR_SET_PDEATHSIG is 1 and SIGKILL is 9. A parent that died before the call sends no signal: hence the second look.
_PROGRAM = """\
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
parent, note, *command = sys.argv[1:]
if os.getppid() != int(parent):
    sys.exit("the parent is gone")
os.closerange(3, 4096)
with open(note, "a") as file:
    file.write(f"{os.getpid()} {command[command.index('+viz_instance_id') + 1]}\\n")
os.execv(command[0], command)
"""


@dataclass(frozen=True, slots=True)
class EngineProcess:
    """One start of an engine.

    Attributes:
        pid: Its process.
        instance: The id in the names of its shared memory.
    """

    pid: int
    instance: str


def write_launcher(folder: Path, parent: int) -> Path:
    """Write the script into `folder` and return its path.

    Args:
        folder: The engine's private folder, absolute.
        parent: The process that will start the engine and that it must not outlive.
    """
    # Its output is written line by line, so that an engine that hangs or is killed leaves its last line.
    unbuffered = [] if (stdbuf := shutil.which("stdbuf")) is None else [stdbuf, "-oL"]
    words = [*unbuffered, sys.executable, "-I", "-S", "-c", _PROGRAM, str(parent), str(folder / _NOTE), vzd.exe_path]
    log = shlex.quote(str(folder / LOG_FILE))
    script = folder / LAUNCHER
    script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@" >{log} 2>&1 </dev/null\n')
    script.chmod(0o700)
    return script


def launched(folder: Path) -> tuple[EngineProcess, ...]:
    """Return the engines that were started in `folder` and not yet swept, oldest first."""
    try:
        lines = (folder / _NOTE).read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return ()
    words = (line.split() for line in lines)
    return tuple(EngineProcess(int(pair[0]), pair[1]) for pair in words if len(pair) == 2)


def sweep(folder: Path) -> tuple[Path, ...]:
    """Remove the shared memory that the dead engines of `folder` left, and return what was removed.

    The engines must be dead; those of other folders are never touched.

    Args:
        folder: A private folder that engines were started in; need not exist.
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
