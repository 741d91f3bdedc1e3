"""Live picture of a worker's episode, in memory shared with the orchestrator.

Usually no picture is requested. Then a worker only reads one number at each decision, which takes some tens of
nanoseconds. After a request, the worker writes one picture at a decision, and the reader finds it at the next read. The
rate of the requests decides the cost, so the worker needs no clock.
"""

import mmap
import struct
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from clau_doom.domain import LiveFrame
from clau_doom.ports import Action, Engine, Observation

__all__ = ["SharedFrame"]

_FIELDS = struct.Struct("<QQIIIddI")  # task, tic, height, width, channels, health, kills, bytes of the held buttons
_ASKED, _BODY = 0, 8
_HELD = 512
_PIXELS = mmap.PAGESIZE
_MOST_CHANNELS = 3


class SharedFrame:
    """A mapped file with a request flag and one picture.

    One process writes and one reads. The picture is written only while the flag is set, and read only while it is not.
    So a reader never sees a partial picture.
    """

    def __init__(self, path: Path, resolution: tuple[int, int] | None = None) -> None:
        """Map the file at `path`.

        Args:
            path: The file.
            resolution: The largest width and height of a picture, in pixels, to create the file; None: the file exists.
        """
        if resolution is not None:
            with path.open("wb") as file:
                file.truncate(_PIXELS + resolution[0] * resolution[1] * _MOST_CHANNELS)
        with path.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), 0)
        self._numbers = memoryview(self._page)[:_BODY].cast("Q")
        self._most = len(self._page) - _PIXELS
        self._begun = False

    def __enter__(self) -> Self:
        """Return the shared frame."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Unmap the file."""
        self.close()

    def close(self) -> None:
        """Unmap the file."""
        self._numbers.release()
        self._page.close()

    @property
    def requested(self) -> memoryview:
        """View of one number that is not 0 while a picture is requested; read at every decision."""
        return self._numbers

    def show(self, task: int, engine: Engine, observation: Observation, action: Action) -> None:
        """Write the picture of a decision.

        Args:
            task: The worker's number of the episode.
            engine: The engine that draws the screen.
            observation: The current observation.
            action: The action that led to the observation.
        """
        facts, pixels = engine.facts, np.ascontiguousarray(engine.screen())
        height, width, channels = (*pixels.shape, 1)[:3]
        known = dict(zip(facts.variables, observation.variables.tolist(), strict=True))
        self.write(
            LiveFrame(
                task=task,
                tic=observation.tic,
                health=known.get("HEALTH", 0.0),
                kills=known.get("KILLCOUNT", 0.0),
                held=tuple([name for name, value in zip(facts.buttons, action.buttons, strict=False) if value]),
                width=width,
                height=height,
                channels=channels,
                pixels=pixels.tobytes(),
            )
        )

    def write(self, it: LiveFrame) -> None:
        """Write a requested picture. A picture that is too large is dropped."""
        if len(it.pixels) <= self._most:
            held = " ".join(it.held).encode()[:_HELD]
            numbers = (it.task, it.tic, it.height, it.width, it.channels, it.health, it.kills, len(held))
            _FIELDS.pack_into(self._page, _BODY, *numbers)
            start = _BODY + _FIELDS.size
            self._page[start : start + len(held)] = held
            self._page[_PIXELS : _PIXELS + len(it.pixels)] = it.pixels
        self._numbers[0] = 0

    def look(self) -> LiveFrame | None:
        """Return the picture that the last call requested, or None if it is not ready; request another one."""
        if self._numbers[0]:
            return None
        frame = self._read() if self._begun else None
        self._begun = True
        self._numbers[0] = 1
        return frame

    def _read(self) -> LiveFrame | None:
        task, tic, height, width, channels, health, kills, length = _FIELDS.unpack_from(self._page, _BODY)
        size = height * width * channels
        if not 0 < size <= self._most:
            return None
        start = _BODY + _FIELDS.size
        held = self._page[start : start + min(length, _HELD)].decode(errors="replace")
        return LiveFrame(
            task=task,
            tic=tic,
            health=health,
            kills=kills,
            held=tuple(held.split()),
            width=width,
            height=height,
            channels=channels,
            pixels=self._page[_PIXELS : _PIXELS + size],
        )
