"""Command `clau-doom doctor`: check the host's requirements, with remedies."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import typer
from rich.table import Table
from rich.text import Text

from clau_doom.cli.console import ExitCode, data_console, print_json
from clau_doom.cli.doctor.host import examine
from clau_doom.cli.shared_options import DEFAULT_OUTPUT_DIR, AsJson, OutputDir
from clau_doom.health_finding import Finding, HealthStatus

__all__ = ["backend_findings", "doctor"]


def doctor(*, as_json: AsJson = False, output_dir: OutputDir = DEFAULT_OUTPUT_DIR) -> None:
    """Check this machine; exit with 1 if a requirement is missing."""
    findings = [*examine(output_dir)]
    if not any(finding.name == "memory" and finding.verdict is HealthStatus.MISSING for finding in findings):
        findings += backend_findings()
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        data_console().print(_view(findings))
    if any(finding.verdict is HealthStatus.MISSING for finding in findings):
        raise typer.Exit(ExitCode.FAILED)


def backend_findings() -> Iterator[Finding]:
    """Yield the findings of all registered backends, and backends that cannot be loaded."""
    from clau_doom.backends.provider import providers
    from clau_doom.config import load_failures

    for provider in providers():
        yield from provider.health()
    for name, failure in load_failures().items():
        found, remedy = f"cannot be loaded: {failure}", "reinstall the package that provides it"
        yield Finding(name=f"backend {name}", verdict=HealthStatus.WARNING, found=found, remedy=remedy)


def _view(findings: Sequence[Finding]) -> Table:
    marks = {
        HealthStatus.FINE: ("✓", "green"),
        HealthStatus.WARNING: ("!", "bold yellow"),
        HealthStatus.MISSING: ("✗", "bold red"),
    }
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
