"""States, failed agents and deviations of the compared experiments."""

from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.document import Cell, Column, Section, Table
from clau_doom.analysis.run_episodes import run_episodes
from clau_doom.analysis.sections.failures import failed_agents
from clau_doom.ports import StoredExperiment

__all__ = ["describe"]


def describe(data: ComparisonData) -> Section:
    """Describe the state and the failures of each experiment."""
    table = Table(
        title="States, failed agents and deviations",
        columns=(
            Column("experiment", text=True),
            Column("state", text=True),
            Column("generations"),
            Column("agents"),
            Column("failed"),
            Column("deviations"),
            Column("training episodes"),
            Column("validation episodes"),
        ),
        rows=tuple(map(_row, data.experiments)),
        note="A deviation is an effect of time, chance or a user on the history.",
    )
    return Section(name="failures", title="Failed agents and deviations", blocks=(table,))


def _row(stored: StoredExperiment) -> tuple[Cell, ...]:
    snapshot = stored.snapshot
    agents = f"{sum(map(len, snapshot.generations)):,}"
    failed, deviations = len(failed_agents(snapshot)), snapshot.deviations.total
    played = run_episodes(snapshot)
    return (
        snapshot.experiment.id,
        stored.state.value,
        len(snapshot.summaries),
        agents,
        failed,
        deviations,
        f"{played.training:,}",
        f"{played.validation:,}",
    )
