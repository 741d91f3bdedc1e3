"""Command `clau-doom doctor`: check the host's requirements, with remedies."""

from collections.abc import Sequence
from dataclasses import asdict

import typer
from rich.table import Table
from rich.text import Text

from clau_doom.cli.console import ExitCode, data_console, print_json
from clau_doom.cli.doctor.docker import examine_docker
from clau_doom.cli.doctor.host import Finding, Verdict, examine
from clau_doom.cli.doctor.ray import examine_ray
from clau_doom.cli.shared_options import DEFAULT_OUTPUT_DIR, AsJson, OutputDir

__all__ = ["doctor"]


def doctor(*, as_json: AsJson = False, output_dir: OutputDir = DEFAULT_OUTPUT_DIR) -> None:
    """Check that everything needed is here: a real engine starts and plays. Exit 1 when something is missing."""
    findings = [*examine(output_dir)]
    if not any(finding.name == "memory" and finding.verdict is Verdict.MISSING for finding in findings):
        findings += [*examine_docker(), *examine_ray()]
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        data_console().print(_view(findings))
    if any(finding.verdict is Verdict.MISSING for finding in findings):
        raise typer.Exit(ExitCode.FAILED)


def _view(findings: Sequence[Finding]) -> Table:
    marks = {Verdict.FINE: ("✓", "green"), Verdict.WARNING: ("!", "bold yellow"), Verdict.MISSING: ("✗", "bold red")}
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        text = Text(finding.found)
        if finding.remedy:
            text.append(f"\n→ {finding.remedy}", "yellow")
        table.add_row(Text(*marks[finding.verdict]), finding.name, text)
    return table
