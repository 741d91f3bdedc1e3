"""`clau-doom status` and `clau-doom analyze`: what is stored, how it stands, and what it means."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from clau_doom.cli.console import data_console, print_json, progress_console
from clau_doom.cli.format import ago, clock, number
from clau_doom.cli.looking import look_up, look_up_all
from clau_doom.cli.options import DEFAULT_OUTPUT_DIR, AsJson, OutputDir, Server
from clau_doom.cli.tables import Block, Data, Factors, Response, Where, analyze_table, refuse_without_data
from clau_doom.errors import ConfigError, StorageFailed

if TYPE_CHECKING:
    from clau_doom.bootstrap import Overview
    from clau_doom.config import StoredExperiment

__all__ = ["analyze", "status"]

_STYLES = {
    "running": "bold green",
    "completed": "green",
    "interrupted": "yellow",
    "failed": "bold red",
    "cancelled": "red",
    "paused": "cyan",
    "pending": "dim",
}

_Experiment = Annotated[str | None, typer.Argument(metavar="[ID]", help="The experiment's id; none with --data.")]
_AnyExperiment = Annotated[str | None, typer.Argument(metavar="[ID]", help="An experiment's id; default: list all.")]
_Plot = Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Draw the fitness curve (.png or .svg).")]


def status(
    experiment: _AnyExperiment = None,
    *,
    as_json: AsJson = False,
    server: Server = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """Show the stored experiments, or one with its generations."""
    if experiment is None:
        _show_all(server, output_dir, as_json=as_json)
    else:
        _show_one(experiment, server, output_dir, as_json=as_json)


def analyze(
    experiment: _Experiment = None,
    *,
    as_json: AsJson = False,
    plot: _Plot = None,
    data: Data = None,
    response: Response = None,
    factor: Factors = None,
    where: Where = None,
    block: Block = None,
    server: Server = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """Show fitness by generation with intervals, and the champion against random play on held-out seeds.

    With --data, --response and --factor: the analysis of variance of any table, by one factor or two.
    """
    if data is not None:
        if experiment is not None or plot is not None:
            raise ConfigError("--data is analysed by itself: leave the experiment's id and --plot out")
        analyze_table(data, response=response, factors=factor or [], where=where, block=block, as_json=as_json)
        return
    refuse_without_data(response, factor, where, block)
    if experiment is None:
        raise ConfigError("name an experiment, or a table with --data; clau-doom status lists the experiments")

    from clau_doom import bootstrap
    from clau_doom.analysis import telling_measures
    from clau_doom.cli.results import analysis_json, generations_view, result_view

    stored = look_up(experiment, server, output_dir)
    snapshot, fitness = stored.snapshot, bootstrap.make_fitness(stored.config)
    measures = telling_measures(stored.config.scenario.name)
    if plot is not None:
        _draw(stored, plot)
    if as_json:
        print_json(analysis_json(snapshot, fitness, measures))
        return
    console = data_console()
    console.print(generations_view(snapshot))
    console.print(result_view(snapshot, fitness, measures))


def _draw(stored: "StoredExperiment", path: Path) -> None:
    from clau_doom import bootstrap
    from clau_doom.analysis import generation_rows, telling_measures
    from clau_doom.analysis.plot import draw_fitness_curve
    from clau_doom.cli.results import held_out_table

    config, snapshot = stored.config, stored.snapshot
    results = held_out_table(snapshot, bootstrap.make_fitness(config), telling_measures(config.scenario.name))
    made = f"{config.evolution.kind} · {config.policy.kind} policy · {config.population} agents"
    played = f"{config.episodes} episodes each · {config.holdout.episodes} held-out episodes · seed {config.seed}"
    try:
        draw_fitness_curve(
            path,
            generation_rows(snapshot.finished_generations),
            results.rows if results else (),
            title=f"{config.name}: {config.scenario.name}",
            subtitle=f"{made} · {played}",
            fitness=f"fitness ({config.fitness})" if isinstance(config.fitness, str) else "fitness",
        )
    except ValueError as error:
        raise ConfigError(str(error)) from error
    except OSError as error:
        raise StorageFailed(f"cannot write {path}: {error.strerror or error}") from error
    progress_console().print(f"drew {path}", style="dim", soft_wrap=True)


def _show_all(server: str | None, output_dir: Path, *, as_json: bool) -> None:
    from clau_doom.cli.standing import overview_json

    found, broken = look_up_all(server, output_dir)
    found.sort(key=lambda overview: overview.last_activity, reverse=True)
    for name, error in broken:
        progress_console().print(Text.assemble(("unreadable: ", "red"), f"{name}: {error}"))
    if as_json:
        unreadable = [{"id": name, "error": error} for name, error in broken]
        print_json({"experiments": [overview_json(overview) for overview in found], "unreadable": unreadable})
    elif found:
        data_console().print(_experiments_table(found))
    elif not broken:
        where = server or output_dir
        progress_console().print(f"no experiments in {where}: clau-doom run starts one", soft_wrap=True)


def _experiments_table(found: "list[Overview]") -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    table.add_column("experiment", style="bold", overflow="fold")
    table.add_column("state", no_wrap=True)
    for heading in ("generations", "best", "ran for", "last active"):
        table.add_column(heading, justify="right", no_wrap=True)
    now = time.time()
    for overview in found:
        state = overview.state.value
        table.add_row(
            overview.id,
            Text(f"● {state}", _STYLES[state]),
            f"{overview.generations_finished}/{overview.generations_planned}",
            number(overview.best_fitness),
            clock(overview.running_seconds),
            ago(max(now - overview.last_activity, 0.0)),
        )
    return table


def _show_one(experiment: str, server: str | None, output_dir: Path, *, as_json: bool) -> None:
    from clau_doom.cli.results import generations_view
    from clau_doom.cli.standing import experiment_json, experiment_view

    stored = look_up(experiment, server, output_dir)
    if as_json:
        print_json(experiment_json(stored))
        return
    console = data_console()
    console.print(experiment_view(stored, _STYLES[stored.state.value], output_dir))
    if stored.snapshot.summaries:
        console.print(generations_view(stored.snapshot))
