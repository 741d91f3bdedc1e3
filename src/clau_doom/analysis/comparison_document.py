"""Document of a comparison of experiments."""

from collections.abc import Sequence

from clau_doom.analysis import comparison_sections
from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.document import Document
from clau_doom.analysis.section_loader import describe_all
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import count, joined
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
        title=joined(ids) if len(ids) <= _NAMED else f"{', '.join(ids[: _NAMED - 1])} and {len(ids) - _NAMED + 1} more",
        subtitle=(
            f"{count(len(ids), 'experiment')} · {count(len(comparison.conditions), 'condition')} · "
            f"{comparison.scenario} · fitness {comparison.fitness} · baseline {comparison.baseline}"
        ),
        sections=describe_all(comparison_sections.__name__, wanted, data),
        introduction=(
            f"{count(len(ids), 'experiment')} on {comparison.scenario} with fitness {comparison.fitness} are compared "
            f"with {comparison.baseline}. Conditions are compared by their runs: each run counts once. Champions are "
            "compared as single agents by their held-out episodes."
        ),
        notices=tuple(f"Note: {remark}." for remark in comparison.remarks),
        data={
            "confidence": CONFIDENCE,
            "baseline": comparison.baseline,
            "scenario": comparison.scenario,
            "fitness": comparison.fitness,
            "remarks": comparison.remarks,
        },
    )
