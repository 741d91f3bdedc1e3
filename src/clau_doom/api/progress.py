"""Display of the progress of a run: live in a terminal or a notebook, lines elsewhere."""

import sys
from typing import Protocol, Self

from clau_doom.api.notebook import in_notebook
from clau_doom.app.run_plan import Plan
from clau_doom.domain.events import RecordedEvent
from clau_doom.domain.snapshot import Snapshot

__all__ = ["Display", "make_display"]


class Display(Protocol):
    """Display of a run, which is used by one thread. Leaving the context shows the final state."""

    def __enter__(self) -> Self:
        """Show the display."""
        ...

    def __exit__(self, *_: object) -> None:
        """Show the final state."""
        ...

    def show(self, recorded: RecordedEvent) -> None:
        """Show the next event."""
        ...

    def refresh(self) -> None:
        """Show the current time and rate. Called a few times a second."""
        ...


def make_display(
    plan: Plan,
    before: Snapshot,
    progress: bool | None,  # noqa: FBT001 - the public parameter of cd.run
) -> Display | None:
    """Return the display of a run, or None for no display.

    Args:
        plan: Plan of the run.
        before: The experiment before the start.
        progress: False: no display. None: no display without a notebook or a terminal on standard error.
    """
    notebook = in_notebook()
    if progress is False or (progress is None and not notebook and not sys.stderr.isatty()):
        return None
    # Imported here, because a run without display does not need them.
    from clau_doom.app.progress_state import ProgressState  # noqa: PLC0415

    state = ProgressState.begin(plan.config, before if plan.resume else None)
    if notebook:
        from clau_doom.api.notebook_progress import NotebookProgress  # noqa: PLC0415

        return NotebookProgress(state)
    from clau_doom.app.literal_console import literal_console  # noqa: PLC0415
    from clau_doom.app.progress_display import TerminalProgress  # noqa: PLC0415

    return TerminalProgress(state, literal_console(file=sys.stderr))
