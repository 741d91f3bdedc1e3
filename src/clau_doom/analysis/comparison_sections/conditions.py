"""Conditions of the compared experiments, compared by their runs."""

from collections.abc import Mapping, Sequence

from clau_doom.analysis.charts import IntervalPlot, IntervalRow
from clau_doom.analysis.comparison import ConditionMean, ExperimentComparison
from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.condition_blocks import (
    contrast_chart,
    effect_table,
    equivalence_table,
    overall_table,
    power_table,
    seed_table,
    test_table,
)
from clau_doom.analysis.condition_colours import condition_colour
from clau_doom.analysis.condition_contrasts import ConditionComparison
from clau_doom.analysis.condition_wording import (
    conclusions,
    design_sentence,
    detectable_sentence,
    margin_cautions,
    p_text,
)
from clau_doom.analysis.conditions import Condition
from clau_doom.analysis.document import (
    Block,
    Chart,
    Column,
    Fact,
    Marked,
    Paragraph,
    Section,
    Table,
    TextTable,
)
from clau_doom.analysis.run_episodes import RunEpisodes, range_text
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import bracket, count, measured, withheld
from clau_doom.number_format import number_in_interval
from clau_doom.statistics.blocked_groups import SeedDesign
from clau_doom.statistics.intervals import Interval

__all__ = ["describe"]

_DEFINITION = (
    "Experiments that differ only in name, seed, execution and services are runs of one condition. Each run is one "
    "value, the held-out mean of its champion."
)
_FEW_RUNS = 5
_ENOUGH_RUNS = 10
"""Runs that show their skewness well enough; see `docs/explanation/validation.md`."""
_FACTS = 4
_MOST_RUNS = 30
"""Runs in the table of runs by seed."""


def describe(data: ComparisonData) -> Section:
    """Describe the conditions, their runs and their differences from the baseline's condition."""
    comparison = data.comparison
    found = comparison.condition_comparison
    sentences = conclusions(comparison.conditions, found, comparison.fitness)
    return Section(
        name="conditions",
        title="Conditions, compared by runs",
        blocks=(
            *(Paragraph(text=each) for each in sentences),
            *(Paragraph(text=each, kind="caution") for each in _few_runs(comparison.conditions)),
            Paragraph(text=f"{_DEFINITION} {_episodes(data)}", kind="note"),
            *_blocks(comparison, found),
        ),
        facts=_facts(comparison, found),
        summary=sentences,
        cautions=_cautions(comparison),
        data={
            "conditions": comparison.conditions,
            "condition_means": comparison.condition_means,
            "condition_comparison": found,
            "conclusions": sentences,
            "episodes": data.episodes,
        },
    )


def _episodes(data: ComparisonData) -> str:
    """Return the numbers of episodes of a run, for each condition if they differ."""
    texts = [_episodes_of([data.episodes[run.snapshot.experiment.id] for run in runs]) for _, runs in data.runs]
    if len({*texts}) == 1:
        return f"Episodes of each run: {texts[0]}."
    named = [f'{text} in "{data.label(number)}"' for (number, _), text in zip(data.runs, texts, strict=True)]
    return f"Episodes of each run: {'; '.join(named)}."


def _episodes_of(runs: Sequence[RunEpisodes]) -> str:
    training = range_text([each.training for each in runs])
    validation = range_text([each.validation for each in runs])
    held_out = range_text([each.held_out for each in runs])
    return f"{training} in training, {validation} in validation and {held_out} held-out ones of the champion"


def _blocks(comparison: ExperimentComparison, found: ConditionComparison | Unavailable) -> list[Block]:
    blocks: list[Block] = [_runs_chart(comparison)]
    if isinstance(found, ConditionComparison):
        design = Paragraph(text=design_sentence(found.design), kind="note")
        blocks += [
            design,
            *([seed_table(comparison, found)] if _has_seed_table(comparison.conditions, found) else []),
            contrast_chart(comparison, found),
            test_table(comparison, found),
            effect_table(comparison, found),
            power_table(comparison, found),
        ]
        if sentence := detectable_sentence(comparison.conditions, found):
            blocks.append(Paragraph(text=sentence))
        if found.margin is not None:
            blocks.append(equivalence_table(comparison, found))
        if found.overall is not None:
            blocks.append(overall_table(found))
    if len(comparison.conditions) > 1:
        blocks.append(_settings_table(comparison.conditions))
    return blocks


def _has_seed_table(conditions: Sequence[Condition], found: ConditionComparison) -> bool:
    runs = sum(len(each.experiments) for each in conditions)
    return found.design is SeedDesign.COMPLETE_BLOCKS and len(found.contrasts) == found.family and runs <= _MOST_RUNS


def _facts(comparison: ExperimentComparison, found: ConditionComparison | Unavailable) -> tuple[Fact, ...]:
    if isinstance(found, Unavailable):
        return ()
    labels, corrected = _labels(comparison), found.family > 1
    facts = [
        Fact(
            label=f"mean {comparison.fitness}, {labels[each.condition]} less {labels[0]}",
            value=_estimate(each.result.difference),
            detail=(
                f"{bracket(each.result.difference.low, each.result.difference.high)}, "
                f"{p_text(each.p_holm, corrected=corrected)}"
            ),
        )
        for each in found.contrasts[:_FACTS]
    ]
    base = comparison.condition_means[0].mean
    if not isinstance(base, Unavailable):
        runs = count(len(comparison.conditions[0].seeds), "run")
        detail = f"{bracket(base.low, base.high)}, {runs}"
        facts.append(Fact(label=f"mean {comparison.fitness} of {labels[0]}", value=_estimate(base), detail=detail))
    return tuple(facts)


def _cautions(comparison: ExperimentComparison) -> tuple[str, ...]:
    scope = (
        f"The results cover {comparison.scenario} and fitness {comparison.fitness}, and no other scenario or setting."
    )
    found = comparison.condition_comparison
    if not isinstance(found, ConditionComparison):
        return (*_few_runs(comparison.conditions), f"{scope} A difference that is not shown can still exist.")
    limits = margin_cautions(comparison.conditions, found)
    return (*_few_runs(comparison.conditions), *limits, scope)


def _few_runs(conditions: Sequence[Condition]) -> tuple[str, ...]:
    """Return the warning of a comparison with few runs, or nothing."""
    fewest = min(len(each.seeds) for each in conditions)
    if fewest >= _ENOUGH_RUNS:
        return ()
    advice = f": {_FEW_RUNS} or more of each are recommended" if fewest < _FEW_RUNS else ""
    return (
        (
            f"The smallest condition has {count(fewest, 'run')}{advice}. Fewer than {_ENOUGH_RUNS} runs do not show "
            "whether they are skewed. If they are, and their spread differs, more than 5 % of tests are false "
            "positives."
        ),
    )


def _labels(comparison: ExperimentComparison) -> tuple[str, ...]:
    return tuple(each.label for each in comparison.conditions)


def _runs_chart(comparison: ExperimentComparison) -> Chart:
    scores = {row.id: row.fitness.mean for row in comparison.entrants}
    rows = [*zip(comparison.conditions, comparison.condition_means, strict=True)]
    means = [each.mean for each in comparison.condition_means if not isinstance(each.mean, Unavailable)]
    return Chart(
        name="conditions",
        title="Conditions and their runs",
        caption=(
            "Mean of each condition's runs with its 95 % interval by Hall's transformation of t. A condition with one "
            "run has no interval. An overlap of these intervals is not the test of a difference. "
            f"{withheld(means)}"
        ).strip(),
        alt="Runs as dots and the conditions' means with intervals; the table below has the numbers.",
        plot=IntervalPlot(
            label=f"mean {comparison.fitness} of a run on held-out seeds",
            rows=tuple(_runs_row(condition, found, scores) for condition, found in rows),
            values_label="run",
            value_label="mean of the runs",
        ),
        table=_runs_table(rows),
        text_table=TextTable.INSTEAD,
    )


def _runs_row(condition: Condition, found: ConditionMean, scores: Mapping[str, float]) -> IntervalRow:
    mean = None if isinstance(found.mean, Unavailable) else found.mean
    return IntervalRow(
        label=condition.label,
        detail=count(len(condition.seeds), "run"),
        colour=condition_colour(condition.number),
        value=mean.mean if mean else None,
        low=mean.low if mean else None,
        high=mean.high if mean else None,
        text=_estimate(mean) if mean else "",
        values=tuple(scores[name] for name in condition.experiments),
    )


def _runs_table(rows: Sequence[tuple[Condition, ConditionMean]]) -> Table:
    aggregates = [found.aggregates.iqm for _, found in rows if not isinstance(found.aggregates, Unavailable)]
    return Table(
        title="Conditions, with 95 % intervals over runs",
        columns=(
            Column("condition", text=True),
            Column("runs"),
            Column("mean of runs"),
            Column("interquartile mean"),
            Column("experiments", text=True),
        ),
        rows=tuple(
            (
                condition.label,
                len(condition.seeds),
                None if isinstance(found.mean, Unavailable) else Marked(measured(found.mean)),
                None if isinstance(found.aggregates, Unavailable) else measured(found.aggregates.iqm),
                ", ".join(condition.experiments),
            )
            for condition, found in rows
        ),
        note=f"Interquartile mean: percentile bootstrap over runs. {withheld(aggregates)}".strip(),
    )


def _settings_table(conditions: Sequence[Condition]) -> Table:
    base = conditions[0].settings
    rows = [
        (each.label, path, base.get(path), value) for each in conditions[1:] for path, value in each.settings.items()
    ]
    return Table(
        title=f"Settings that differ from {conditions[0].label}",
        columns=(
            Column("condition", text=True),
            Column("setting", text=True),
            Column("baseline", text=True),
            Column("value", text=True),
        ),
        rows=tuple(row for row in rows if row[2] != row[3]),
    )


def _estimate(value: Interval) -> str:
    return number_in_interval(value.mean, value.low, value.high)
