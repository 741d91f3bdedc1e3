"""Document of a comparison of conditions over several scenarios."""

from clau_doom.analysis.document import Column, Document, Paragraph, Section, Table
from clau_doom.analysis.scenario_comparison import ScenarioComparison
from clau_doom.analysis.task_blocks import TaskTerms, aggregate_blocks, profile_blocks, score_blocks
from clau_doom.analysis.task_rank_blocks import friedman_sentence, pair_blocks, pair_sentences, rank_blocks
from clau_doom.analysis.wording import count, joined
from clau_doom.statistics.intervals import CONFIDENCE

__all__ = ["scenario_document"]

_TERMS = TaskTerms(
    method="condition",
    task="scenario",
    scale="In each scenario, random play is 0 and the best condition's mean is 1.",
)


def scenario_document(data: ScenarioComparison) -> Document:
    """Describe a comparison."""
    experiments = sum(map(len, data.runs))
    scenarios = [scale.scenario for scale in data.scales]
    return Document(
        kind="clau-doom comparison report",
        title=f"{count(len(data.conditions), 'condition')} over {count(len(scenarios), 'scenario')}",
        subtitle=f"{count(experiments, 'experiment')} · {', '.join(scenarios)} · baseline {data.baseline}",
        sections=(_section(data),),
        introduction=(
            f"{count(len(data.conditions), 'condition')} are compared over {joined(scenarios)} by "
            f"{count(experiments, 'run')}. Each run is one value, the mean held-out fitness of its champion."
        ),
        notices=tuple(f"Note: {remark}." for remark in data.remarks),
        data={
            "confidence": CONFIDENCE,
            "baseline": data.baseline,
            "conditions": data.conditions,
            "runs": data.runs,
            "remarks": data.remarks,
        },
    )


def _section(data: ScenarioComparison) -> Section:
    found = data.comparison
    return Section(
        name="scenarios",
        title="Conditions over scenarios",
        blocks=(
            Paragraph(text="A run is one value: the mean held-out fitness of its champion.", kind="note"),
            _scales_table(data),
            *aggregate_blocks(found, _TERMS),
            *profile_blocks(found, _TERMS),
            *rank_blocks(found, _TERMS),
            *pair_blocks(found, _TERMS),
            *score_blocks(found, _TERMS),
        ),
        summary=(friedman_sentence(found, _TERMS), *pair_sentences(found)),
        cautions=(
            "The scale of the scores depends on these experiments: another condition can change it.",
            (
                "Tests over scenarios assume that these are a random sample of scenarios. Intervals of aggregates hold "
                "for these scenarios only."
            ),
        ),
        data={"scales": data.scales, "scenarios": found},
    )


def _scales_table(data: ScenarioComparison) -> Table:
    return Table(
        title="Scales of the scores",
        columns=(
            Column("scenario", text=True),
            Column("fitness", text=True),
            Column("random play"),
            Column("best mean"),
            Column("of condition", text=True),
        ),
        rows=tuple((each.scenario, each.fitness, each.random, each.best, each.condition) for each in data.scales),
        note=(
            "Mean fitness on held-out seeds. The scores treat both ends of a scale as known. Their errors are not in "
            "the intervals."
        ),
    )
