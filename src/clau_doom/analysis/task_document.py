"""Document of a comparison of methods over the tasks of a table."""

from collections.abc import Mapping

from clau_doom.analysis.document import Document, Section
from clau_doom.analysis.task_blocks import TaskTerms, aggregate_blocks, profile_blocks, score_blocks
from clau_doom.analysis.task_rank_blocks import friedman_sentence, pair_blocks, pair_sentences, rank_blocks
from clau_doom.analysis.wording import count
from clau_doom.statistics.task_comparison import TaskComparison

__all__ = ["task_document"]


def task_document(found: TaskComparison, *, title: str, rows: str, scale: str, about: Mapping[str, object]) -> Document:
    """Describe a comparison.

    Args:
        found: The comparison.
        title: Title of the document.
        rows: Description of the table's rows.
        scale: Sentence on the scale of the scores.
        about: Values on the table and the request, for JSON.
    """
    terms = TaskTerms(method="method", task="task", scale=scale)
    return Document(
        kind="clau-doom report of a table",
        title=title,
        subtitle=rows,
        introduction=(
            f"{count(len(found.scores.methods), 'method')} on {count(len(found.scores.tasks), 'task')}. Each row of "
            f"the table counts as one independent run. {scale}"
        ),
        sections=_sections(found, terms),
        data=about,
    )


def _sections(found: TaskComparison, terms: TaskTerms) -> tuple[Section, ...]:
    return (
        Section(
            name="aggregates",
            title="Scores over all tasks",
            blocks=aggregate_blocks(found, terms),
            data={"methods": found.methods},
        ),
        Section(name="profiles", title="Performance profiles", blocks=profile_blocks(found, terms)),
        *_rank_sections(found, terms),
        Section(
            name="scores",
            title="Scores of the tasks",
            blocks=score_blocks(found, terms),
            data={"scores": found.scores},
        ),
    )


def _rank_sections(found: TaskComparison, terms: TaskTerms) -> tuple[Section, ...]:
    return (
        Section(
            name="ranks",
            title="Ranks over tasks",
            blocks=rank_blocks(found, terms),
            summary=(friedman_sentence(found, terms),),
            data={
                "friedman": found.friedman,
                "critical_difference": found.critical_difference,
                "groups": found.groups,
            },
        ),
        Section(
            name="pairs",
            title="Comparisons of two methods",
            blocks=pair_blocks(found, terms),
            summary=pair_sentences(found),
            cautions=(
                (
                    "Tests over tasks assume that these tasks are a random sample of tasks. Intervals of aggregates "
                    "hold for these tasks only."
                ),
            ),
            data={
                "control": found.control,
                "margin": found.margin,
                "pairs": found.pairs,
                "control_ranks": found.control_ranks,
            },
        ),
    )
