"""Commands, versions, configurations and seeds that are needed to repeat the compared experiments."""

from collections.abc import Mapping, Sequence

from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.condition_contrasts import ConditionComparison
from clau_doom.analysis.document import Cell, Column, Marked, Section, Table
from clau_doom.analysis.sections.multicriteria_ranking import criteria_flag
from clau_doom.analysis.sections.reproduction import TITLE, reproduction_blocks, x_flag
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.config import condition_values

__all__ = ["describe"]


def describe(data: ComparisonData) -> Section:
    """Describe the data that are needed to repeat the experiments and the report."""
    comparison = data.comparison
    targets = "".join(f" --target {target!r}" for target in data.targets)
    optional = (
        f"{criteria_flag(comparison.ranking)}{_margin_flag(comparison.condition_comparison)}{targets}{x_flag(data.x)}"
    )
    flags = f" --baseline {comparison.baseline}{optional}"
    settings = _settings(data)
    return Section(
        name="reproduction",
        title=TITLE,
        blocks=(_settings_table(data, settings), *reproduction_blocks(data.experiments, flags)),
        data={"condition_settings": settings},
    )


def _settings(data: ComparisonData) -> tuple[dict[str, str], ...]:
    """Return the values of all settings of each condition, by path. The runs of a condition have the same values."""
    return tuple(condition_values(runs[0].config) for _, runs in data.runs)


def _settings_table(data: ComparisonData, settings: Sequence[Mapping[str, str]]) -> Table:
    """Describe all settings: one row for a value that all conditions share, else a row for each condition."""
    rows: list[tuple[Cell, ...]] = []
    for path in dict.fromkeys(path for each in settings for path in each):
        found = [each.get(path) for each in settings]
        if len({*found}) == 1:
            rows.append((path, "all", found[0]))
        else:
            rows += [(path, data.label(number), Marked(value)) for number, value in enumerate(found)]
    return Table(
        title="Settings of the conditions",
        columns=(Column("setting", text=True), Column("condition", text=True), Column("value", text=True)),
        rows=tuple(rows),
        note=(
            "Defaults are included. A condition without a value does not have the setting. Name, seed, number of "
            "held-out episodes, execution and services are left out: runs of one condition can differ in them."
        ),
    )


def _margin_flag(found: ConditionComparison | Unavailable) -> str:
    if isinstance(found, Unavailable) or found.margin is None:
        return ""
    return f" --equivalence {found.margin!r}"
