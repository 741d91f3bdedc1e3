"""Commands, versions, configurations and seeds that are needed to repeat the compared experiments."""

from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.condition_contrasts import ConditionComparison
from clau_doom.analysis.document import Section
from clau_doom.analysis.sections.multicriteria_ranking import criteria_flag
from clau_doom.analysis.sections.reproduction import TITLE, reproduction_blocks, x_flag
from clau_doom.analysis.unavailable import Unavailable

__all__ = ["describe"]


def describe(data: ComparisonData) -> Section:
    """Describe the data that are needed to repeat the experiments and the report."""
    comparison = data.comparison
    targets = "".join(f" --target {target!r}" for target in data.targets)
    optional = (
        f"{criteria_flag(comparison.ranking)}{_margin_flag(comparison.condition_comparison)}{targets}{x_flag(data.x)}"
    )
    flags = f" --baseline {comparison.baseline}{optional}"
    return Section(name="reproduction", title=TITLE, blocks=reproduction_blocks(data.experiments, flags))


def _margin_flag(found: ConditionComparison | Unavailable) -> str:
    if isinstance(found, Unavailable) or found.margin is None:
        return ""
    return f" --equivalence {found.margin!r}"
