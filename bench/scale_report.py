"""Table and chart of the simulations of scale."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from rich.table import Table

from bench.scale_simulation import Simulation

__all__ = ["PICTURE", "draw_scale", "scale_table"]

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "scale.svg"
_COLOURS = ("#0072b2", "#d55e00")


def scale_table(found: Mapping[str, Sequence[Simulation]]) -> Table:
    """Return one row for each fleet.

    Args:
        found: Simulations by length of episodes, each sorted by number of workers.
    """
    title = "scale, by simulation: the share of their time in which workers play, and the orchestrator's load"
    table = Table(title=title, title_justify="left", header_style="bold")
    headings = ("workers", "episodes/s", "lost", "playing", "were the orchestrator free", "load", "us an episode")
    for heading in ("episodes", *headings):
        table.add_column(heading, justify="left" if heading == "episodes" else "right", no_wrap=True)
    for lengths, simulations in found.items():
        for each in simulations:
            table.add_row(
                lengths,
                f"{each.workers:,}",
                f"{each.episodes / each.seconds:,.0f}",
                f"{each.lost:,}",
                f"{100 * each.busy:.1f} %",
                f"{100 * each.free:.1f} %",
                f"{each.load:.3f}",
                f"{1e6 * each.orchestrator / each.episodes:,.0f}",
            )
        table.add_section()
    return table


def draw_scale(found: Mapping[str, Sequence[Simulation]], path: Path) -> None:
    """Draw utilisation and load over the number of workers into an SVG file. Equal numbers give an identical file."""
    with mpl.rc_context({"svg.hashsalt": "clau-doom", "svg.fonttype": "path"}):
        figure = Figure(figsize=(9, 4), layout="constrained")
        playing, load = figure.subplots(1, 2)
        for (lengths, simulations), colour in zip(found.items(), _COLOURS, strict=True):
            workers = [each.workers for each in simulations]
            label = f"{lengths} episodes"
            playing.plot(workers, [100 * each.busy for each in simulations], "o-", color=colour, label=label)
            free = [100 * each.free for each in simulations]
            playing.plot(workers, free, "--", color=colour, label=f"{label}, were the orchestrator free")
            load.plot(workers, [each.load for each in simulations], "o-", color=colour, label=label)
        load.axhline(1.0, color="#555555", linewidth=1, linestyle=":")
        for axes, title in ((playing, "workers' time spent playing, %"), (load, "orchestrator: cores in use")):
            axes.set(xscale="log", xlabel="workers", ylim=(0, None))
            axes.set_title(title, fontsize=10, loc="left")
            axes.grid(alpha=0.3)
            axes.legend(fontsize=7)
        figure.savefig(path, metadata={"Date": None})
