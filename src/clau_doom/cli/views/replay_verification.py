"""Terminal output and JSON of a replay's verification."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from clau_doom.analysis.result_tables import telling_measures
from clau_doom.escaping import printable_message
from clau_doom.number_format import number
from clau_doom.replay import TICS_A_SECOND, Film, Performance

if TYPE_CHECKING:
    from clau_doom.app.replay import ReplayPlan

__all__ = ["verification_json", "verification_view"]


def verification_view(plan: "ReplayPlan", performance: Performance, film: Film | None) -> RenderableType:
    """Return the verification for users: the agent, the result, and the comparison with the record."""
    choice, outcome = plan.choice, performance.outcome
    tics = outcome.measures.tics
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(
        "agent", Text(choice.agent.id, "bold").append(", the champion" if choice.agent.champion else "", "not bold")
    )
    table.add_row("episode", choice.name if choice.episode is None else f"{choice.name}, seed {choice.seed}")
    how = "its recorded actions" if plan.by_actions else "its policy"
    decisions = len(performance.decisions)
    table.add_row("played", f"by {how}: {decisions:,} decisions in {tics:,.0f} tics ({tics / TICS_A_SECOND:.1f} s)")
    if choice.episode is None:
        table.add_row("proof", Text("no record: this seed has no recorded episode of the agent", "yellow"))
    else:
        equal = "all other measures" if plan.measures.missing else "all measures"
        table.add_row("proof", Text(f"✓ the hash of the trajectory and {equal} equal those of the record", "green"))
    table.add_row("trajectory", outcome.trajectory_sha256)
    names = telling_measures(plan.scenario.facts.name, [name for name, _ in outcome.measures.custom or ()])
    measures = outcome.measures.named()
    shown = (f"{name.replace('_', ' ')} {number(measures[name])}" for name in names)
    table.add_row("measures", ", ".join(shown))
    for name, reason in plan.measures.missing.items():
        table.add_row("not computed", Text.assemble((name, "yellow"), f": {printable_message(reason)}"))
    if film is not None:
        width, height = film.size
        seconds = film.frames / film.rate
        size = f"{film.bytes / 1e6:.1f} MB" if film.bytes >= 1e5 else f"{film.bytes / 1e3:.1f} kB"
        table.add_row("film", f"{film.path}: {film.frames:,} frames in {seconds:.1f} s, {width}x{height}, {size}")
    return table


def verification_json(plan: "ReplayPlan", performance: Performance, film: Film | None) -> dict[str, object]:
    """Return the verification as data; `proved` is false without a record to compare with."""
    choice, outcome = plan.choice, performance.outcome
    episode = choice.episode
    return {
        "agent": choice.agent.id,
        "champion": choice.agent.champion,
        "purpose": episode.purpose.value if episode else None,
        "number": episode.number if episode else None,
        "seed": choice.seed,
        "played_by": "actions" if plan.by_actions else "policy",
        "proved": episode is not None,
        "decisions": len(performance.decisions),
        "trajectory_sha256": outcome.trajectory_sha256,
        "measures": outcome.measures.named(),
        "not_computed": plan.measures.missing,
        "film": None if film is None else asdict(film) | {"path": str(film.path)},
    }
