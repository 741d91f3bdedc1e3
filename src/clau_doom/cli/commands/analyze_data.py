"""Output of `clau-doom analyze --data`: analysis of a table, as text, JSON or HTML."""

from pathlib import Path

from clau_doom.cli.document_output import print_document, write_report
from clau_doom.cli.table_options import TableRequest

__all__ = ["analyze_table"]


def analyze_table(data: Path, request: TableRequest, *, report: Path | None, as_json: bool) -> None:
    """Print the analysis of a table, and write its report.

    Args:
        data: The file of the table.
        request: The options.
        report: HTML file to write, or None.
        as_json: Whether to print JSON.

    Raises:
        ConfigError: The file cannot be read, or its columns do not allow the analysis.
        StorageFailed: The report cannot be written.
    """
    request.check_columns()
    from clau_doom.analysis.report import render
    from clau_doom.app.analyze_table import describe_table
    from clau_doom.table_analysis import read_table

    question = request.question
    document = describe_table(read_table(data, request.csv_options), question, source=str(data))
    if report is not None:
        write_report(report, render(document))
    print_document(document, as_json=as_json)
