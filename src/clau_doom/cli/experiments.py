"""`clau-doom status` and `clau-doom analyze`: what is stored, how it stands, and what it means."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from clau_doom.cli.console import data_console, print_json, progress_console
from clau_doom.cli.format import ago, clock, number
from clau_doom.cli.options import DEFAULT_OUTPUT_DIR, AsJson, OutputDir
from clau_doom.errors import ConfigError, StorageFailed, describe

if TYPE_CHECKING:
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

_Experiment = Annotated[str, typer.Argument(metavar="ID", help="The experiment's id.")]
_AnyExperiment = Annotated[str | None, typer.Argument(metavar="[ID]", help="An experiment's id; default: list all.")]
_Plot = Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Draw the fitness curve (.png or .svg).")]


def status(
    experiment: _AnyExperiment = None, *, as_json: AsJson = False, output_dir: OutputDir = DEFAULT_OUTPUT_DIR
) -> None:
    """Show the stored experiments, or one with its generations."""
    if experiment is None:
        _show_all(output_dir, as_json=as_json)
    else:
        _show_one(output_dir, experiment, as_json=as_json)


def analyze(
    experiment: _Experiment,
    *,
    as_json: AsJson = False,
    plot: _Plot = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """Show fitness by generation with intervals, and the champion against random play on held-out seeds."""
    from clau_doom import bootstrap
    from clau_doom.analysis import telling_measures
    from clau_doom.cli.results import analysis_json, generations_view, result_view

    stored = asyncio.run(bootstrap.read_experiment(output_dir, experiment))
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


def _show_all(output_dir: Path, *, as_json: bool) -> None:
    from clau_doom import bootstrap
    from clau_doom.cli.standing import standing_json

    found, broken = [], []
    for experiment in bootstrap.list_experiments(output_dir):
        try:
            found.append(asyncio.run(bootstrap.read_experiment(output_dir, experiment)))
        except (StorageFailed, ConfigError) as error:  # one that cannot be read must not hide the others
            broken.append({"id": experiment, "error": describe(error)})
    found.sort(key=lambda stored: stored.last_activity, reverse=True)
    for each in broken:
        progress_console().print(Text.assemble(("unreadable: ", "red"), f"{each['id']}: {each['error']}"))
    if as_json:
        print_json({"experiments": [standing_json(stored) for stored in found], "unreadable": broken})
    elif found:
        data_console().print(_experiments_table(found))
    elif not broken:
        progress_console().print(f"no experiments in {output_dir}: clau-doom run starts one", soft_wrap=True)


def _experiments_table(found: "list[StoredExperiment]") -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    table.add_column("experiment", style="bold", overflow="fold")
    table.add_column("state", no_wrap=True)
    for heading in ("generations", "best", "ran for", "last active"):
        table.add_column(heading, justify="right", no_wrap=True)
    now = time.time()
    for stored in found:
        snapshot, state = stored.snapshot, stored.state.value
        best = max((summary.best_fitness for summary in snapshot.summaries), default=None)
        table.add_row(
            snapshot.experiment.id,
            Text(f"● {state}", _STYLES[state]),
            f"{len(snapshot.summaries)}/{stored.config.generations}",
            number(best),
            clock(snapshot.running_seconds),
            ago(max(now - stored.last_activity, 0.0)),
        )
    return table


def _show_one(output_dir: Path, experiment: str, *, as_json: bool) -> None:
    from clau_doom import bootstrap
    from clau_doom.cli.results import generations_view
    from clau_doom.cli.standing import experiment_json, experiment_view

    stored = asyncio.run(bootstrap.read_experiment(output_dir, experiment))
    if as_json:
        print_json(experiment_json(stored))
        return
    console = data_console()
    console.print(experiment_view(stored, _STYLES[stored.state.value], output_dir))
    if stored.snapshot.summaries:
        console.print(generations_view(stored.snapshot))
