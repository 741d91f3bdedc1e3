"""Commands `clau-doom status` and `clau-doom analyze`: list, inspect and analyse experiments."""

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from clau_doom.analysis import comparison_sections, sections
from clau_doom.cli.commands.analyze_data import analyze_table
from clau_doom.cli.commands.analyze_scenarios import analyze_scenarios
from clau_doom.cli.commands.analyze_tasks import TaskRequest, analyze_tasks
from clau_doom.cli.console import data_console, print_json, progress_console
from clau_doom.cli.experiment_lookup import find_experiment, list_overviews
from clau_doom.cli.format import ago, clock
from clau_doom.cli.shared_options import DEFAULT_OUTPUT_DIR, AsJson, OutputDir, Server
from clau_doom.cli.table_options import (
    Block,
    Covariates,
    Data,
    Decimals,
    Delimiter,
    Encoding,
    Factors,
    MissingTexts,
    Normalize,
    Order,
    Response,
    SkipRows,
    Squares,
    SumsOfSquares,
    TableRequest,
    TaskColumn,
    Test,
    TestMethod,
    Where,
)
from clau_doom.errors import ConfigError, StorageFailed
from clau_doom.number_format import number

if TYPE_CHECKING:
    from clau_doom.analysis.experiment_data import ExperimentData
    from clau_doom.analysis.topsis import Criterion
    from clau_doom.app.catalog.folder_source import ExperimentOverview
    from clau_doom.ports import StoredExperiment

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

_Experiments = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID", help="Ids of experiments; several are compared.", show_default=False),
]
_AnyExperiment = Annotated[str | None, typer.Argument(metavar="ID", help="Id of the experiment (default: list all).")]
_Baseline = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        metavar="ID",
        help="Experiment to compare the others with (default: the first ID); with --task, a method.",
    ),
]
_Criteria = Annotated[
    str | None,
    typer.Option(
        "--criteria",
        metavar="NAME:WEIGHT,...",
        help="Rank agents by several measures, such as kills:1,damage_taken:-2; a negative weight prefers less.",
    ),
]


def _above_0(margin: float | None) -> float | None:
    if margin is not None and not 0.0 < margin < math.inf:
        raise typer.BadParameter(f"{margin:g} is not a margin: give a number above 0")
    return margin


_Margin = Annotated[
    float | None,
    typer.Option(
        "--equivalence",
        metavar="MARGIN",
        callback=_above_0,
        help="Smallest difference of interest: test the equivalence of conditions, or of pairs of a table, too.",
    ),
]


def _known_sections(names: list[str] | None) -> list[str] | None:
    for name in names or ():
        if name not in (*sections.EXPERIMENT_SECTIONS, *comparison_sections.COMPARISON_SECTIONS):
            raise typer.BadParameter(
                f"unknown section {name!r}: choose one of {', '.join(sections.EXPERIMENT_SECTIONS)}; for several "
                f"experiments, one of {', '.join(comparison_sections.COMPARISON_SECTIONS)}"
            )
    return names


_Sections = Annotated[
    list[str] | None,
    typer.Option(
        "--section",
        metavar="NAME",
        callback=_known_sections,
        help=(
            f"Show a complete section; repeatable: {', '.join(sections.EXPERIMENT_SECTIONS)}; of several experiments: "
            f"{', '.join(comparison_sections.COMPARISON_SECTIONS)}."
        ),
    ),
]
_All = Annotated[bool, typer.Option("--all", help="Show all sections.")]
_Targets = Annotated[
    list[float] | None,
    typer.Option(
        "--target",
        metavar="VALUE",
        help=(
            "Fitness to reach, for the running times of several experiments; repeatable (default: 51 values from the "
            "best agents of generation 0 to the best champion)."
        ),
        show_default=False,
    ),
]
_Plot = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE", help="File for a plot of the fitness curve (.png or .svg).")
]
_Report = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", help="Write a report with figures (.html); an older report is replaced."),
]
_Force = Annotated[bool, typer.Option("--force", help="Let --report replace a file that is not a report.")]


def status(
    experiment: _AnyExperiment = None,
    *,
    as_json: AsJson = False,
    server: Server = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """List the experiments, or show one with its generations."""
    if experiment is None:
        _show_all(server, output_dir, as_json=as_json)
    else:
        _show_one(experiment, server, output_dir, as_json=as_json)


def analyze(
    experiments: _Experiments = None,
    *,
    baseline: _Baseline = None,
    criteria: _Criteria = None,
    equivalence: _Margin = None,
    section: _Sections = None,
    everything: _All = False,
    target: _Targets = None,
    as_json: AsJson = False,
    plot: _Plot = None,
    report: _Report = None,
    force: _Force = False,
    data: Data = None,
    response: Response = None,
    factor: Factors = None,
    where: Where = None,
    block: Block = None,
    covariate: Covariates = None,
    task: TaskColumn = None,
    normalize: Normalize = None,
    test: TestMethod = Test.DEFAULT,
    sums_of_squares: Squares = SumsOfSquares.III,
    order: Order = None,
    delimiter: Delimiter = None,
    decimal: Decimals = None,
    encoding: Encoding = None,
    skip_rows: SkipRows = None,
    na: MissingTexts = None,
    server: Server = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """Analyse an experiment, compare several, or analyse a table.

    Experiments are compared on held-out seeds. With --data, --response and --factor, a table is analysed by ANOVA,
    and with --task over several tasks.
    """
    request = TableRequest(
        response=response,
        factors=factor,
        where=where,
        block=block,
        covariates=covariate,
        task=task,
        normalize=normalize,
        method=test,
        sums_of_squares=sums_of_squares,
        order=order,
        margin=equivalence,
        delimiter=delimiter,
        decimal=decimal,
        encoding=encoding,
        skip_rows=skip_rows,
        na=na,
    )
    if data is not None:
        if experiments or target or plot is not None:
            raise ConfigError("--data excludes the experiment's id, --plot and --target: omit them")
        over = TaskRequest(control=baseline, report=report, force=force)
        _show_table(data, request, over, as_json=as_json)
        return
    request.refuse_without_data()
    if force and report is None:
        raise ConfigError("--force needs --report FILE")
    if not experiments:
        raise ConfigError("give an experiment, or a table with --data; clau-doom status lists the experiments")

    from clau_doom.analysis.ranking import criteria_of
    from clau_doom.app.report import check_report_target

    if report is not None:
        check_report_target(report, force=force)
    wanted = criteria_of(criteria) if criteria is not None else ()
    stored = [find_experiment(experiment, server, output_dir) for experiment in experiments]
    if len(stored) > 1 or baseline is not None:
        if plot is not None:
            raise ConfigError("--plot needs exactly one experiment: give one, or omit --plot")
        requested = _requested(section, comparison_sections.COMPARISON_SECTIONS, everything=everything)
        _show_comparison(
            stored,
            baseline or experiments[0],
            wanted,
            requested,
            report,
            as_json=as_json,
            targets=target or (),
            margin=equivalence,
            control=baseline is not None,
        )
    else:
        for flag, value in (("--target", target), ("--equivalence", equivalence)):
            if value:
                raise ConfigError(f"{flag} needs several experiments: give two or more, or omit {flag}")
        requested = _requested(section, sections.EXPERIMENT_SECTIONS, everything=everything)
        _show_analysis(stored[0], wanted, requested, plot, report, as_json=as_json)


def _show_table(data: Path, request: TableRequest, over: TaskRequest, *, as_json: bool) -> None:
    if request.task is None:
        over.refuse_without_task()
        analyze_table(data, request, as_json=as_json)
    else:
        analyze_tasks(data, request, over, as_json=as_json)


def _requested(names: Sequence[str] | None, known: Sequence[str], *, everything: bool) -> Sequence[str]:
    """Return the sections that the user wants in full, in the order of the output."""
    foreign = next((name for name in names or () if name not in known), None)
    if foreign:
        extent = "one experiment" if foreign in sections.EXPERIMENT_SECTIONS else "several experiments"
        raise ConfigError(f"{foreign} is a section of {extent}: choose one of {', '.join(known)}")
    return known if everything else [name for name in known if name in (names or ())]


def _show_analysis(
    stored: "StoredExperiment",
    criteria: "Sequence[Criterion]",
    requested: Sequence[str],
    plot: Path | None,
    report: Path | None,
    *,
    as_json: bool,
) -> None:
    from clau_doom.analysis.document_json import document_json
    from clau_doom.analysis.experiment_document import experiment_document
    from clau_doom.app.analyze import analyse
    from clau_doom.app.report import report_experiment
    from clau_doom.cli.views.document_rendering import document_view

    analysis = analyse(stored, criteria)
    if plot is not None:
        _draw(stored, analysis, plot)
    if report is not None:
        _write(report, report_experiment(stored, criteria, analysis=analysis))
    if as_json:
        print_json(document_json(experiment_document(analysis)))
        return
    main = [*sections.MAIN_SECTIONS, *(["multicriteria-ranking"] if criteria else [])]
    shown = requested or [name for name in sections.EXPERIMENT_SECTIONS if name in main]
    data_console().print(document_view(experiment_document(analysis, shown), whole=bool(requested)))
    if not requested:
        _print_more(sections.EXPERIMENT_SECTIONS, shown)


def _print_more(known: Sequence[str], shown: Sequence[str]) -> None:
    more = " | ".join(name for name in known if name not in shown)
    data_console().print(Text(f"\nmore: --section {more}, or --all; --json has all results", "dim"))


def _show_comparison(
    stored: "Sequence[StoredExperiment]",
    baseline: str,
    criteria: "Sequence[Criterion]",
    requested: Sequence[str],
    report: Path | None,
    *,
    margin: float | None,
    as_json: bool,
    targets: Sequence[float],
    control: bool,
) -> None:
    from clau_doom.analysis.comparison_document import comparison_document, main_sections
    from clau_doom.analysis.document_json import document_json
    from clau_doom.app.analyze import compare
    from clau_doom.app.report import report_comparison
    from clau_doom.app.scenario_comparison import has_several_scenarios
    from clau_doom.cli.views.document_rendering import document_view

    if len(stored) < 2:
        raise ConfigError(f"{baseline} needs other experiments: give two or more")
    if has_several_scenarios(stored):
        sections_given = requested and requested != comparison_sections.COMPARISON_SECTIONS
        for flag, value in (("--criteria", criteria), ("--target", targets), ("--section", sections_given)):
            if value:
                raise ConfigError(f"{flag} needs experiments of one scenario: omit {flag}, or give such experiments")
        analyze_scenarios(stored, baseline, control=control, margin=margin, report=report, as_json=as_json)
        return
    comparison = compare(stored, baseline, criteria, targets, margin=margin)
    if report is not None:
        _write(report, report_comparison(stored, baseline, criteria, comparison=comparison))
    if as_json:
        print_json(document_json(comparison_document(comparison)))
        return
    shown = requested or [*main_sections(comparison), *(["multicriteria-ranking"] if criteria else [])]
    data_console().print(document_view(comparison_document(comparison, shown), whole=True))
    if not requested:
        _print_more(comparison_sections.COMPARISON_SECTIONS, shown)


def _draw(stored: "StoredExperiment", analysis: "ExperimentData", path: Path) -> None:
    from clau_doom.analysis.fitness_plot import draw_fitness_curve
    from clau_doom.analysis.sections import generations, held_out

    config, results = stored.config, analysis.result(held_out.table_of)
    made = f"{config.evolution.kind} · {config.policy.kind} policy · {config.population} agents"
    played = f"{config.episodes} episodes each · {config.holdout.episodes} held-out episodes · seed {config.seed}"
    try:
        draw_fitness_curve(
            path,
            analysis.result(generations.rows_of),
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


def _write(path: Path, page: str) -> None:
    from clau_doom.atomic_write import write_output

    write_output(path, page)
    progress_console().print(f"wrote {path}", style="dim", soft_wrap=True)


def _show_all(server: str | None, output_dir: Path, *, as_json: bool) -> None:
    from clau_doom.cli.views.status import overview_json, reader_failure_line

    found, broken = list_overviews(server, output_dir)
    found.sort(key=lambda overview: overview.last_activity, reverse=True)
    for name, error in broken:
        progress_console().print(Text.assemble(("unreadable: ", "red"), f"{name}: {error}"))
    for overview in found:
        for failure in overview.reader_failures:
            line = Text.assemble(("log reader: ", "yellow"), f"{overview.id}: ", reader_failure_line(failure))
            progress_console().print(line, soft_wrap=True)
    if as_json:
        unreadable = [{"id": name, "error": error} for name, error in broken]
        print_json({"experiments": [overview_json(overview) for overview in found], "unreadable": unreadable})
    elif found:
        data_console().print(_experiments_table(found))
        _print_copies(found, output_dir)
    elif not broken:
        where = server or output_dir
        progress_console().print(f"no experiments in {where}: start one with clau-doom run", soft_wrap=True)


def _print_copies(found: "list[ExperimentOverview]", output_dir: Path) -> None:
    from clau_doom.storage import move_command

    for overview in found:
        if overview.copy_of:
            command = move_command(output_dir / overview.id, overview.copy_of)
            text = f"{overview.id} is a copy of {overview.copy_of} and is read-only; to use it, run: {command}"
            progress_console().print(Text(text, "yellow"), soft_wrap=True)


def _experiments_table(found: "list[ExperimentOverview]") -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    table.add_column("experiment", style="bold", overflow="fold")
    table.add_column("state", no_wrap=True)
    for heading in ("generations", "best", "ran for", "last active"):
        table.add_column(heading, justify="right", no_wrap=True)
    now = time.time()
    for overview in found:
        state = overview.state.value
        table.add_row(
            Text(f"{overview.id} (copy of {overview.copy_of})" if overview.copy_of else overview.id),
            Text(f"● {state}", _STYLES[state]),
            f"{overview.generations_finished}/{overview.generations_planned}",
            number(overview.best_fitness),
            clock(overview.running_seconds),
            ago(max(now - overview.last_activity, 0.0)),
        )
    return table


def _show_one(experiment: str, server: str | None, output_dir: Path, *, as_json: bool) -> None:
    from clau_doom.cli.views.results import generations_view
    from clau_doom.cli.views.status import experiment_json, experiment_view, next_command

    stored = find_experiment(experiment, server, output_dir, measured=False)
    if as_json:
        print_json(experiment_json(stored, experiment))
        return
    console = data_console()
    console.print(experiment_view(stored, experiment, _STYLES[stored.state.value]))
    if command := next_command(stored, experiment, output_dir):
        console.print(Text(f"continue with: {command}"), soft_wrap=True)
    if stored.snapshot.summaries:
        console.print(generations_view(stored))
