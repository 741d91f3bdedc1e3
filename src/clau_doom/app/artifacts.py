"""What the dashboard shows and no store holds: maps, and films, each made by a process of its own and kept a while.

An engine changes its process's folder and ends with the thread that started it, so that a server starts none itself.
"""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from clau_doom.access import PrivatePaths
from clau_doom.app.analyze import analyse, archive
from clau_doom.app.plan import make_fitness
from clau_doom.app.report import report_comparison, report_experiment
from clau_doom.config import ExperimentConfig, StoredExperiment
from clau_doom.domain import Fitness, GenomeSpace, Purpose
from clau_doom.errors import StorageFailed, WrongState
from clau_doom.web import FilmProgress

if TYPE_CHECKING:
    from clau_doom.analysis.elite_map import EliteMap

__all__ = ["Studio"]

_MOST_KEPT = 24
_MOST_WAITING = 4
_PATIENCE = 900.0
_LONGEST_LINE = 1 << 20
"""Bytes of one line of a film's process; its texts are shortened far below that."""


class Studio:
    """Makes what the dashboard shows; films one at a time. Enter it; leaving removes them. Implements `web.Studio`."""

    def __init__(self, output_dir: Path) -> None:
        """Work for the experiments that are kept in a folder."""
        self._output_dir = output_dir
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._kept: OrderedDict[str, Path] = OrderedDict()
        self._making = asyncio.Lock()
        self._waiting = 0
        self._progress: dict[str, FilmProgress] = {}

    async def __aenter__(self) -> Self:
        """Make a folder for films."""
        self._folder = tempfile.TemporaryDirectory(prefix="clau-doom-films-")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove it."""
        assert self._folder is not None, "entered first"
        self._folder.cleanup()

    def fitness(self, config: ExperimentConfig) -> Fitness:
        """Return the fitness that a configuration asks for."""
        return make_fitness(config)

    def elites(self, stored: StoredExperiment, space: GenomeSpace) -> "EliteMap | None":
        """Return the map of a MAP-Elites archive, or None where there is none."""
        from clau_doom.analysis.elite_map import EliteMap  # noqa: PLC0415 - with what statistics need, and no run

        found = archive(stored, space)
        return found if isinstance(found, EliteMap) else None

    def report(self, experiments: Sequence[StoredExperiment], space: GenomeSpace | None) -> str:
        """Return the report of an experiment, or of several side by side, as HTML."""
        from clau_doom.analysis.unavailable import Unavailable  # noqa: PLC0415 - with what statistics need, and no run

        first, *others = experiments
        if others:
            return report_comparison(experiments, first.snapshot.experiment.id)
        known = space or Unavailable(missing="the policy's genes are not known here")
        return report_experiment(first, analysis=analyse(first, space=known))

    def find_film(self, key: str) -> Path | None:
        """Return a film that was made, or None."""
        return self._kept.get(key)

    async def film(self, uuid: str, agent: str, purpose: Purpose, number: int) -> str:
        """Play an episode again, prove that it is the recorded one, and film it; return the film's key.

        Args:
            uuid: The experiment's: another of its name may come after it.
            agent: The id of the agent, or of the random baseline.
            purpose: What it was played for.
            number: Its place among the agent's episodes of that purpose.

        Raises:
            WrongState: It cannot be played again, or too many wait for films; the message says why.
            StorageFailed: The film cannot be written.
        """
        key = _key(uuid, agent, purpose, number)
        if self._waiting >= _MOST_WAITING:
            raise WrongState(f"{_MOST_WAITING} films are waited for already: ask again when one is made")
        self._waiting += 1
        self._progress.setdefault(key, FilmProgress(stage="waiting"))
        try:
            async with self._making:
                if key not in self._kept:
                    self._kept[key] = await self._made(key, agent, purpose, number)
                self._kept.move_to_end(key)
                while len(self._kept) > _MOST_KEPT:
                    _, oldest = self._kept.popitem(last=False)
                    oldest.unlink(missing_ok=True)
        finally:
            self._waiting -= 1
            self._progress.pop(key, None)
        return key

    def film_progress(self, uuid: str, agent: str, purpose: Purpose, number: int) -> FilmProgress | None:
        """Return how far a film is, or None where it is not being made."""
        return self._progress.get(_key(uuid, agent, purpose, number))

    async def _made(self, key: str, agent: str, purpose: Purpose, number: int) -> Path:
        assert self._folder is not None, "entered first"
        path = Path(self._folder.name) / f"{key}.mp4"
        command = [sys.executable, "-P", "-m", "clau_doom", "--output-dir", str(self._output_dir), "replay", agent]
        command += ["--purpose", purpose.value.replace("_", "-"), "--episode", str(number)]
        command += ["--overlay", "-o", str(path), "--json", "--progress"]
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
            env={**os.environ, "CLAU_DOOM_SERVER": ""},
            start_new_session=True,
        )
        # The experiment's workers come first.
        with contextlib.suppress(ProcessLookupError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, process.pid, 10)
        try:
            async with asyncio.timeout(_PATIENCE):
                said = await self._followed(key, process)
                await process.wait()
        except TimeoutError as error:
            raise StorageFailed(f"the film of {agent} was not made within {_PATIENCE:g} s") from error
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if process.returncode:
            reason = (said or "the film could not be made").removeprefix("error: ")
            raise WrongState(PrivatePaths.of_process(self._output_dir).hide(reason))
        return path

    async def _followed(self, key: str, process: asyncio.subprocess.Process) -> str:
        """Read what a film's process writes until it ends; return the last line that is no progress."""
        assert process.stderr is not None
        last = ""
        async for raw in process.stderr:
            line = raw.decode(errors="replace").strip()
            if progress := _progress_of(line):
                self._progress[key] = progress
            elif line:  # a policy may print empty lines
                last = line
        return last


def _key(uuid: str, agent: str, purpose: Purpose, number: int) -> str:
    return sha256(f"{uuid} {agent} {purpose.value} {number}".encode()).hexdigest()[:24]


def _progress_of(line: str) -> FilmProgress | None:
    """Return the progress that a line of `clau-doom replay --progress` tells, or None for any other line."""
    words = line.split(" ")
    if words == ["progress", "playing"]:
        return FilmProgress(stage="playing")
    if len(words) == 3 and words[:2] == ["progress", "filming"]:
        with contextlib.suppress(ValueError):
            return FilmProgress(stage="filming", share=float(words[2]))
    return None
