"""List of stored experiments, with filters."""

import fnmatch
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import overload

from clau_doom.api.event_loop import run_blocking
from clau_doom.api.experiment import Experiment
from clau_doom.api.notebook_html import rows_html, text_html
from clau_doom.api.output_dir import find_output_dir
from clau_doom.api.table import Table
from clau_doom.app.catalog.folder_source import ExperimentOverview, ExperimentSource, FolderSource
from clau_doom.domain.experiment import ExperimentState
from clau_doom.errors import ConfigError

__all__ = ["ExperimentList", "experiments", "list_experiments"]

_COLUMNS = (
    "id",
    "state",
    "reason",
    "scenario",
    "generations_finished",
    "generations_planned",
    "population",
    "best_fitness",
    "running_seconds",
    "last_activity",
)
_ROWS_SHOWN = 50


class ExperimentList(Sequence[ExperimentOverview]):
    """Overviews of experiments at one moment, the latest active first.

    Attributes:
        unreadable: Id and error of each experiment that cannot be read, such as a damaged one.

    Example:
        >>> import clau_doom as cd
        >>> found = cd.experiments(state="completed", scenario="defend_the_center")  # doctest: +SKIP
        >>> found.ids  # doctest: +SKIP
        ['quickstart-2', 'quickstart']
        >>> curves = [experiment.generations.to_pandas() for experiment in found.open()]  # doctest: +SKIP
    """

    def __init__(
        self,
        overviews: Sequence[ExperimentOverview],
        unreadable: Sequence[tuple[str, str]],
        source: ExperimentSource,
    ) -> None:
        """Use `cd.experiments` or `Server.experiments` in place of the constructor."""
        self._overviews = tuple(sorted(overviews, key=lambda each: (-each.last_activity, each.id)))
        self._source = source
        self.unreadable = tuple(unreadable)

    @property
    def ids(self) -> list[str]:
        """Ids of the experiments."""
        return [overview.id for overview in self._overviews]

    def open(self) -> list[Experiment]:
        """Return the experiments, in the same order."""
        return [Experiment(self._source, overview.id) for overview in self._overviews]

    def to_table(self) -> Table:
        """Return the overviews as a table. `last_activity` is in seconds since the epoch."""
        rows = [{name: getattr(each, name) for name in _COLUMNS} for each in self._overviews]
        return Table({name: [row[name] for row in rows] for name in _COLUMNS}, name="experiments")

    def __len__(self) -> int:
        return len(self._overviews)

    @overload
    def __getitem__(self, place: int) -> ExperimentOverview: ...

    @overload
    def __getitem__(self, place: slice) -> "ExperimentList": ...

    def __getitem__(self, place: int | slice) -> "ExperimentOverview | ExperimentList":
        if isinstance(place, int):
            return self._overviews[place]
        return ExperimentList(self._overviews[place], self.unreadable, self._source)

    def __iter__(self) -> Iterator[ExperimentOverview]:
        return iter(self._overviews)

    def __repr__(self) -> str:
        shown = ", ".join(self.ids[:_ROWS_SHOWN]) + (", ..." if len(self) > _ROWS_SHOWN else "")
        return f"<ExperimentList of {len(self)}: {shown}>"

    def _repr_html_(self) -> str:
        """Return the first overviews and the errors of unreadable experiments for a notebook."""
        columns = ("experiment", "state", "scenario", "generations", "best fitness", "seconds", "last event (UTC)")
        shown = rows_html(_title(len(self)), columns, map(_row, self._overviews[:_ROWS_SHOWN]))
        broken = "".join(f"<p>unreadable: {text_html(f'{name}: {error}')}</p>" for name, error in self.unreadable)
        return shown + broken


def experiments(
    *,
    output_dir: str | os.PathLike[str] | None = None,
    state: str | Iterable[str] | None = None,
    scenario: str | Iterable[str] | None = None,
    pattern: str | None = None,
) -> ExperimentList:
    """List the stored experiments of a folder.

    Args:
        output_dir: Folder of experiments. None: ``$CLAU_DOOM_OUTPUT_DIR``, or else ``runs``.
        state: Only experiments in this state, or in one of several. None: all states.
        scenario: Only experiments of this scenario, or of one of several. None: all scenarios.
        pattern: Only experiments with a matching id, such as ``sweep-*``. None: all ids.

    Returns:
        The experiments, the latest active first; empty if the folder does not exist.

    Raises:
        ConfigError: A state does not exist.
        StorageFailed: The folder cannot be read.

    Example:
        >>> import clau_doom as cd
        >>> cd.experiments(output_dir="no-such-folder")
        <ExperimentList of 0: >
    """
    source = FolderSource(find_output_dir(output_dir).absolute())
    return list_experiments(source, state=state, scenario=scenario, pattern=pattern)


def list_experiments(
    source: ExperimentSource,
    *,
    state: str | Iterable[str] | None,
    scenario: str | Iterable[str] | None,
    pattern: str | None,
) -> ExperimentList:
    """List the experiments of a source; see `experiments`."""
    states, scenarios = _checked_states(state), _texts(scenario)
    overviews, unreadable = run_blocking(source.overviews())
    found = [
        each
        for each in overviews
        if (states is None or each.state in states)
        and (scenarios is None or each.scenario in scenarios)
        and (pattern is None or fnmatch.fnmatchcase(each.id, pattern))
    ]
    return ExperimentList(found, unreadable, source)


def _texts(value: str | Iterable[str] | None) -> set[str] | None:
    if value is None:
        return None
    return {value} if isinstance(value, str) else {*value}


def _checked_states(state: str | Iterable[str] | None) -> set[str] | None:
    states = _texts(state)
    unknown = sorted((states or set()) - {*ExperimentState})
    if unknown:
        raise ConfigError(f"unknown state {unknown[0]!r}: choose one of {', '.join(ExperimentState)}")
    return states


def _title(count: int) -> str:
    shown = f", the latest {_ROWS_SHOWN} are shown" if count > _ROWS_SHOWN else ""
    return f"{count} {'experiment' if count == 1 else 'experiments'}{shown}"


def _row(overview: ExperimentOverview) -> tuple[object, ...]:
    return (
        f"{overview.id} (copy of {overview.copy_of})" if overview.copy_of else overview.id,
        overview.state.value,
        overview.scenario,
        overview.progress,
        overview.best_fitness,
        round(overview.running_seconds, 1),
        f"{datetime.fromtimestamp(overview.last_activity, UTC):%Y-%m-%d %H:%M:%S}",
    )
