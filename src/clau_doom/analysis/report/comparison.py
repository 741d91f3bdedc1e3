"""Report of a comparison of experiments."""

from collections.abc import Sequence

from clau_doom.analysis import document
from clau_doom.analysis.charts import CYCLE
from clau_doom.analysis.comparison import EntrantRow, ExperimentComparison, Setup
from clau_doom.analysis.contrast_blocks import contrast_chart, contrast_sentence, contrast_tables, profile_chart
from clau_doom.analysis.report.html import page_block, page_section
from clau_doom.analysis.report.page import Block, Fact, Figure, Key, Paragraph, Report, Section, Table, gap
from clau_doom.analysis.report.svg import WIDTH, Picture, axis_over
from clau_doom.analysis.report.typography import (
    NONE,
    bracket,
    count,
    interval,
    joined,
    number,
    p_equals,
    share_bracket,
)
from clau_doom.analysis.sections import reproduction
from clau_doom.analysis.sections.failures import failed_agents
from clau_doom.analysis.sections.ranking import criteria_flag, ranking_section
from clau_doom.analysis.summary import GenerationRow, generation_rows
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.ports import StoredExperiment
from clau_doom.statistics.effects import Contrast

__all__ = ["comparison_report"]

_COLOURS = ("c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7")
_NAMES, _RIGHT = 196.0, WIDTH - 72.0
_MANY_RUNS = 10


def comparison_report(experiments: Sequence[StoredExperiment], comparison: ExperimentComparison) -> Report:
    """Build the report of a comparison.

    Args:
        experiments: The experiments.
        comparison: Comparison of the experiments, in the same order.
    """
    names = [entrant.id for entrant in comparison.entrants]
    rest = f" and {len(names) - 4} more" if len(names) > 5 else ""
    title = f"{', '.join(names[:4])}{rest}" if rest else joined(names)
    return Report(
        kind="clau-doom comparison report",
        title=title,
        subtitle=(
            f"{count(len(names), 'experiment')} · {count(len(comparison.setups), 'setup')} · {comparison.scenario} · "
            f"fitness {comparison.fitness} · baseline {comparison.baseline}"
        ),
        facts=_facts(comparison),
        summary=_summary(comparison),
        cautions=_cautions(comparison),
        sections=(
            _champions_section(comparison),
            _contrasts_section(comparison),
            _profiles_section(comparison),
            _curves_section(experiments, comparison),
            _setups_section(comparison),
            page_section(ranking_section(comparison.ranking)),
            _remarks_section(experiments, comparison),
            _reproduction_section(experiments, comparison),
        ),
    )


def _facts(comparison: ExperimentComparison) -> tuple[Fact, ...]:
    base = next(row for row in comparison.entrants if row.id == comparison.baseline)
    label = f"baseline {base.id}, mean {comparison.fitness}"
    shown = [Fact(label=label, value=number(base.fitness.mean), detail=_n(base))]
    for each in comparison.contrasts[:4]:
        detail = f"{bracket(each.difference.low, each.difference.high)}, {p_equals(each.p_holm)}"
        shown.append(Fact(label=f"{each.ours} less {each.theirs}", value=number(each.difference.mean), detail=detail))
    return tuple(shown)


def _n(row: EntrantRow) -> str:
    return f"{bracket(row.fitness.low, row.fitness.high)}, {count(row.fitness.n, 'held-out episode')}"


def _summary(comparison: ExperimentComparison) -> tuple[str, ...]:
    base = comparison.baseline
    told = [
        (
            f"{count(len(comparison.entrants), 'experiment')} on {comparison.scenario}, maximising "
            f"{comparison.fitness}, are set beside {base}. Two questions are kept apart: whether a champion is better, "
            "for which its held-out episodes are the evidence, and whether a way of evolving is, for which each run "
            "counts once."
        )
    ]
    told += [
        contrast_sentence(each, f"The champion of {each.ours}", f"that of {base}") for each in comparison.contrasts
    ]
    if isinstance(comparison.setup_contrasts, Unavailable):
        told.append(f"Nothing is said of the ways of evolving: {comparison.setup_contrasts.missing}.")
    else:
        compared = zip(comparison.setup_contrasts, _able(comparison.setups), strict=True)
        told += [contrast_sentence(each, f"Setup {setup.number}", "setup 0") for each, setup in compared]
    return tuple(told)


def _cautions(comparison: ExperimentComparison) -> tuple[str, ...]:
    runs = [len(setup.experiments) for setup in comparison.setups]
    found = [*(f"{remark[:1].upper()}{remark[1:]}." for remark in comparison.remarks)]
    if min(runs) < _MANY_RUNS:
        found.append(
            f"The smallest setup has {count(min(runs), 'run')}. That a champion is better beyond doubt does not say "
            "that its way of evolving is: the next run may end elsewhere."
        )
    found.append(
        "Intervals that overlap are no test: read the interval of the difference. A difference that is not shown is "
        "not shown to be nothing either."
    )
    found.append(
        f"All is said of {comparison.scenario} and fitness {comparison.fitness}, and of no other scenario or setting."
    )
    return tuple(found)


def _colour(comparison: ExperimentComparison, name: str) -> str:
    at = next(place for place, row in enumerate(comparison.entrants) if row.id == name)
    return _COLOURS[at % len(_COLOURS)]


def _champions_section(comparison: ExperimentComparison) -> Section:
    rows = comparison.entrants
    x = axis_over(
        [end for row in rows for end in (row.fitness.low, row.fitness.high, row.fitness.mean)], _NAMES, _RIGHT
    )
    base = 10.0 + 34.0 * len(rows)
    picture = Picture(base + 44.0)
    picture.columns(x, 4.0, base, x_label=f"mean {comparison.fitness} on held-out seeds")
    for at, row in enumerate(rows):
        y, colour = 10.0 + 34.0 * at + 16.0, _colour(comparison, row.id)
        picture.whisker(x, y, (row.fitness.low, row.fitness.high), row.fitness.mean, colour)
        picture.text((0.0, y - 2.0), row.id, "name")
        picture.text((0.0, y + 12.0), f"setup {row.setup}, seed {row.seed}")
        picture.text((_RIGHT + 12.0, y + 4.0), number(row.fitness.mean), "value")
    sizes = joined(dict.fromkeys(str(row.fitness.n) for row in rows))
    figure = Figure(
        anchor="fig-champions",
        title="Champions on held-out seeds",
        caption=(
            f"Mean held-out fitness of each experiment's champion with its 95 % interval (n = {sizes} episodes each; "
            "BCa bootstrap from 34 on, Student's t below). Held-out seeds follow from each experiment's seed."
        ),
        alt="Intervals of the champions' means; the numbers are in the table below.",
        picture=picture.svg("The champions' means on held-out seeds"),
        table=_champions_table(rows),
    )
    return Section(anchor="champions", title="Champions", blocks=(figure,))


def _champions_table(rows: Sequence[EntrantRow]) -> Table:
    return Table(
        title="Champions on held-out seeds, with 95 % intervals",
        columns=("experiment", "setup", "seed", "champion", "n", "mean", "interquartile mean", "median"),
        rows=tuple(
            (
                row.id,
                str(row.setup),
                str(row.seed),
                row.agent,
                str(row.fitness.n),
                interval(row.fitness),
                interval(row.aggregates.iqm),
                interval(row.aggregates.median),
            )
            for row in rows
        ),
        words=(0, 3),
        note="Median and interquartile mean: percentile bootstrap of 10,000 resamples, after Agarwal et al. 2021.",
    )


def _contrasts_section(comparison: ExperimentComparison) -> Section:
    names = [each.ours for each in comparison.contrasts]
    title = f"Champions less that of {comparison.baseline}"
    return Section(
        anchor="contrasts",
        title=f"Each champion against that of {comparison.baseline}",
        blocks=(
            page_block(contrast_chart(comparison.contrasts, names, title=title, name="contrasts")),
            _improvement_figure(comparison.contrasts, names, comparison.baseline),
            *map(page_block, contrast_tables(comparison.contrasts, names)),
        ),
    )


def _improvement_figure(contrasts: Sequence[Contrast], names: Sequence[str], baseline: str) -> Figure:
    x = axis_over([0.0, 1.0], _NAMES, _RIGHT, pad=0.0)
    base = 10.0 + 28.0 * len(contrasts)
    picture = Picture(base + 44.0)
    picture.columns(x, 4.0, base, x_label=f"probability of improvement over {baseline}")
    picture.rule((x.at(0.5), 4.0), (x.at(0.5), base), "base")
    for at, (each, name) in enumerate(zip(contrasts, names, strict=True)):
        y, better = 10.0 + 28.0 * at + 13.0, each.improvement
        sure = better.low is not None and better.high is not None and not better.low <= 0.5 <= better.high
        picture.whisker(x, y, (better.low, better.high), better.value, "c0" if sure else "c9")
        picture.text((0.0, y + 4.0), name, "name")
        picture.text((_RIGHT + 12.0, y + 4.0), share_bracket(better).partition(" [")[0], "value")
    return Figure(
        anchor="fig-improvement",
        title="Probability of improvement",
        caption=(
            f"How often an episode of a champion is above one of {baseline}'s, ties counting half, with 95 % intervals "
            "(percentile bootstrap). The line is at even odds; grey: the interval holds them."
        ),
        alt="Intervals of the probabilities beside a line at one half; the numbers are in the table below.",
        picture=picture.svg("Probability of improvement over the baseline"),
        table=Table(
            title="Probability of improvement",
            columns=("compared", "n", "better in [95 %]"),
            rows=tuple(
                (name, str(each.improvement.n), share_bracket(each.improvement))
                for each, name in zip(contrasts, names, strict=True)
            ),
        ),
    )


def _profiles_section(comparison: ExperimentComparison) -> Section:
    profiles = [(row.id, row.profile, CYCLE[at % len(CYCLE)]) for at, row in enumerate(comparison.entrants)]
    return Section(
        anchor="profiles",
        title="Performance profiles",
        blocks=(page_block(profile_chart(profiles, comparison.fitness)),),
    )


def _curves_section(experiments: Sequence[StoredExperiment], comparison: ExperimentComparison) -> Section:
    curves = {
        stored.snapshot.experiment.id: generation_rows(stored.snapshot.finished_generations) for stored in experiments
    }
    longest = max(curves.values(), key=len)
    x = axis_over([float(row.index) for row in longest], 52.0, WIDTH - 12.0, count=10, whole=True, pad=0.02)
    ends = [end for rows in curves.values() for row in rows if row.mean for end in (row.mean.low, row.mean.high)]
    y = axis_over([*ends, *(row.mean.mean for rows in curves.values() for row in rows if row.mean)], 336.0, 26.0)
    picture = Picture(380.0)
    picture.frame(x, y, x_label="generation", y_label=f"mean {comparison.fitness} in training")
    for name, rows in curves.items():
        band = [
            (x.at(row.index), y.at(row.mean.low), y.at(row.mean.high))
            for row in rows
            if row.mean and row.mean.low is not None and row.mean.high is not None
        ]
        picture.band([*band], f"{_colour(comparison, name)} faint")
    for name, rows in curves.items():
        means = [(x.at(row.index), y.at(row.mean.mean) if row.mean else None) for row in rows]
        picture.line(means, _colour(comparison, name))
    figure = Figure(
        anchor="fig-curves",
        title="Fitness in training, over each other",
        caption=(
            "Mean fitness of each generation's agents with Student's t interval over the agents. Training seeds differ "
            "between experiments of different seeds, and a curve is no estimate of what a champion is worth."
        ),
        alt="A curve for each experiment; the numbers are in the table below.",
        picture=picture.svg("The experiments' mean fitness through the generations"),
        table=_curves_table(curves, len(longest)),
        keys=tuple(Key(mark="line", colour=_colour(comparison, name), label=name) for name in curves),
    )
    return Section(anchor="curves", title="Curves over each other", blocks=(figure,))


def _curves_table(curves: dict[str, tuple[GenerationRow, ...]], most: int) -> Table:
    def cell(rows: Sequence[GenerationRow], at: int) -> str:
        return interval(rows[at].mean) if at < len(rows) else NONE

    return Table(
        title="Mean fitness by generation, with 95 % intervals",
        columns=("generation", *curves),
        rows=tuple((str(at), *(cell(rows, at) for rows in curves.values())) for at in range(most)),
        words=(),
    )


def _setups_section(comparison: ExperimentComparison) -> Section:
    said = (
        "Experiments that differ in nothing but name and seed are runs of one setup. Each run is one value, its "
        "champion's held-out mean."
    )
    blocks: list[Block] = [Paragraph(text=said), _setups_figure(comparison), *_changes(comparison.setups)]
    if isinstance(comparison.setup_contrasts, Unavailable):
        blocks.append(gap(comparison.setup_contrasts))
    else:
        names = [f"setup {setup.number}" for setup in _able(comparison.setups)]
        chart = contrast_chart(comparison.setup_contrasts, names, title="Setups less setup 0", name="setup-contrasts")
        blocks.append(page_block(chart))
        blocks += map(page_block, contrast_tables(comparison.setup_contrasts, names))
    return Section(anchor="setups", title="Ways of evolving", blocks=tuple(blocks))


def _able(setups: Sequence[Setup]) -> list[Setup]:
    return [setup for setup in setups if setup.number and not isinstance(setup.runs, Unavailable)]


def _setups_figure(comparison: ExperimentComparison) -> Figure:
    scores = {row.id: row.fitness.mean for row in comparison.entrants}
    means = [setup.mean for setup in comparison.setups if not isinstance(setup.mean, Unavailable)]
    x = axis_over([*scores.values(), *(end for mean in means for end in (mean.low, mean.high))], _NAMES, _RIGHT)
    base = 10.0 + 44.0 * len(comparison.setups)
    picture = Picture(base + 44.0)
    picture.columns(x, 4.0, base, x_label=f"a run's mean {comparison.fitness} on held-out seeds")
    for at, setup in enumerate(comparison.setups):
        y = 10.0 + 44.0 * at + 18.0
        picture.dots([(x.at(scores[name]), y - 8.0) for name in setup.experiments], "c1", size=7.0)
        if not isinstance(setup.mean, Unavailable):
            picture.whisker(x, y + 6.0, (setup.mean.low, setup.mean.high), setup.mean.mean, "c0")
            picture.text((_RIGHT + 12.0, y + 10.0), number(setup.mean.mean), "value")
        picture.text((0.0, y - 2.0), f"setup {setup.number}", "name")
        picture.text((0.0, y + 13.0), count(len(setup.experiments), "run"))
    return Figure(
        anchor="fig-setups",
        title="Setups and their runs",
        caption=(
            "Each blue dot is a run; the mean of a setup's runs with its 95 % interval (Student's t below 34 runs, n "
            "beside the name). A setup of one run has no interval. Seeds are in the table of champions."
        ),
        alt="Runs as dots and the setups' means with intervals; the numbers are in the table below.",
        picture=picture.svg("Setups and their runs"),
        table=_setups_table(comparison),
        keys=(Key(mark="dot", colour="c1", label="a run"), Key(mark="dot", colour="c0", label="mean of the runs")),
    )


def _setups_table(comparison: ExperimentComparison) -> Table:
    few = any(1 < len(setup.experiments) < _MANY_RUNS for setup in comparison.setups)
    narrow = f"Of fewer than {_MANY_RUNS} runs, the bootstrap's interval of the interquartile mean is too narrow."
    return Table(
        title="Setups, with 95 % intervals",
        columns=("setup", "runs", "mean of runs", "interquartile mean", "of all episodes", "experiments"),
        rows=tuple(
            (
                str(setup.number),
                str(len(setup.experiments)),
                NONE if isinstance(setup.mean, Unavailable) else interval(setup.mean),
                NONE if isinstance(setup.runs, Unavailable) else interval(setup.runs.iqm),
                interval(setup.episodes.iqm),
                ", ".join(setup.experiments),
            )
            for setup in comparison.setups
        ),
        words=(5,),
        note=(
            "Of all episodes: the interquartile mean over the runs' episodes, resampled within each run; it is of "
            f"these champions, not of the setup. {narrow if few else ''}"
        ),
    )


def _changes(setups: Sequence[Setup]) -> list[Block]:
    rows = tuple((str(setup.number), change) for setup in setups for change in setup.changes)
    if not rows:
        return []
    return [Table(title="What differs from setup 0", columns=("setup", "change"), rows=rows, words=(0, 1))]


def _reproduction_section(experiments: Sequence[StoredExperiment], comparison: ExperimentComparison) -> Section:
    flags = f" --baseline {comparison.baseline}{criteria_flag(comparison.ranking)}"
    blocks = reproduction.reproduction_blocks(experiments, flags)
    return page_section(document.Section(name="reproduction", title=reproduction.TITLE, blocks=blocks))


def _remarks_section(experiments: Sequence[StoredExperiment], comparison: ExperimentComparison) -> Section:
    blocks: list[Block] = [
        Paragraph(text=f"{remark[:1].upper()}{remark[1:]}.", kind="caution") for remark in comparison.remarks
    ]
    rows = []
    for stored in experiments:
        snapshot = stored.snapshot
        failed, agents = len(failed_agents(snapshot)), sum(map(len, snapshot.generations))
        state, total = stored.state.value, snapshot.deviations.total
        rows.append(
            (snapshot.experiment.id, state, str(len(snapshot.summaries)), f"{agents:,}", str(failed), str(total))
        )
    blocks.append(
        Table(
            title="States, failed agents and deviations",
            columns=("experiment", "state", "generations", "agents", "failed", "deviations"),
            rows=tuple(rows),
            words=(0, 1),
            note="A deviation is what made a history depend on time, luck or a person.",
        )
    )
    return Section(anchor="trouble", title="Remarks, failed agents and deviations", blocks=tuple(blocks))
