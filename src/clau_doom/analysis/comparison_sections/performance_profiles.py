"""Performance profiles of the compared conditions, or of the champions if no condition has several runs."""

from collections.abc import Sequence

from clau_doom.analysis.charts import Panel, Series, XYPlot
from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.condition_colours import condition_colour
from clau_doom.analysis.condition_profiles import ConditionProfile, condition_profiles
from clau_doom.analysis.contrast_blocks import profile_chart
from clau_doom.analysis.document import Chart, Column, Section, Share, Table
from clau_doom.analysis.wording import gaps

__all__ = ["describe"]


def describe(data: ComparisonData) -> Section:
    """Describe the mean profile of each condition, or the profile of each champion."""
    if data.grouped:
        profiles = condition_profiles(data.comparison)
        chart, values = _chart(data, profiles), {"condition_profiles": profiles}
    else:
        champions = [(row.id, row.profile, data.colour(row.id)) for row in data.comparison.entrants]
        chart, values = profile_chart(champions, data.comparison.fitness), {}
    return Section(name="performance-profiles", title="Performance profiles", blocks=(chart,), data=values)


def _chart(data: ComparisonData, profiles: Sequence[ConditionProfile]) -> Chart:
    reasons = gaps(share for profile in profiles for share in profile.above)
    return Chart(
        name="profiles",
        title="Performance profiles of the conditions",
        caption=(
            "Share of held-out episodes above each fitness, mean over the champions of the runs. The band is the "
            "pointwise 95 % interval over runs (Student's t on the logit scale, Korn and Graubard 1999). "
            f"{reasons}".strip()
        ),
        alt="Falling curves, one for each condition; the table below has the numbers.",
        plot=XYPlot(
            label=f"threshold of {data.comparison.fitness}",
            panels=(
                Panel(
                    label="share of episodes above the threshold",
                    series=tuple(_series(each, data.label(each.condition)) for each in profiles),
                    low=0.0,
                    high=1.0,
                ),
            ),
            whole=False,
            tight=True,
        ),
        table=_table(data, profiles),
    )


def _series(profile: ConditionProfile, label: str) -> Series:
    shares = [*zip(profile.thresholds, profile.above, strict=True)]
    return Series(
        label=label,
        points=tuple((threshold, share.mean) for threshold, share in shares),
        colour=condition_colour(profile.condition),
        band=tuple((threshold, share.low, share.high) for threshold, share in shares),
        faint=True,
    )


def _table(data: ComparisonData, profiles: Sequence[ConditionProfile]) -> Table:
    thresholds = profiles[0].thresholds
    return Table(
        title="Share of episodes above a fitness, mean over runs, every fifth threshold",
        columns=(
            Column("above"),
            *(Column(f"{data.label(each.condition)}, n = {each.runs} [95 %]") for each in profiles),
        ),
        rows=tuple(
            (
                thresholds[at],
                *(
                    Share(value=share.mean, low=share.low, high=share.high)
                    for share in (each.above[at] for each in profiles)
                ),
            )
            for at in range(0, len(thresholds), 5)
        ),
    )
