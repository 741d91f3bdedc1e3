"""Sentences, charts and tables of contrasts and performance profiles."""

from collections.abc import Sequence

from clau_doom.analysis.charts import Colour, IntervalPlot, IntervalRow, Panel, Series, XYPlot
from clau_doom.analysis.document import Cell, Chart, Column, Marked, PValue, Share, Table, TextTable
from clau_doom.analysis.wording import joined, measured, shared, withheld, withheld_effects
from clau_doom.number_format import number_in_interval, p_relation
from clau_doom.statistics.hedges_g import HedgesG
from clau_doom.statistics.interval_format import interval
from clau_doom.statistics.rliable_aggregates import PerformanceProfile
from clau_doom.statistics.two_sample_comparison import Contrast

__all__ = ["contrast_chart", "contrast_sentence", "contrast_table", "contrast_tables", "pairs_text", "profile_chart"]


def contrast_sentence(contrast: Contrast, us: str, them: str, *, corrected: bool) -> str:
    """Describe a contrast in a sentence. Its corrected p-value decides whether a difference is shown.

    Args:
        contrast: The contrast.
        us: Name of the first agent, at the beginning of a sentence.
        them: Name of the second agent.
        corrected: Whether the family has several contrasts, so that the p-value is corrected and the interval is not.
    """
    difference = contrast.difference
    n = f"{contrast.n} pairs" if contrast.paired else f"n = {contrast.n} and {contrast.n_theirs}"
    effect = "" if contrast.effect is None else f", {_effect_text(contrast.effect)}"
    holm = "Holm " if corrected else ""
    test = "" if contrast.p_holm is None else f", {holm}{p_relation(contrast.p_holm)} by {contrast.test}"
    uncorrected = "uncorrected 95 % interval, " if corrected and contrast.p_holm is not None else ""
    details = f"{interval(difference)} ({uncorrected}{n}{effect}{test})"
    if difference.reason:
        return f"{us} and {them} are not tested, because {difference.reason}: mean difference {details}."
    if not contrast.shown:
        return f"No difference between {us[:1].lower()}{us[1:]} and {them} is shown: {details}."
    return f"{us} is ahead of {them} by {details}." if difference.mean > 0 else f"{us} is behind {them}: {details}."


def _effect_text(effect: HedgesG) -> str:
    return f"{effect.symbol} = {number_in_interval(effect.value, effect.low, effect.high)}"


def contrast_chart(contrasts: Sequence[Contrast], names: Sequence[str], *, title: str, name: str) -> Chart:
    """Describe differences with their intervals and a line at 0.

    Args:
        contrasts: One family with at least one contrast.
        names: Display names of the compared agents, in the same order.
        title: Title of the chart.
        name: Name of the chart.
    """
    named, corrected = [*zip(contrasts, names, strict=True)], len(contrasts) > 1
    return Chart(
        name=name,
        title=title,
        caption=(
            f"Difference of mean fitness with its 95 % interval (n: "
            f"{'; '.join(dict.fromkeys(map(pairs_text, contrasts)))})."
            + (" The intervals are not corrected for the number of comparisons; the p-values are." if corrected else "")
        ),
        marks=f"Grey: no difference is shown ({'Holm-corrected ' if corrected else ''}p of 0.05 or more).",
        alt="Intervals of the differences with a line at 0; the table below has the numbers.",
        plot=IntervalPlot(
            label="difference of mean fitness",
            rows=tuple(
                IntervalRow(
                    label=each,
                    colour=Colour.RED if contrast.shown else Colour.GREY,
                    value=contrast.difference.mean,
                    low=contrast.difference.low,
                    high=contrast.difference.high,
                    text=number_in_interval(
                        contrast.difference.mean, contrast.difference.low, contrast.difference.high
                    ),
                )
                for contrast, each in named
            ),
            reference=0.0,
        ),
        table=Table(
            title="Differences of mean fitness",
            columns=(Column("compared", text=True), Column("n"), Column("difference [95 %]")),
            rows=tuple((each, pairs_text(contrast), measured(contrast.difference)) for contrast, each in named),
        ),
        text_table=TextTable.NEVER,
    )


def contrast_table(contrasts: Sequence[Contrast], names: Sequence[str]) -> Table:
    """Describe few contrasts in one table with a column for each."""
    quantities = [*_effects(contrasts), *_tests(contrasts, None)]
    return Table(
        title="Effect sizes with 95 % intervals, tests and sample sizes",
        columns=(Column("champion less", text=True), *map(Column, names)),
        rows=tuple((heading, *cells) for heading, cells in quantities),
        note=f"{_effects_note(contrasts)} {_tests_note(contrasts, None)}",
    )


def contrast_tables(
    contrasts: Sequence[Contrast], names: Sequence[str], margin: float | None = None
) -> tuple[Table, Table]:
    """Describe contrasts in two tables with a row for each: effect sizes and tests.

    Args:
        contrasts: One family with at least one contrast.
        names: Display names of the compared agents, in the same order.
        margin: Smallest difference of interest, for which the contrasts have sample sizes, or None.
    """

    def table(title: str, quantities: Sequence[tuple[str, list[Cell]]], note: str) -> Table:
        columns = (Column(heading, text=heading == "test") for heading, _ in quantities)
        return Table(
            title=title,
            columns=(Column("compared", text=True), *columns),
            rows=tuple((name, *cells) for name, *cells in zip(names, *(cells for _, cells in quantities), strict=True)),
            note=note,
        )

    return (
        table("Effect sizes with 95 % intervals", _effects(contrasts), _effects_note(contrasts)),
        table("Tests and sample sizes", _tests(contrasts, margin), _tests_note(contrasts, margin)),
    )


def pairs_text(contrast: Contrast) -> str:
    """Format the sample sizes of a contrast."""
    return f"{contrast.n} pairs" if contrast.paired else f"{contrast.n} and {contrast.n_theirs}"


def _effects_note(contrasts: Sequence[Contrast]) -> str:
    note = (
        "Hedges' g of independent samples and g_av of pairs divide by the root of the mean variance, g_z by the "
        "standard deviation of the paired differences. Only g and g_av are comparable with other studies. Cliff's "
        "delta is between -1 and 1. Improvement: the probability that a value is above one of the other sample. Ties "
        "count half."
    )
    effects = withheld_effects([effect for each in contrasts for effect in (each.hedges_gz, each.hedges_g)])
    return " ".join(filter(None, (note, effects, withheld(each.difference for each in contrasts))))


def _effects(contrasts: Sequence[Contrast]) -> list[tuple[str, list[Cell]]]:
    found: list[tuple[str, list[Cell]]] = [
        ("n", [pairs_text(each) for each in contrasts]),
        ("difference", [Marked(measured(each.difference)) for each in contrasts]),
        ("g_z", [measured(each.hedges_gz) for each in contrasts]),
        (_symbol_of(contrasts), [measured(each.hedges_g) for each in contrasts]),
        ("Cliff's delta", [measured(each.cliff_delta) for each in contrasts]),
        ("improvement", [shared(each.improvement) for each in contrasts]),
    ]
    return [row for row in found if row[0] != "g_z" or any(each.paired for each in contrasts)]


def _symbol_of(contrasts: Sequence[Contrast]) -> str:
    """Return the symbol of the effect size on the scale of independent samples."""
    paired = {each.paired for each in contrasts}
    return "g_av" if paired == {True} else "g" if paired == {False} else "g or g_av"


def _tests(contrasts: Sequence[Contrast], margin: float | None) -> list[tuple[str, list[Cell]]]:
    found: list[tuple[str, list[Cell]]] = [
        ("test", [each.test for each in contrasts]),
        ("p", [PValue(each.p) for each in contrasts]),
    ]
    if len(contrasts) > 1:
        found.append(("p, Holm", [PValue(each.p_holm) for each in contrasts]))
    found.append(("detectable difference", [each.detectable for each in contrasts]))
    if margin is not None:
        needed: list[Cell] = [None if each.needed is None else f"{each.needed:,}" for each in contrasts]
        found.append((f"n for ±{margin:g}", needed))
    return found


def _tests_note(contrasts: Sequence[Contrast], margin: float | None) -> str:
    corrected = f"; Holm's correction (1979) covers {len(contrasts)} comparisons" if len(contrasts) > 1 else ""
    unit = "pairs" if all(each.paired for each in contrasts) else "episodes of each agent"
    needed = "" if margin is None else f" n: the {unit} that would show a true difference of the margin, {margin:g}."
    return (
        f"Tests are two-sided{corrected}. For planning, with a power of 80 %, without correction, if the observed "
        "standard deviations were the true ones. Detectable: the smallest true difference that the present n would "
        f"show.{needed}"
    )


def profile_chart(profiles: Sequence[tuple[str, PerformanceProfile, Colour]], fitness: str) -> Chart:
    """Describe performance profiles in one chart.

    Args:
        profiles: Display name, profile and colour of each agent. All have the same thresholds.
        fitness: Display name of the fitness.
    """
    sizes = joined(dict.fromkeys(str(profile.n) for _, profile, _ in profiles))
    return Chart(
        name="profiles",
        title="Performance profiles",
        caption=(
            f"Share of held-out episodes above each fitness, with pointwise 95 % intervals (n = {sizes} episodes "
            "each). Where one curve is above another at every threshold, all quantiles of these episodes are higher."
        ),
        alt="Falling curves, one for each agent; the table below has the numbers.",
        plot=XYPlot(
            label=f"threshold of {fitness}",
            panels=(
                Panel(
                    label="share of episodes above the threshold",
                    series=tuple(
                        Series(
                            label=name,
                            points=tuple(zip(profile.thresholds, profile.above, strict=True)),
                            colour=colour,
                            band=tuple(zip(profile.thresholds, profile.low, profile.high, strict=True)),
                            faint=len(profiles) > 3,
                        )
                        for name, profile, colour in profiles
                    ),
                    low=0.0,
                    high=1.0,
                ),
            ),
            whole=False,
            tight=True,
        ),
        table=_profile_table(profiles),
    )


def _profile_table(profiles: Sequence[tuple[str, PerformanceProfile, Colour]]) -> Table:
    thresholds = profiles[0][1].thresholds
    return Table(
        title="Share of episodes above a fitness, every fifth threshold",
        columns=(Column("above"), *(Column(f"{name} [95 %]") for name, _, _ in profiles)),
        rows=tuple(
            (
                thresholds[at],
                *(
                    Share(value=profile.above[at], low=profile.low[at], high=profile.high[at])
                    for _, profile, _ in profiles
                ),
            )
            for at in range(0, len(thresholds), 5)
        ),
    )
