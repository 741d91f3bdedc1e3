"""Shewhart control charts of the generations."""

from clau_doom.analysis.charts import MARKED, Colour, Level, Marker, Panel, Series, XYPlot
from clau_doom.analysis.control_charts import ControlChart, control_chart
from clau_doom.analysis.document import Block, Cell, Chart, Column, Marked, Paragraph, Section, Table
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import ranges
from clau_doom.number_format import number

__all__ = ["TITLE", "compute", "describe"]

TITLE = "Control charts"


def compute(data: ExperimentData) -> ControlChart | Unavailable:
    """Compute the control charts of the training fitness."""
    rows = [[each.fitness for each in row if each.fitness is not None] for row in data.finished_generations]
    return control_chart(rows)


def describe(data: ExperimentData) -> Section:
    """Describe the control charts and their signals."""
    chart = data.result(compute)
    blocks: tuple[Block, ...] = (chart,) if isinstance(chart, Unavailable) else _blocks(data, chart)
    return Section(name="control-charts", title=TITLE, blocks=blocks, data={"control_chart": chart})


def _blocks(data: ExperimentData, chart: ControlChart) -> tuple[Block, ...]:
    caption = (
        "Shewhart charts with limits at three standard errors (Montgomery 2009). During evolution, means below the "
        "centre early and above it late are expected. A signal after the curve has levelled off, or of the spread, "
        "needs attention. The limits assume independent values: agents are related, so that the rate of false signals "
        "is unknown."
    )
    return (
        Paragraph(text=_sentence(chart)),
        Chart(
            name="control",
            title=f"x-bar and {chart.spread} charts of the generations",
            caption=caption,
            marks="Ringed: a mean that meets a Western Electric rule, or a spread beyond its limits.",
            alt="Two control charts over the generations; the table below has the numbers.",
            plot=XYPlot(label="generation", panels=_panels(data, chart)),
            table=_table(chart),
        ),
    )


def _sentence(chart: ControlChart) -> str:
    sides = [
        f"{side} the centre in generations {ranges(found)}"
        for side, above in (("below", False), ("above", True))
        if (found := sorted({signal.generation for signal in chart.signals if signal.above is above}))
    ]
    signals = f"The mean is {' and '.join(sides)}" if sides else "No mean meets a Western Electric rule"
    beyond = ranges(point.generation for point in chart.points if point.spread_signals)
    spread = (
        f"the spread {chart.spread} is beyond its limits in generations {beyond}"
        if beyond
        else f"no spread {chart.spread} is beyond its limits"
    )
    return f"{signals}; {spread} (centre {number(chart.centre)}, sigma {number(chart.sigma)} within generations)."


def _panels(data: ExperimentData, chart: ControlChart) -> tuple[Panel, Panel]:
    points = chart.points
    met = {signal.generation for signal in chart.signals}
    means = tuple((point.generation, point.mean, point.mean_low, point.mean_high) for point in points)
    spreads = tuple((point.generation, point.spread, point.spread_low, point.spread_high) for point in points)
    name = "range R" if chart.spread == "R" else "standard deviation s"
    beyond = {point.generation for point in points if point.spread_signals}
    return (
        Panel(
            label=f"mean {data.fitness_name}",
            series=_series(means, met, "mean of the generation"),
            levels=(Level(label="centre", value=chart.centre, colour=Colour.TEXT),),
            height=200.0,
        ),
        Panel(label=name, series=_series(spreads, beyond, name), height=126.0),
    )


def _series(
    points: tuple[tuple[int, float, float, float], ...], signals: set[int], label: str
) -> tuple[Series, Series]:
    return (
        Series(
            label=label,
            points=tuple((at, value) for at, value, _, _ in points),
            colour=Colour.TEXT,
            marker=Marker.DOT,
            thin=True,
            size=5.0,
            band=tuple((at, low, high) for at, _, low, high in points),
            band_label="within the limits",
        ),
        Series(
            label="signal",
            points=tuple((at, value) for at, value, _, _ in points if at in signals),
            colour=Colour.RED,
            line=False,
            marker=Marker.RING,
            size=7.0 if len(points) <= MARKED else 4.0,
        ),
    )


def _table(chart: ControlChart) -> Table:
    rules: dict[int, list[str]] = {}
    for signal in chart.signals:
        rules.setdefault(signal.generation, []).append(f"{signal.rule} {'above' if signal.above else 'below'}")
    rows: list[tuple[Cell, ...]] = [
        (
            point.generation,
            point.n,
            Marked(point.mean) if point.generation in rules else point.mean,
            f"{number(point.mean_low)} to {number(point.mean_high)}",
            Marked(point.spread, "warning") if point.spread_signals else point.spread,
            f"{number(point.spread_low)} to {number(point.spread_high)}",
            ", ".join(rules.get(point.generation, [])) or None,
        )
        for point in chart.points
    ]
    spread = chart.spread
    return Table(
        title="Points and limits",
        columns=(
            Column("generation"),
            Column("n"),
            Column("mean"),
            Column("limits"),
            Column(spread),
            Column(f"limits of {spread}"),
            Column("rules met", text=True),
        ),
        rows=tuple(rows),
        note=(
            "Western Electric rules: 1, one point beyond 3 sigma; 2, two of three beyond 2 sigma; 3, four of five "
            "beyond 1 sigma; 4, eight on one side."
        ),
        spread=True,
    )
