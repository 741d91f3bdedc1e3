"""Films of episodes, made by a separate process.

ViZDoom changes the working directory of its process and ends with the thread that started it. Therefore servers and
runs do not start engines for films themselves.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from clau_doom.access import PrivatePaths
from clau_doom.app.catalog.folder_source import RemoteServer
from clau_doom.domain import Purpose
from clau_doom.errors import StorageFailed, WrongState

__all__ = ["film_episode"]

_PATIENCE = 900.0
_LONGEST_LINE = 1 << 20
"""Maximum size of an output line of a film process, in bytes. Messages are shortened far below this limit."""


async def film_episode(
    output_dir: Path,
    agent: str,
    purpose: Purpose,
    number: int,
    path: Path,
    *,
    seconds: float | None = None,
    remote: RemoteServer | None = None,
    is_progress: Callable[[str], bool] = lambda line: line.startswith("progress "),
) -> None:
    """Replay an episode, verify it against its record, and film it with its overlay.

    Args:
        output_dir: Folder of experiments.
        agent: Id of the agent or of the random baseline.
        purpose: Purpose of the episode.
        number: Index of the episode among the agent's episodes of that purpose.
        path: File to write, with the suffix of a video format. It must not exist.
        seconds: Length of the film in seconds of game time, from the start; None: the whole episode.
        remote: Server of the experiment. None: the experiment is in the output folder.
        is_progress: Receives each line of the process, and returns whether the line is a progress report.

    Raises:
        WrongState: The episode cannot be replayed. The message has the reason.
        StorageFailed: The film cannot be written in time.
    """
    command = [sys.executable, "-P", "-m", "clau_doom", "--output-dir", str(output_dir)]
    command += [*_credentials(remote), "replay", agent]
    command += ["--server", remote.address] if remote else []
    command += ["--purpose", purpose.value.replace("_", "-"), "--episode", str(number)]
    command += ["--overlay", "-o", str(path), "--json", "--progress"]
    if seconds is not None:
        command += ["--to", f"{seconds:g}"]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
        env={**os.environ, "CLAU_DOOM_SERVER": ""},
        start_new_session=True,
    )
    # The workers of experiments have priority.
    with contextlib.suppress(ProcessLookupError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, process.pid, 10)
    try:
        async with asyncio.timeout(_PATIENCE):
            error_line = await _last_message(process, is_progress)
            await process.wait()
    except TimeoutError as error:
        raise StorageFailed(f"the film of {agent} was not finished within {_PATIENCE:g} s") from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode:
        reason = (error_line or "the film could not be made").removeprefix("error: ")
        raise WrongState(PrivatePaths.of_process(output_dir).hide(reason))


def _credentials(remote: RemoteServer | None) -> list[str]:
    """Return the options of the command for the connection to a server. A token itself is in a file or a variable."""
    if remote is None:
        return []
    files = {"--token-file": remote.token_file, "--ca": remote.ca}
    files |= {"--certificate": remote.certificate, "--key": remote.key}
    return [word for name, file in files.items() if file is not None for word in (name, str(file))]


async def _last_message(process: asyncio.subprocess.Process, is_progress: Callable[[str], bool]) -> str:
    """Read the output of a film process until its end, and return the last line that is not a progress line."""
    assert process.stderr is not None
    last = ""
    async for raw in process.stderr:
        line = raw.decode(errors="replace").strip()
        if not is_progress(line) and line:  # policies may print empty lines
            last = line
    return last
