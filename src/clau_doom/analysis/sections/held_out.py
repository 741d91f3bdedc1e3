"""Results on held-out seeds: champion, generation 0's best agent and random play."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from clau_doom.analysis.charts import Colour, IntervalPlot, IntervalRow
from clau_doom.analysis.contrast_blocks import contrast_chart, contrast_sentence, contrast_table, profile_chart
from clau_doom.analysis.document import Block, Cell, Chart, Column, Fact, Marked, Paragraph, Section, Table
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.held_out_conclusions import (
    bias_sentence,
    cautions,
    champion_of,
    maximum_of,
    never_better,
    performance_sentence,
    saturation_caution,
    saturation_of,
    scope_sentences,
)
from clau_doom.analysis.held_out_results import ROLE_NAMES, held_out_standings, held_out_table
from clau_doom.analysis.result_tables import CHAMPION, ResultRow, ResultTable
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import bracket, count, joined, measured, withheld, withheld_effects
from clau_doom.domain import generator
from clau_doom.domain.experiment import HoldoutResult
from clau_doom.number_format import number_in_interval, p_relation
from clau_doom.statistics.binomial_profile import binomial_profile
from clau_doom.statistics.rliable_aggregates import (
    Aggregates,
    PerformanceProfile,
    aggregate,
    thresholds_over,
)
from clau_doom.statistics.two_sample_comparison import Contrast, Sample, compare, holm

__all__ = [
    "TITLE",
    "RobustResult",
    "contrasts_of",
    "describe",
    "robust_of",
    "role_colour",
    "role_name",
    "standings_of",
    "table_of",
]

TITLE = "Results on held-out seeds"

_LARGE = 1e7  # whole numbers from here on have an exponent
_COLOURS = {CHAMPION: Colour.RED, "generation 0": Colour.AMBER, "random": Colour.GREY}


@dataclass(frozen=True, kw_only=True, slots=True)
class RobustResult:
    """Robust estimates of an agent's held-out fitness.

    Attributes:
        role: ``champion``, ``generation 0`` or ``random``.
        agent: Id of the agent.
        aggregates: Mean, median and interquartile mean over episodes.
        profile: Share of episodes above each threshold. All roles have the same thresholds.
    """

    role: str
    agent: str
    aggregates: Aggregates
    profile: PerformanceProfile


def role_name(role: str) -> str:
    """Return the display name of a role."""
    return ROLE_NAMES.get(role, role)


def role_colour(role: str) -> Colour:
    """Return the colour of a role in charts."""
    return _COLOURS.get(role, Colour.GREY)


def standings_of(data: ExperimentData) -> tuple[HoldoutResult, ...]:
    """Return the held-out episodes of each role."""
    return held_out_standings(data.stored.snapshot, data.fitness)


def table_of(data: ExperimentData) -> ResultTable | None:
    """Compute means, differences and the selection bias. None before the first held-out episode."""
    return held_out_table(data.stored.snapshot, data.fitness, data.measures)


def robust_of(data: ExperimentData) -> tuple[RobustResult, ...]:
    """Compute robust estimates of each role, in the order of the standings."""
    standings, seed = data.result(standings_of), data.seed
    if not standings:
        return ()
    thresholds = thresholds_over([value for standing in standings for value in standing.fitnesses])
    return tuple(
        RobustResult(
            role=standing.role,
            agent=standing.agent,
            aggregates=aggregate([standing.fitnesses], generator(seed, "analysis", "aggregates", standing.role)),
            profile=binomial_profile(standing.fitnesses, thresholds),
        )
        for standing in standings
    )


def contrasts_of(data: ExperimentData) -> tuple[Contrast, ...]:
    """Compare the champion with each other role. The contrasts are one family for Holm's correction."""
    standings = data.result(standings_of)
    champion = next((standing for standing in standings if standing.role == CHAMPION), None)
    if champion is None:
        return ()
    return holm([compare(_sample(champion), _sample(other)) for other in standings if other is not champion])


def _sample(standing: HoldoutResult) -> Sample:
    return Sample(name=standing.role, seeds=standing.seeds, values=standing.fitnesses)


def describe(data: ExperimentData) -> Section:
    """Describe the held-out results, the champion's lead and its selection bias."""
    results, saturation = data.result(table_of), saturation_caution(data)
    return Section(
        name="held-out",
        title=TITLE,
        blocks=_blocks(data, results),
        facts=_facts(data, champion_of(results)),
        summary=_summary(data, results),
        cautions=(*([saturation] if saturation else []), *cautions(data, results, data.result(contrasts_of))),
        data={
            "champion": data.champion,
            "validation_fitness": data.stored.snapshot.champion[1] if data.stored.snapshot.champion else None,
            "held_out": _results_json(results, data.result(robust_of)),
            "saturation": data.result(saturation_of),
            "fitness_maximum": maximum_of(data),
            "comparisons": _contrasts_json(data.result(contrasts_of)),
            "selection_bias": (
                asdict(results.bias) | {"value": results.bias.value} if results and results.bias else None
            ),
        },
    )


def _blocks(data: ExperimentData, results: ResultTable | None) -> tuple[Block, ...]:
    saturation = saturation_caution(data)
    warning: list[Block] = [Paragraph(text=saturation, kind="caution")] if saturation else []
    if results is None:
        missing = "no agent has played the held-out seeds yet: they are played after the last generation"
        return (Unavailable(missing=missing), *warning)
    blocks: list[Block] = [_measures_table(data, results), *_withheld(data, results), *warning]
    blocks.append(_episodes_chart(data, results))
    contrasts = data.result(contrasts_of)
    if contrasts:
        names = [role_name(each.theirs) for each in contrasts]
        blocks.append(contrast_chart(contrasts, names, title="Lead of the champion", name="contrasts"))
        blocks.append(contrast_table(contrasts, names))
        if text := withheld_effects([effect for each in contrasts for effect in (each.hedges_gz, each.hedges_g)]):
            blocks.append(Paragraph(text=text, kind="note"))
    else:
        blocks.append(Unavailable(missing="no other agent has played the held-out seeds of the champion"))
    if text := never_better(data):
        blocks.append(Paragraph(text=text, kind="caution"))
    blocks += [Paragraph(text=each, kind="note") for each in scope_sentences(data, results)]
    profiles = [(role_name(each.role), each.profile, role_colour(each.role)) for each in data.result(robust_of)]
    blocks.append(profile_chart(profiles, data.fitness_name))
    if results.bias:
        blocks.append(Paragraph(text=bias_sentence(results.bias)))
    else:
        blocks.append(Unavailable(missing="the selection bias needs a champion with a training fitness"))
    return tuple(blocks)


def _withheld(data: ExperimentData, results: ResultTable) -> list[Block]:
    intervals = [each for row in results.rows for each in (row.fitness, *(value for _, value in row.measures))]
    robust = [each for row in data.result(robust_of) for each in (row.aggregates.iqm, row.aggregates.median)]
    text = withheld([*intervals, *robust])
    return [Paragraph(text=text, kind="note")] if text else []


def _facts(data: ExperimentData, champion: ResultRow | None) -> tuple[Fact, ...]:
    facts = []
    if champion:
        low, high = champion.fitness.low, champion.fitness.high
        detail = f"{bracket(low, high)}, {count(champion.fitness.n, 'held-out episode')}"
        label = f"champion, mean {data.fitness_name}"
        facts.append(Fact(label=label, value=number_in_interval(champion.fitness.mean, low, high), detail=detail))
    for each in data.result(contrasts_of):
        lead = each.difference
        detail = f"{bracket(lead.low, lead.high)}, {p_relation(each.p_holm)}"
        value = number_in_interval(lead.mean, lead.low, lead.high)
        facts.append(Fact(label=f"ahead of {role_name(each.theirs)} by", value=value, detail=detail))
    return tuple(facts)


def _summary(data: ExperimentData, results: ResultTable | None) -> tuple[str, ...]:
    contrasts = data.result(contrasts_of)
    return (
        performance_sentence(data, results),
        *(
            contrast_sentence(each, "The champion", role_name(each.theirs), corrected=len(contrasts) > 1)
            for each in contrasts
        ),
        *([bias_sentence(results.bias)] if results and results.bias else []),
    )


def _episodes_chart(data: ExperimentData, results: ResultTable) -> Chart:
    standings, rows = data.result(standings_of), {row.role: row for row in results.rows}
    sizes = joined(map(str, sorted({len(standing.fitnesses) for standing in standings})))
    return Chart(
        name="held-out",
        title="Held-out episodes",
        caption=(
            f"Mean fitness of n = {sizes} held-out episodes each, with its 95 % interval by Hall's "
            "transformation of t. All agents play the same seeds, which no selection used. The seeds follow from the "
            f"experiment's seed {data.seed}."
        ),
        marks="Bars: number of episodes by fitness, scaled to the most frequent one.",
        alt="Bars for the held-out episodes of each agent, with the mean; the table below has the numbers.",
        plot=IntervalPlot(
            label=f"{data.fitness_name} of an episode",
            rows=tuple(_episodes_row(standing, rows[standing.role]) for standing in standings),
            histogram=True,
            values_label="episodes",
            value_label="mean with 95 % interval",
        ),
        table=_episodes_table(standings),
    )


def _episodes_row(standing: HoldoutResult, row: ResultRow) -> IntervalRow:
    return IntervalRow(
        label=role_name(standing.role),
        detail=standing.agent,
        colour=role_colour(standing.role),
        value=row.fitness.mean,
        low=row.fitness.low,
        high=row.fitness.high,
        text=number_in_interval(row.fitness.mean, row.fitness.low, row.fitness.high),
        values=standing.fitnesses,
    )


def _episodes_table(standings: Sequence[HoldoutResult]) -> Table:
    played = [dict(zip(standing.seeds, standing.fitnesses, strict=True)) for standing in standings]
    seeds = dict.fromkeys(seed for standing in standings for seed in standing.seeds)
    return Table(
        title="Fitness by held-out seed",
        columns=(Column("seed"), *(Column(role_name(standing.role)) for standing in standings)),
        rows=tuple((str(seed), *(_episode_cell(row.get(seed)) for row in played)) for seed in seeds),
    )


def _episode_cell(fitness: float | None) -> int | float | None:
    """Return the fitness of one episode; counts, such as kills, as whole numbers."""
    return int(fitness) if fitness is not None and fitness.is_integer() and abs(fitness) < _LARGE else fitness


def _measures_table(data: ExperimentData, results: ResultTable) -> Table:
    rows, robust = results.rows, data.result(robust_of)
    cells: list[tuple[Cell, ...]] = [
        ("agent", *(row.agent for row in rows)),
        ("episodes", *(row.fitness.n for row in rows)),
        (f"mean fitness ({data.fitness_name})", *(Marked(measured(row.fitness)) for row in rows)),
        ("interquartile mean", *(measured(each.aggregates.iqm) for each in robust)),
        ("median", *(measured(each.aggregates.median) for each in robust)),
    ]
    for at, (name, _) in enumerate(rows[0].measures):
        cells.append((f"mean {name.replace('_', ' ')}", *(measured(row.measures[at][1]) for row in rows)))
    return Table(
        title="Held-out results with 95 % intervals",
        columns=(Column("", text=True), *(Column(role_name(row.role)) for row in rows)),
        rows=tuple(cells),
        note=(
            "Median and interquartile mean (the mean of the middle half): percentile bootstrap of 10,000 resamples "
            "(Agarwal et al. 2021)."
        ),
    )


def _results_json(results: ResultTable | None, robust: Sequence[RobustResult]) -> list[dict[str, object]]:
    return [
        {
            "role": row.role,
            "agent": row.agent,
            "fitness": row.fitness,
            "measures": dict(row.measures),
            "median": each.aggregates.median,
            "iqm": each.aggregates.iqm,
            "mean_by_bootstrap": each.aggregates.mean,
            "profile": each.profile,
        }
        for row, each in zip(results.rows if results else (), robust, strict=True)
    ]


def _contrasts_json(contrasts: Sequence[Contrast]) -> list[dict[str, object]]:
    return [
        {
            "role": each.theirs,
            **{field.name: getattr(each, field.name) for field in fields(each) if field.name != "theirs"},
        }
        for each in contrasts
    ]
