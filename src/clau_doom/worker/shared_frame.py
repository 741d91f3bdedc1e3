"""A window into the episode that a worker plays, in memory that it shares with whoever looks.

Nobody looks most of the time: then a worker reads one number at each decision, which takes some tens of nanoseconds.
Who looks asks for a picture and finds it there a moment later, of one decision between two looks: how often one looks
decides what it costs, and no clock is asked for it here.
"""

import mmap
import struct
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from clau_doom.domain import Picture
from clau_doom.ports import Action, Engine, Observation

__all__ = ["SharedFrame"]

_FIELDS = struct.Struct("<QQIIIddI")  # task, tic, height, width, channels, health, kills, bytes of what is held
_ASKED, _BODY = 0, 8
_HELD = 512
_PIXELS = mmap.PAGESIZE
_MOST_CHANNELS = 3


class SharedFrame:
    """A mapped file: a number that says whether a picture is asked for, and the picture.

    One process writes and one looks. The picture is written while it is asked for and read while it is not, so that no
    half of one is ever seen.
    """

    def __init__(self, path: Path, resolution: tuple[int, int] | None = None) -> None:
        """Map the file at `path`.

        Args:
            path: The file.
            resolution: The largest width and height that a picture may have, in pixels, to make the file anew; None: it
                is there.
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
        """Return the peephole."""
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
    def asked(self) -> memoryview:
        """A row of one number that is not 0 while a picture is asked for; read at every decision."""
        return self._numbers

    def show(self, task: int, engine: Engine, observation: Observation, action: Action) -> None:
        """Leave a picture of a decision.

        Args:
            task: The worker's number of the episode.
            engine: Whose screen it is.
            observation: What is seen now.
            action: What was done to come here.
        """
        facts, pixels = engine.facts, np.ascontiguousarray(engine.screen())
        height, width, channels = (*pixels.shape, 1)[:3]
        known = dict(zip(facts.variables, observation.variables.tolist(), strict=True))
        self.write(
            Picture(
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

    def write(self, it: Picture) -> None:
        """Leave a picture where one was asked for; one that is too large is left out."""
        if len(it.pixels) <= self._most:
            held = " ".join(it.held).encode()[:_HELD]
            numbers = (it.task, it.tic, it.height, it.width, it.channels, it.health, it.kills, len(held))
            _FIELDS.pack_into(self._page, _BODY, *numbers)
            start = _BODY + _FIELDS.size
            self._page[start : start + len(held)] = held
            self._page[_PIXELS : _PIXELS + len(it.pixels)] = it.pixels
        self._numbers[0] = 0

    def look(self) -> Picture | None:
        """Return the picture that was asked for at the last look, or None where there is none yet; ask for another."""
        if self._numbers[0]:
            return None
        picture = self._read() if self._begun else None
        self._begun = True
        self._numbers[0] = 1
        return picture

    def _read(self) -> Picture | None:
        task, tic, height, width, channels, health, kills, length = _FIELDS.unpack_from(self._page, _BODY)
        size = height * width * channels
        if not 0 < size <= self._most:
            return None
        start = _BODY + _FIELDS.size
        held = self._page[start : start + min(length, _HELD)].decode(errors="replace")
        return Picture(
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
