"""Command `clau-doom serve`: run the orchestrator as a service."""

import asyncio
import logging
import os
import sys
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from clau_doom.cli.browser import LOGIN_HINT, kept_in_file, shown_in_browser
from clau_doom.cli.console import LOG_MESSAGES, ExitCode, progress_console
from clau_doom.cli.shared_options import DEFAULT_OUTPUT_DIR, OutputDir
from clau_doom.cli.signals import stop_signals
from clau_doom.cli.standard_streams import make_output_optional

if TYPE_CHECKING:
    from clau_doom.app.service import ServiceAddresses
    from clau_doom.config import ExperimentConfig

__all__ = ["serve"]


def serve(
    config: Annotated[
        Path | None, typer.Option("-c", "--config", metavar="FILE", help="The configuration; default: none.")
    ] = None,
    *,
    host: Annotated[str | None, typer.Option("--host", help="Where the gRPC API listens.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Its port; 0: any that is free.")] = None,
    web_port: Annotated[
        int | None, typer.Option("--web-port", help="The dashboard's port; 0: any that is free.")
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", help="Episodes played at once; 0: one a core.")] = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """Serve experiments: started, watched and steered over gRPC, by this command line or any other client."""
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
    from clau_doom.app import service
    from clau_doom.orchestration import Shutdown

    shutdown = Shutdown()
    with ExitStack() as stack:
        received = stack.enter_context(
            stop_signals(shutdown, interrupt_grace=config.server.grace, terminate_grace=config.server.grace)
        )

        def started(listening: "ServiceAddresses") -> None:
            if LOG_MESSAGES.get():
                file = stack.enter_context(kept_in_file(listening.login, output_dir)) if listening.login else None
                _log(replace(listening, login=None), login_file=file)
                return
            _print(listening)
            if listening.login:
                stack.enter_context(shown_in_browser(listening.login, output_dir))

        await service.serve(config, output_dir, shutdown, started=started)
    return received.exit_code


def _log(listening: "ServiceAddresses", *, login_file: Path | None) -> None:
    from clau_doom.logs import get_logger

    places = {**asdict(listening), "login_file": login_file}
    get_logger("clau_doom.cli").info("serving", **{name: str(place) for name, place in places.items() if place})


def _print(listening: "ServiceAddresses") -> None:
    console = progress_console()
    lines = {
        "page": listening.web,
        "login": f"{listening.login}{LOGIN_HINT}" if listening.login else None,
        "gRPC": f"{listening.grpc} (token in {listening.token_file})",
        "socket": listening.socket,
        "metrics": f"http://{listening.metrics}/metrics" if listening.metrics else None,
    }
    for name, text in lines.items():
        if text:
            console.print(Text.assemble((f"{name:<8}", "bold"), text), soft_wrap=True)
    console.print("serving; Ctrl-C stops", style="dim")
