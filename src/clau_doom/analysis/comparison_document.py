"""Document of a comparison of experiments."""

from collections.abc import Sequence

from clau_doom.analysis import comparison_sections
from clau_doom.analysis.comparison import ExperimentComparison
from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.document import Document
from clau_doom.analysis.section_loader import describe_all
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import count, joined
from clau_doom.statistics.blocked_groups import SeedDesign
from clau_doom.statistics.intervals import CONFIDENCE

__all__ = ["comparison_document", "main_sections"]

_NAMED = 5  # experiments in the title


def main_sections(data: ComparisonData) -> tuple[str, ...]:
    """Return the sections that the terminal shows: agents are compared only if no conditions are."""
    if isinstance(data.comparison.condition_comparison, Unavailable):
        return comparison_sections.SINGLE_RUN_SECTIONS
    return comparison_sections.MAIN_SECTIONS


def comparison_document(data: ComparisonData, names: Sequence[str] | None = None) -> Document:
    """Describe a comparison.

    Args:
        data: The experiments with their comparison.
        names: Names of the sections, in order. None: all sections.
    """
    comparison = data.comparison
    ids = [row.id for row in comparison.entrants]
    wanted = comparison_sections.COMPARISON_SECTIONS if names is None else names
    return Document(
        kind="clau-doom comparison report",
        title=_title(comparison),
        subtitle=(
            f"{count(len(ids), 'experiment')} · {count(len(comparison.conditions), 'condition')} · "
            f"{comparison.scenario} · fitness {comparison.fitness} · baseline {comparison.baseline}"
        ),
        sections=describe_all(comparison_sections.__name__, wanted, data),
        introduction=_introduction(comparison),
        notices=tuple(f"Note: {remark}." for remark in comparison.remarks),
        data={
            "confidence": CONFIDENCE,
            "baseline": comparison.baseline,
            "scenario": comparison.scenario,
            "fitness": comparison.fitness,
            "remarks": comparison.remarks,
            "x": data.axis.unit,
        },
    )


def _title(comparison: ExperimentComparison) -> str:
    ids = [row.id for row in comparison.entrants]
    if len(ids) <= _NAMED:
        return joined(ids)
    labels = [each.label for each in comparison.conditions]
    if 1 < len(labels) <= _NAMED and not isinstance(comparison.condition_comparison, Unavailable):
        return f"{joined(labels[1:])} against {labels[0]}"
    return f"{', '.join(ids[: _NAMED - 1])} and {len(ids) - _NAMED + 1} more"


def _introduction(comparison: ExperimentComparison) -> str:
    where = f"on {comparison.scenario} with fitness {comparison.fitness}"
    found, agents = (
        comparison.condition_comparison,
        "Champions are compared as single agents by their held-out episodes.",
    )
    if isinstance(found, Unavailable):
        others = count(len(comparison.entrants) - 1, "experiment")
        verb = "is" if len(comparison.entrants) == 2 else "are"
        return f"{others} {where} {verb} compared with {comparison.baseline}. {agents}"
    runs = [f'{count(len(each.seeds), "run")} of "{each.label}"' for each in comparison.conditions]
    verb = "is" if len(comparison.conditions) == 2 and len(comparison.conditions[1].seeds) == 1 else "are"
    pairs = ", paired by experiment seed" if found.design is SeedDesign.COMPLETE_BLOCKS else ""
    return (
        f"{joined(runs[1:])} {verb} compared with {runs[0]}{pairs}, {where}. Each run counts once, with the held-out "
        f"mean of its champion. {agents}"
    )
