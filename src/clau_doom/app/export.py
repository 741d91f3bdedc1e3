"""Export of an experiment's tables to files.

Import this module only in commands that need it: pyarrow takes half a second to import.
"""

from contextlib import aclosing
from pathlib import Path

from clau_doom.app.catalog.folder_source import ExperimentSource
from clau_doom.app.experiment_tables import agents_table, episodes_table, event_row, generations_table
from clau_doom.app.gene_space import space_of
from clau_doom.storage import PlayedEpisodes
from clau_doom.storage.export_schema import Value, exported_tables
from clau_doom.storage.table_files import FORMATS, TableFiles, TableFormat, writing_tables

__all__ = ["FORMATS", "TableFormat", "export_experiment"]

_EVENTS_AT_ONCE = 1_000


async def export_experiment(
    source: ExperimentSource, experiment: str, folder: Path, kind: TableFormat, *, force: bool = False
) -> tuple[tuple[Path, int], ...]:
    """Write the tables of an experiment to files, and return the files with their numbers of rows.

    Args:
        source: Source of the experiment.
        experiment: Id of the experiment.
        folder: Target folder, created if it is missing.
        kind: File format.
        force: Replace existing files.

    Raises:
        ExperimentNotFound: No experiment has that id.
        ConfigError: A file exists already, or the genes of the policy cannot be determined.
        StorageFailed: The folder cannot be written. No file was written.
    """
    stored = await source.experiment(experiment)
    tables = exported_tables(space_of(stored), stored.config.measures)
    with writing_tables(folder, tables, kind, force=force) as files:
        files.add_table("episodes", episodes_table(PlayedEpisodes.of(stored.snapshot), stored.config))
        files.add_table("agents", agents_table(stored))
        files.add_table("generations", generations_table(stored))
        await _add_events(files, source, experiment, stored.snapshot.last_sequence)
    return files.written


async def _add_events(files: TableFiles, source: ExperimentSource, experiment: str, last: int) -> None:
    """Add the log up to the last event of the snapshot. The log of a running experiment grows during the export."""
    rows: list[tuple[Value, ...]] = []
    async with aclosing(source.events(experiment, 0, follow=False)) as log:
        async for recorded in log:
            if recorded.sequence > last:
                break
            rows.append(event_row(experiment, recorded))
            if len(rows) == _EVENTS_AT_ONCE:
                files.add("events", rows)
                rows = []
    files.add("events", rows)
