"""Sections about held-out results: episodes, contrasts, performance profiles and selection bias."""

from collections import Counter
from collections.abc import Sequence

from clau_doom.analysis.experiment_analysis import ExperimentAnalysis
from clau_doom.analysis.held_out_results import ROLE_NAMES
from clau_doom.analysis.report.document import Block, Figure, Key, Paragraph, Section, Table, gap
from clau_doom.analysis.report.svg import WIDTH, Axis, Picture, axis_over
from clau_doom.analysis.report.training import COLOURS
from clau_doom.analysis.report.typography import (
    NONE,
    chance,
    count,
    interval,
    joined,
    number,
    share,
    share_bracket,
    short,
)
from clau_doom.analysis.summary import SelectionBias
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain.experiment import HoldoutResult
from clau_doom.statistics.effects import Contrast
from clau_doom.statistics.estimates import PerformanceProfile

__all__ = ["contrast_figure", "contrasts_tables", "held_out_section", "profile_figure", "role_name"]

_NAMES, _RIGHT = 168.0, WIDTH - 92.0
_ROW, _TALLEST, _BIN = 62.0, 32.0, 6.0
_SIZES = 40  # with more sizes, neighbours share a bar


def role_name(role: str) -> str:
    """Return the display name of a role."""
    return ROLE_NAMES.get(role, role)


def held_out_section(analysis: ExperimentAnalysis) -> Section:
    """Build the section with held-out results, contrasts of the champion and its selection bias."""
    results = analysis.results
    if results is None:
        missing = Unavailable(
            missing="nobody has played the held-out seeds yet: they are played after the last generation"
        )
        return Section(anchor="held-out", title="On held-out seeds", blocks=(gap(missing),))
    blocks: list[Block] = [_episodes_figure(analysis), _measures_table(analysis)]
    if analysis.contrasts:
        names = [role_name(each.theirs) for each in analysis.contrasts]
        blocks.append(contrast_figure(analysis.contrasts, names, title="The champion's lead", anchor="fig-contrasts"))
        blocks += contrasts_tables(analysis.contrasts, names)
    else:
        blocks.append(gap(Unavailable(missing="there is nobody to compare the champion with on held-out seeds")))
    profiles = [(role_name(each.role), each.profile, COLOURS.get(each.role, "c9")) for each in analysis.held_out]
    blocks.append(profile_figure(profiles, analysis.fitness))
    if results.bias:
        blocks += _bias_blocks(results.bias)
    else:
        blocks.append(
            gap(Unavailable(missing="without a champion and its training fitness there is no selection bias to tell"))
        )
    return Section(anchor="held-out", title="On held-out seeds", blocks=tuple(blocks))


def _episodes_figure(analysis: ExperimentAnalysis) -> Figure:
    standings = analysis.standings
    x = axis_over([value for standing in standings for value in standing.fitnesses], _NAMES, _RIGHT, count=7)
    base = 14.0 + _ROW * len(standings)
    picture = Picture(base + 44.0)
    picture.columns(x, 8.0, base, x_label=f"{analysis.fitness} in an episode")
    rows = {row.role: row for row in analysis.results.rows} if analysis.results else {}
    for at, standing in enumerate(standings):
        colour, y = COLOURS.get(standing.role, "c9"), 14.0 + _ROW * (at + 1) - 16.0
        _draw_counts(picture, x, y - 4.0, standing.fitnesses, colour)
        fitness = rows[standing.role].fitness
        picture.whisker(x, y + 4.0, (fitness.low, fitness.high), fitness.mean, colour)
        picture.text((0.0, y - 8.0), role_name(standing.role), "name")
        picture.text((0.0, y + 8.0), standing.agent, "tick")
        picture.text((_RIGHT + 12.0, y + 8.0), number(fitness.mean), "value")
    sizes = sorted({len(standing.fitnesses) for standing in standings})
    return Figure(
        anchor="fig-held-out",
        title="Held-out episodes",
        caption=(
            f"Bars: how many episodes came to each fitness (n = {joined(map(str, sizes))} each, scaled to the "
            "commonest); below them, the mean with its 95 % interval "
            "(BCa bootstrap from 34 episodes on, Student's t below). All are given the same seeds, on which "
            f"nothing was chosen; they follow from experiment seed {analysis.seed} and are listed in the data."
        ),
        alt="Bars for each contestant's held-out episodes with their means; the numbers are in the tables below.",
        picture=picture.svg("Held-out episodes of each contestant"),
        table=_episodes_table(standings),
        keys=(
            Key(mark="bar", colour="c9", label="episodes"),
            Key(mark="dot", colour="c9", label="mean with 95 % interval"),
        ),
    )


def _draw_counts(picture: Picture, x: Axis, base: float, values: Sequence[float], colour: str) -> None:
    """Draw a histogram. The highest bar fills the available height."""
    fine = len(set(values)) > _SIZES
    counts = Counter(_BIN * round(x.at(value) / _BIN) if fine else x.at(value) for value in values)
    most = max(counts.values(), default=1)
    for at, many in sorted(counts.items()):
        height = max(_TALLEST * many / most, 1.5)
        picture.box((at - _BIN / 2.0 + 0.5, base - height), (_BIN - 1.0, height), f"fl pale {colour}")


def _episodes_table(standings: Sequence[HoldoutResult]) -> Table:
    played = [dict(zip(standing.seeds, standing.fitnesses, strict=True)) for standing in standings]
    seeds = dict.fromkeys(seed for standing in standings for seed in standing.seeds)
    return Table(
        title="Fitness by held-out seed",
        columns=("seed", *(role_name(standing.role) for standing in standings)),
        rows=tuple((str(seed), *(number(row.get(seed)) for row in played)) for seed in seeds),
        words=(),
    )


def _measures_table(analysis: ExperimentAnalysis) -> Table:
    assert analysis.results is not None
    rows, robust = analysis.results.rows, analysis.held_out
    cells = [
        ("agent", *(row.agent for row in rows)),
        ("episodes", *(str(row.fitness.n) for row in rows)),
        (f"mean fitness ({analysis.fitness})", *(interval(row.fitness) for row in rows)),
        ("interquartile mean", *(interval(each.aggregates.iqm) for each in robust)),
        ("median", *(interval(each.aggregates.median) for each in robust)),
    ]
    for at, (name, _) in enumerate(rows[0].measures):
        cells.append((f"mean {name.replace('_', ' ')}", *(interval(row.measures[at][1]) for row in rows)))
    return Table(
        title="Held-out results with 95 % intervals",
        columns=("", *(role_name(row.role) for row in rows)),
        rows=tuple(cells),
        note=(
            "Median and interquartile mean (the mean of the middle half) with percentile bootstrap of 10,000 "
            "resamples, after Agarwal et al. 2021."
        ),
    )


def contrast_figure(contrasts: Sequence[Contrast], names: Sequence[str], *, title: str, anchor: str) -> Figure:
    """Draw differences with their intervals and a line at 0.

    Args:
        contrasts: One family with at least one contrast.
        names: Display names of the compared agents, in the same order.
        title: Title of the figure.
        anchor: Id of the figure in the page.
    """
    ends = [end for each in contrasts for end in (each.difference.low, each.difference.high, each.difference.mean)]
    x = axis_over([*ends, 0.0], _NAMES, _RIGHT, count=7)
    base = 14.0 + 34.0 * len(contrasts)
    picture = Picture(base + 44.0)
    picture.columns(x, 8.0, base, x_label="difference of mean fitness")
    picture.rule((x.at(0.0), 8.0), (x.at(0.0), base), "base")
    for at, (each, name) in enumerate(zip(contrasts, names, strict=True)):
        y, ahead = 14.0 + 34.0 * at + 16.0, each.difference.excludes(0.0)
        picture.whisker(x, y, (each.difference.low, each.difference.high), each.difference.mean, _sure(ahead))
        picture.text((0.0, y + 4.0), name, "name")
        picture.text((_RIGHT + 12.0, y + 4.0), number(each.difference.mean), "value")
    sizes = "; ".join(dict.fromkeys(_count(each) for each in contrasts))
    return Figure(
        anchor=anchor,
        title=title,
        caption=(
            f"Difference of mean fitness with its 95 % interval (n: {sizes}). Grey: the interval holds 0, and the data "
            "agree with no difference. Intervals are not corrected for the number of comparisons; the p-values below "
            "are."
        ),
        alt="Intervals of the differences beside a line at nought; the numbers are in the tables below.",
        picture=picture.svg(f"{title}: differences of mean fitness"),
        table=Table(
            title="Differences of mean fitness",
            columns=("compared", "n", "difference", "95 % interval"),
            rows=tuple(
                (name, _count(each), number(each.difference.mean), interval(each.difference).partition(" ")[2] or NONE)
                for each, name in zip(contrasts, names, strict=True)
            ),
        ),
    )


def _sure(excludes: bool) -> str:  # noqa: FBT001 - a property of the interval
    return "c0" if excludes else "c9"


def contrasts_tables(contrasts: Sequence[Contrast], names: Sequence[str]) -> tuple[Table, Table]:
    """Build two tables of contrasts: effect sizes and significance."""
    return _effects_table(contrasts, names), _tests_table(contrasts, names)


def _effects_table(contrasts: Sequence[Contrast], names: Sequence[str]) -> Table:
    return Table(
        title="Effect sizes with 95 % intervals",
        columns=("compared", "n", "difference", "d_z", "d", "Cliff's delta", "better in"),
        rows=tuple(
            (
                name,
                _count(each),
                interval(each.difference),
                number(each.cohen_dz),
                number(each.cohen_d),
                interval(each.cliff_delta),
                share_bracket(each.improvement),
            )
            for each, name in zip(contrasts, names, strict=True)
        ),
        note=(
            "d_z divides by the standard deviation of the paired differences, d by the pooled one of the two: only d "
            f"compares with unpaired studies. Cliff's delta runs from {short(-1.0, 0)} to 1. Better in: the chance of "
            "improvement, that a value is above one of the other, ties counting half."
        ),
    )


def _tests_table(contrasts: Sequence[Contrast], names: Sequence[str]) -> Table:
    return Table(
        title="Tests and power",
        columns=("compared", "test", "p", "p, Holm", "power", "80 % at n", "detectable"),
        rows=tuple(
            (
                name,
                each.test,
                chance(each.p),
                chance(each.p_holm),
                share(each.power),
                NONE if each.needed is None else f"{each.needed:,}",
                number(each.detectable),
            )
            for each, name in zip(contrasts, names, strict=True)
        ),
        words=(0, 1),
        note=(
            f"Two-sided; Holm's correction (1979) is for a family of {count(len(contrasts), 'comparison')}. Power is "
            "of the test for the effect seen, and adds nothing to p; what helps to plan is the n that would find this "
            "effect four times of five, and the smallest effect that this n finds as often (detectable)."
        ),
    )


def _count(contrast: Contrast) -> str:
    return f"{contrast.n} pairs" if contrast.paired else f"{contrast.n} and {contrast.n_theirs}"


def profile_figure(profiles: Sequence[tuple[str, PerformanceProfile, str]], fitness: str) -> Figure:
    """Draw performance profiles in one figure.

    Args:
        profiles: Display name, profile and CSS class of each agent. All have the same thresholds.
        fitness: Display name of the fitness.
    """
    thresholds = profiles[0][1].thresholds
    x = axis_over(thresholds, 52.0, WIDTH - 12.0, count=8, pad=0.0)
    y = axis_over([0.0, 1.0], 276.0, 26.0, pad=0.0, bounds=(0.0, 1.0))
    picture = Picture(320.0)
    picture.frame(x, y, x_label=f"threshold of {fitness}", y_label="share of episodes above it")
    for _, profile, colour in profiles:
        ends = zip(thresholds, profile.low, profile.high, strict=True)
        css = f"{colour} faint" if len(profiles) > 3 else colour
        picture.band([(x.at(at), y.at(low), y.at(high)) for at, low, high in ends], css)
    for _, profile, colour in profiles:
        picture.line([(x.at(at), y.at(part)) for at, part in zip(thresholds, profile.above, strict=True)], colour)
    return Figure(
        anchor="fig-profiles",
        title="Performance profiles",
        caption=(
            "The share of held-out episodes above each fitness, with pointwise 95 % intervals (n = "
            f"{joined(dict.fromkeys(str(profile.n) for _, profile, _ in profiles))} episodes each). A curve above "
            "another everywhere is better in every respect; where they cross, it depends on what is wanted."
        ),
        alt="Falling curves, one for each contestant; the numbers are in the table below.",
        picture=picture.svg("Performance profiles on held-out seeds"),
        table=_profile_table(profiles),
        keys=tuple(Key(mark="line", colour=colour, label=name) for name, _, colour in profiles),
    )


def _profile_table(profiles: Sequence[tuple[str, PerformanceProfile, str]]) -> Table:
    thresholds = profiles[0][1].thresholds
    shown = range(0, len(thresholds), 5)
    return Table(
        title="Share of episodes above a fitness, every fifth threshold",
        columns=("above", *(f"{name} [95 %]" for name, _, _ in profiles)),
        rows=tuple(
            (
                number(thresholds[at]),
                *(
                    f"{short(profile.above[at], 2)} [{short(profile.low[at], 2)}, {short(profile.high[at], 2)}]"
                    for _, profile, _ in profiles
                ),
            )
            for at in shown
        ),
        words=(),
    )


def _bias_blocks(bias: SelectionBias) -> list[Block]:
    table = Table(
        title="Selection bias of the champion",
        columns=("training fitness", "held-out mean", "n", "bias [95 %]"),
        rows=((number(bias.training), number(bias.held_out), str(bias.n), f"{_bias_text(bias)}"),),
        words=(),
        note=(
            "The interval is that of the held-out mean; the training fitness is taken as it was, the best of many "
            "noisy ones."
        ),
    )
    return [Paragraph(text=bias_sentence(bias)), table]


def bias_sentence(bias: SelectionBias) -> str:
    """Describe the selection bias of the champion's training fitness in a sentence."""
    sure = bias.low is not None and bias.high is not None and not bias.low <= 0.0 <= bias.high
    side = "above" if bias.value > 0 else "below"
    verdict = ": it promised too much" if sure and bias.value > 0 else "" if sure else ", which luck alone may explain"
    return (
        f"The champion's training fitness lies {side} its held-out mean, by {_bias_text(bias)}{verdict}; "
        f"{number(bias.training)} in the generation that it was best of, {number(bias.held_out)} over "
        f"{count(bias.n, 'held-out episode')}."
    )


def _bias_text(bias: SelectionBias) -> str:
    ends = "" if bias.low is None or bias.high is None else f" [{number(bias.low)}, {number(bias.high)}]"
    return f"{number(bias.value)}{ends}"
