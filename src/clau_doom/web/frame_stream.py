"""Live view of the running agents' frames, ten times a second while a browser watches.

All browsers share the frames. Without a watching browser, no frames are made.
"""

import asyncio
import base64
import io
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

from PIL import Image

from clau_doom.domain import LiveFrame, experiment_of_player
from clau_doom.ports import Glimpse

__all__ = ["LiveView"]

_PERIOD = 0.1
_QUALITY = 80
_IDLE = 1.0
"""Seconds without a frame after which a worker is reported as gone."""

Json = dict[str, Any]


class LiveView:
    """Shows the frames of the running episodes."""

    def __init__(self, glimpses: Callable[[], tuple[Glimpse, ...]]) -> None:
        """Show the frames that `glimpses` returns."""
        self._glimpses = glimpses
        self._updating = asyncio.Lock()
        self._updated = -_PERIOD
        self._count = 0
        self._shown: dict[str, tuple[int, float, Json]] = {}
        """By experiment and place: the number of the update, its time, and the frame."""

    async def stream(self) -> AsyncGenerator[Json, None]:
        """Yield the changes since the last update: new frames, and places without frames; never ends."""
        sent: dict[str, int] = {}
        while True:
            await self._update()
            fresh = [frame for place, (count, _, frame) in self._shown.items() if sent.get(place) != count]
            gone = [place for place in sent if place not in self._shown]
            sent = {place: count for place, (count, _, _) in self._shown.items()}
            yield {"frames": fresh, "gone": gone, "playing": len(self._shown)}
            await asyncio.sleep(_PERIOD)

    async def _update(self) -> None:
        """Update the frames, unless another stream has just done so."""
        async with self._updating:
            now = time.monotonic()
            if now - self._updated < _PERIOD * 0.9:
                return
            self._updated = now
            self._count += 1
            seen = self._glimpses()
            frames = await asyncio.to_thread(lambda: [_frame_json(each) for each in seen])
            for frame in frames:
                self._shown[frame["place"]] = (self._count, now, frame)
            for place in [place for place, (_, at, _) in self._shown.items() if now - at > _IDLE]:
                del self._shown[place]


def _frame_json(glimpse: Glimpse) -> Json:
    task, frame = glimpse.task, glimpse.frame
    experiment = experiment_of_player(task.agent)
    return {
        "place": f"{experiment} {glimpse.worker}",
        "experiment": experiment,
        "agent": task.agent,
        "purpose": task.purpose.value,
        "number": task.number,
        "seed": task.seed,
        "worker": glimpse.worker,
        "tic": frame.tic,
        "health": frame.health,
        "kills": frame.kills,
        "held": list(frame.held),
        "width": frame.width,
        "height": frame.height,
        "image": f"data:image/jpeg;base64,{base64.b64encode(_jpeg(frame)).decode()}",
    }


def _jpeg(frame: LiveFrame) -> bytes:
    mode = "L" if frame.channels == 1 else "RGB"
    image = Image.frombytes(mode, (frame.width, frame.height), frame.pixels)
    target = io.BytesIO()
    image.save(target, "JPEG", quality=_QUALITY)
    return target.getvalue()
