"""Replacement of private paths of the server's machine in texts for clients.

Errors and reasons contain file names, which the server's log needs. Clients receive the same text with a placeholder
for each private folder.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import clau_doom
from clau_doom.domain import Evaluation
from clau_doom.domain.events import RecordedEvent
from clau_doom.domain.experiment import Experiment
from clau_doom.domain.failure_trace import FailureTrace
from clau_doom.error_description import describe, error_text
from clau_doom.errors import ClauDoomError, ConfigError, DiskFull, StorageFailed, StoreCorrupted
from clau_doom.ports import StoredExperiment

__all__ = ["PrivatePaths"]

# The folder of an absolute path in a resolved configuration, such as that of a custom scenario file.
_FOLDER = re.compile(r"(?m)^( *(?:[\w-]+:|-) ['\"]?)/(?:[^\n]*/)?(?=[^/\n]+$)")

# The same in a list or a mapping on one line, and in the address of a Unix socket.
_FOLDER_WITHIN = re.compile(r"(\[|: |, )([\"']?(?:unix:)?)/(?:[^\n\"',\]}]*/)?(?=[^/\n\"',\]}]+)")


class PrivatePaths:
    """Replaces private folders in texts for clients."""

    def __init__(self, folders: Mapping[Path, str]) -> None:
        """Set the folders to hide.

        Args:
            folders: Placeholders by absolute path. The root folder is ignored.
        """
        names = {str(path): name for path, name in folders.items() if path.is_absolute() and path != Path(path.anchor)}
        self._names = names
        longest_first = sorted(names, key=len, reverse=True)
        ends = "|".join(map(re.escape, longest_first))
        self._pattern = re.compile(rf"(?<![\w/.-])(?:{ends})(?![\w-])") if names else None

    @classmethod
    def of_process(cls, output_dir: Path) -> "PrivatePaths":
        """Hide the experiment folder, the working directory, the home folder and the installation of this process."""
        folders = {Path(clau_doom.__file__).parents[1]: "<installation>"}
        with suppress(RuntimeError):  # the user has no home folder, as in containers
            folders[Path.home()] = "~"
        folders[Path.cwd()] = "<working folder>"
        folders |= {output_dir.resolve(): "<output folder>", output_dir.absolute(): "<output folder>"}
        return cls(folders)

    def hide(self, text: str) -> str:
        """Return a text with placeholders for private folders."""
        return self._pattern.sub(lambda found: self._names[found[0]], text) if self._pattern else text

    @contextmanager
    def hiding(self) -> Iterator[None]:
        """Replace a refusal that leaves the context by one of the same class without private paths.

        Errors with texts that clients never receive keep their paths for the log.
        """
        try:
            yield
        except ClauDoomError as error:
            if isinstance(error, StorageFailed) and not isinstance(error, DiskFull | StoreCorrupted):
                raise
            if not self._holds(describe(error)):  # the dashboard shows the causes, too
                raise
            if isinstance(error, ConfigError):
                problems = tuple([(path, self.hide(problem)) for path, problem in error.problems])
                raise ConfigError(self.hide(describe(error)), problems, lines=error.lines) from None
            raise type(error)(self.hide(error_text(error))) from None

    def configuration(self, text: str) -> str:
        """Return a resolved configuration with the folders of absolute paths replaced."""
        return _FOLDER_WITHIN.sub(r"\1\2<folder>/", _FOLDER.sub(r"\1<folder>/", self.hide(text)))

    def experiment(self, stored: StoredExperiment) -> StoredExperiment:
        """Return a stored experiment without private paths in its texts: configuration, reasons and tracebacks.

        The parsed configuration keeps its paths, because the server uses it to play.
        """
        snapshot = stored.snapshot
        created = replace(snapshot.experiment, config_yaml=self.configuration(snapshot.experiment.config_yaml))
        snapshot = replace(snapshot, experiment=created, config_yaml=self.configuration(snapshot.config_yaml))
        if any(self._holds(each.failure) for row in snapshot.generations for each in row):
            rows = [tuple([self.evaluation(each) for each in row]) for row in snapshot.generations]
            snapshot = replace(snapshot, generations=tuple(rows))
        if snapshot.reason and self._holds(snapshot.reason):
            snapshot = replace(snapshot, reason=self.hide(snapshot.reason))
        if any(map(self._holds, snapshot.traces.values())):
            snapshot = replace(snapshot, traces={agent: self.hide(text) for agent, text in snapshot.traces.items()})
        failures = tuple([replace(each, error=self.hide(each.error)) for each in stored.reader_failures])
        return replace(stored, snapshot=snapshot, reader_failures=failures)

    def evaluation(self, evaluation: Evaluation) -> Evaluation:
        """Return an evaluation without private paths in its failure."""
        failure = evaluation.failure
        return replace(evaluation, failure=self.hide(failure)) if failure and self._holds(failure) else evaluation

    def event(self, recorded: RecordedEvent) -> RecordedEvent:
        """Return an event without private paths in its texts."""
        event = recorded.event
        values = {field.name: getattr(event, field.name) for field in fields(event)}
        hidden: dict[str, Any] = {name: self._without_paths(name, value) for name, value in values.items()}
        changed = {name: value for name, value in hidden.items() if value is not values[name]}
        return replace(recorded, event=replace(event, **changed)) if changed else recorded

    def _without_paths(self, name: str, value: object) -> object:
        """Return the value of a field without private paths, or the value itself if it has none."""
        match value:
            case str() if name == "config_yaml":
                shown = self.configuration(value)
                return value if shown == value else shown
            case str() if self._holds(value):
                return self.hide(value)
            case Experiment():
                shown = self.configuration(value.config_yaml)
                return value if shown == value.config_yaml else replace(value, config_yaml=shown)
            case FailureTrace(text=str(text)) if self._holds(text):
                return replace(value, text=self.hide(text))
        return value

    def _holds(self, text: str | None) -> bool:
        return bool(text and self._pattern and self._pattern.search(text))
