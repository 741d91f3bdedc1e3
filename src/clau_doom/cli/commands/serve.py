"""Command `clau-doom serve`: run the orchestrator as a service."""

import asyncio
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from clau_doom.cli.console import LOG_MESSAGES, ExitCode, progress_console
from clau_doom.cli.login_links import LOGIN_HINT, kept_in_file, shown_in_browser
from clau_doom.cli.shared_options import DEFAULT_OUTPUT_DIR, OutputDir
from clau_doom.cli.signals import stop_signals
from clau_doom.cli.standard_streams import make_output_optional

if TYPE_CHECKING:
    from clau_doom.app.serve import ServiceAddresses
    from clau_doom.config import ExperimentConfig

__all__ = ["serve"]


def serve(
    config: Annotated[
        Path | None, typer.Option("-c", "--config", metavar="FILE", help="Configuration (default: none).")
    ] = None,
    *,
    host: Annotated[str | None, typer.Option("--host", metavar="HOST", help="Host of the gRPC API.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="PORT", help="Port of the gRPC API; 0: any free port.")
    ] = None,
    web_port: Annotated[
        int | None, typer.Option("--web-port", metavar="PORT", help="Port of the dashboard; 0: any free port.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", help="Number of workers; 0: one for each core.")
    ] = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """Serve experiments over gRPC and in a dashboard."""
    from clau_doom.config import load_config
    from clau_doom.logs import configure_logs

    overrides = {"grpc.host": host, "grpc.port": port, "web.port": web_port, "execution.workers": workers}
    resolved = load_config(config, environ=os.environ, overrides=overrides).config
    configure_logs(sys.stderr)
    if not sys.stderr.isatty():  # the log is JSON: no other output may appear between its lines
        LOG_MESSAGES.set(True)
        logging.captureWarnings(capture=True)
    make_output_optional()
    raise typer.Exit(asyncio.run(_serve(resolved, output_dir)))


async def _serve(config: "ExperimentConfig", output_dir: Path) -> ExitCode:
    from clau_doom.app.serve import open_service
    from clau_doom.orchestration import Shutdown

    shutdown, grace = Shutdown(), config.server.grace
    with stop_signals(shutdown, interrupt_grace=grace, terminate_grace=grace) as received:
        async with open_service(config, output_dir) as service:
            with _announced(service.addresses, output_dir):
                await service.run(shutdown)
    return received.exit_code


@contextmanager
def _announced(addresses: "ServiceAddresses", output_dir: Path) -> Iterator[None]:
    """Log or print the addresses. Keep the login link in a file, or open it in the browser."""
    link = addresses.login
    if LOG_MESSAGES.get():
        with kept_in_file(link, output_dir) if link else nullcontext() as file:
            _log(replace(addresses, login=None), login_file=file)
            yield
    else:
        _print(addresses)
        with shown_in_browser(link, output_dir) if link else nullcontext():
            yield


def _log(addresses: "ServiceAddresses", *, login_file: Path | None) -> None:
    from clau_doom.logs import get_logger

    values = {**asdict(addresses), "login_file": login_file}
    get_logger("clau_doom.cli").info("serving", **{name: str(value) for name, value in values.items() if value})


def _print(addresses: "ServiceAddresses") -> None:
    console = progress_console()
    lines = {
        "page": addresses.web,
        "login": f"{addresses.login}{LOGIN_HINT}" if addresses.login else None,
        "gRPC": f"{addresses.grpc} (token in {addresses.token_file})",
        "socket": addresses.socket,
        "metrics": f"http://{addresses.metrics}/metrics" if addresses.metrics else None,
    }
    for name, text in lines.items():
        if text:
            console.print(Text.assemble((f"{name:<8}", "bold"), text), soft_wrap=True)
    console.print("serving; press Ctrl-C to stop", style="dim")
