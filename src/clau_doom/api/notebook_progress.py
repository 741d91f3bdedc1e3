"""Progress of a run in a notebook: one output that is updated until the run ends."""

import importlib
import time
from collections import deque
from collections.abc import Callable
from html import escape
from typing import Any, Self

from clau_doom.app.progress_display import event_line, phase_text, standing_text, times_text
from clau_doom.app.progress_state import ProgressState
from clau_doom.app.text_format import sparkline
from clau_doom.domain.events import RecordedEvent
from clau_doom.escaping import printable

__all__ = ["NotebookProgress"]

_INTERVAL = 0.25  # seconds between two updates: each one is a message to the browser
_LINES = 12
_WIDTH = 110  # columns of a line
_BARS = 48


class NotebookProgress:
    """Display of a run in the output of a cell, without widgets. It is kept in the saved notebook.

    The output is HTML, with plain text for programs that do not show HTML.
    """

    def __init__(
        self,
        progress: ProgressState,
        now: Callable[[], float] = time.time,
        *,
        display: Callable[..., Any] | None = None,
        interval: float = _INTERVAL,
    ) -> None:
        """Prepare.

        Args:
            progress: Progress of the run so far.
            now: Returns the time of events, in seconds since the epoch.
            display: Creates the output, as `IPython.display.display` does, which is the default.
            interval: Least seconds between two updates.
        """
        self._display = display
        self._interval = interval
        self._progress = progress
        self._now = now
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._handle: Any = None
        self._updated = 0.0

    def __enter__(self) -> Self:
        """Show the output."""
        display = self._display or importlib.import_module("IPython.display").display
        self._handle = display(self._bundle(), raw=True, display_id=True)
        return self

    def __exit__(self, *_: object) -> None:
        """Show the final state."""
        self._handle.update(self._bundle(over=True), raw=True)

    def show(self, recorded: RecordedEvent) -> None:
        """Show the next event, at the next refresh at the latest."""
        line = event_line(recorded, self._progress, _WIDTH)
        self._progress.apply(recorded)
        if line is not None:
            self._lines.append(line.plain)
        self.refresh()

    def refresh(self) -> None:
        """Update the output, at most four times a second."""
        now = time.monotonic()
        if now - self._updated >= self._interval:
            self._updated = now
            self._handle.update(self._bundle(), raw=True)

    def _bundle(self, *, over: bool = False) -> dict[str, str]:
        lines = [] if over else self._live_lines()
        curve = sparkline([summary.mean_fitness for summary in self._progress.summaries], _BARS)
        if curve:
            lines.append(f"mean of each generation {curve}")
        below = [*lines, *self._lines]
        bar = "" if over else _bar(self._progress.done, self._progress.total)
        rows = "\n".join(escape(printable(line, limit=None, keep="\n")) for line in below)
        pre = f"<pre style='margin:4px 0;white-space:pre-wrap;line-height:1.35'>{rows}</pre>"
        plain = "\n".join(printable(line, limit=None, keep="\n") for line in below)
        return {"text/html": f"<div>{bar}{pre}</div>", "text/plain": plain}

    def _live_lines(self) -> list[str]:
        progress, now = self._progress, self._now()
        rate = progress.rate(now)
        episodes = f"{progress.done}/{progress.total} episodes"
        pace = [] if rate is None else [f"{rate:.1f} episodes/s"]
        facts = ", ".join([episodes, *pace, times_text(progress, now)])
        return [f"{phase_text(progress).plain}: {facts}", standing_text(progress).plain]


def _bar(done: int, total: int) -> str:
    share = 100.0 * min(done / max(total, 1), 1.0)
    return (
        "<div style='background:rgba(128,128,128,.25);border-radius:3px;height:6px;max-width:42em'>"
        f"<div style='background:#b3261e;border-radius:3px;height:6px;width:{share:.1f}%'></div></div>"
    )
