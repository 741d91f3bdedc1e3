"""Commands, versions, configurations and seeds that are needed to repeat the compared experiments."""

from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.document import Section
from clau_doom.analysis.sections.multicriteria_ranking import criteria_flag
from clau_doom.analysis.sections.reproduction import TITLE, reproduction_blocks

__all__ = ["describe"]


def describe(data: ComparisonData) -> Section:
    """Describe the data that are needed to repeat the experiments and the report."""
    targets = "".join(f" --target {target!r}" for target in data.targets)
    flags = f" --baseline {data.comparison.baseline}{criteria_flag(data.comparison.ranking)}{targets}"
    return Section(name="reproduction", title=TITLE, blocks=reproduction_blocks(data.experiments, flags))
