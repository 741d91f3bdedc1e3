"""Command `clau-doom analyze`: analyse an experiment, compare several, or analyse a table."""

from pathlib import Path

from clau_doom.cli.analysis_options import (
    AllSections,
    AnalysisRequest,
    Baseline,
    CriteriaText,
    Experiments,
    Force,
    Margin,
    PlotFile,
    ReportFile,
    SectionNames,
    Targets,
    XAxis,
)
from clau_doom.cli.commands.analyze_data import analyze_table
from clau_doom.cli.commands.analyze_experiments import analyze_experiments
from clau_doom.cli.experiment_lookup import find_experiment
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
from clau_doom.errors import ConfigError

__all__ = ["analyze"]


def analyze(
    experiments: Experiments = None,
    *,
    baseline: Baseline = None,
    criteria: CriteriaText = None,
    equivalence: Margin = None,
    section: SectionNames = None,
    everything: AllSections = False,
    target: Targets = None,
    x: XAxis = None,
    as_json: AsJson = False,
    plot: PlotFile = None,
    report: ReportFile = None,
    force: Force = False,
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
    table = TableRequest(
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
        baseline=baseline,
        delimiter=delimiter,
        decimal=decimal,
        encoding=encoding,
        skip_rows=skip_rows,
        na=na,
    )
    request = AnalysisRequest(
        baseline=baseline,
        criteria=criteria,
        margin=equivalence,
        names=section or (),
        everything=everything,
        targets=target or (),
        x=x,
        plot=plot,
        report=report,
        force=force,
        as_json=as_json,
    )
    if data is not None:
        _analyze_data(data, table, request, experiments)
        return
    table.refuse_without_data()
    request.check_files()
    if not experiments:
        raise ConfigError("give an experiment, or a table with --data; clau-doom status lists the experiments")
    analyze_experiments([find_experiment(each, server, output_dir) for each in experiments], experiments[0], request)


def _analyze_data(data: Path, table: TableRequest, request: AnalysisRequest, experiments: list[str] | None) -> None:
    excluded = (
        experiments,
        request.targets,
        request.plot,
        request.criteria,
        request.names,
        request.everything,
        request.x,
    )
    if any(excluded):
        raise ConfigError("--data excludes an id, --plot, --target, --criteria, --section, --all and --x: omit them")
    request.check_files()
    analyze_table(data, table, report=request.report, as_json=request.as_json)
