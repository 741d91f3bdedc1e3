"""Command `clau-doom run`: start or resume an experiment, and show its progress."""

import asyncio
import os
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from clau_doom.cli.console import ExitCode, MessageStream, data_console, progress_console
from clau_doom.cli.login_links import LOGIN_HINT, shown_in_browser
from clau_doom.cli.shared_options import (
    DEFAULT_OUTPUT_DIR,
    OutputDir,
    Server,
    remote_server,
    replay_command,
    resume_command,
)
from clau_doom.cli.signals import ReceivedSignals, stop_signals
from clau_doom.cli.standard_streams import make_output_optional

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from clau_doom.app.catalog.folder_source import RemoteServer
    from clau_doom.app.run_plan import Plan
    from clau_doom.app.served_run import ServedRun
    from clau_doom.domain.agent_commands import BudgetChange
    from clau_doom.domain.snapshot import Snapshot
    from clau_doom.ports import ExperimentStore

__all__ = ["run"]

_CONFIG = Path("config.yaml")
_INTERRUPT_GRACE = 10.0
# A supervisor waits only a few seconds after SIGTERM: the process must end within 5 seconds.
_TERMINATE_GRACE = 3.0
_DISPLAY_GRACE = 5.0


def run(  # noqa: PLR0917 - each parameter is an option with a name
    config: Annotated[
        Path | None, typer.Option("-c", "--config", metavar="FILE", help=f"Configuration (default: {_CONFIG}).")
    ] = None,
    generations: Annotated[
        int | None, typer.Option("-g", "--generations", metavar="N", help="Number of generations.")
    ] = None,
    budget_episodes: Annotated[
        int | None,
        typer.Option("--budget-episodes", metavar="N", help="Training episodes to play, instead of generations."),
    ] = None,
    budget_tics: Annotated[
        int | None, typer.Option("--budget-tics", metavar="N", help="Tics to play in training, instead of generations.")
    ] = None,
    population: Annotated[
        int | None, typer.Option("-p", "--population", metavar="N", help="Number of agents in each generation.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Random seed of the experiment.")] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", help="Number of workers; 0: one for each core.")
    ] = None,
    backend: Annotated[
        str | None,
        typer.Option("--backend", metavar="NAME", help="Backend of the episodes, such as local, docker or ray."),
    ] = None,
    max_duration: Annotated[
        str | None, typer.Option("--max-duration", metavar="TIME", help="Maximum running time, such as 90s, 15m or 2h.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="ID", help="Id of the new experiment.")] = None,
    resume: Annotated[str | None, typer.Option("--resume", metavar="ID", help="Resume this experiment.")] = None,
    attach: Annotated[
        str | None, typer.Option("--attach", metavar="ID", help="Follow this experiment of a server until it ends.")
    ] = None,
    *,
    web: Annotated[bool, typer.Option("--web", help="Serve the dashboard until the run ends.")] = False,
    web_port: Annotated[
        int | None, typer.Option("--web-port", metavar="PORT", help="Port of the dashboard; 0: any free port.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the configuration and estimate the size; start nothing.")
    ] = False,
    server: Server = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """Run an experiment, or resume an interrupted one."""
    if resume is not None and config is not None:
        raise typer.BadParameter("--resume uses the stored configuration: omit --config")
    overrides: dict[str, object] = {
        "generations": generations,
        "budget.episodes": budget_episodes,
        "budget.tics": budget_tics,
        "population": population,
        "seed": seed,
        "execution.backend": backend,
        "execution.workers": workers,
        "max_duration": max_duration,
        "name": name,
        "web.port": web_port,
    }
    from clau_doom.domain.agent_commands import BudgetChange
    from clau_doom.logs import configure_logs

    configure_logs(MessageStream(), brief=True)
    if remote := remote_server(server):
        make_output_optional()
        change = BudgetChange(
            generations=generations, episodes=budget_episodes, tics=budget_tics, max_duration=max_duration
        )
        code = _at_server(
            remote, output_dir, config, overrides, change=change, resume=resume, attach=attach, dry_run=dry_run
        )
        raise typer.Exit(code)
    if attach is not None:
        raise typer.BadParameter(
            f"--attach needs --server ADDRESS; for a local experiment, use clau-doom events {attach} -f"
        )
    plan = _plan(config, resume, output_dir, overrides)
    if dry_run:
        _print_plan(plan)
        return
    _print_advice(plan)
    make_output_optional()
    raise typer.Exit(asyncio.run(_run(plan, web=web or web_port is not None)))


def _plan(file: Path | None, resume: str | None, output_dir: Path, overrides: dict[str, object]) -> "Plan":
    """Plan a new experiment, or the resumption of a stored one."""
    from clau_doom.app.run_planning import plan_resume, plan_run

    if resume is None:
        return plan_run(file or _CONFIG, output_dir, environ=os.environ, overrides=overrides)
    return asyncio.run(plan_resume(resume, output_dir, environ=os.environ, overrides=overrides))


def _at_server(
    remote: "RemoteServer",
    output_dir: Path,
    file: Path | None,
    overrides: dict[str, object],
    *,
    change: "BudgetChange",
    resume: str | None,
    attach: str | None,
    dry_run: bool,
) -> ExitCode:
    from clau_doom.app.remote_run import RunRequest
    from clau_doom.cli.commands.remote_run import check_at_server, run_at_server
    from clau_doom.config import load_config

    given = {name for name, value in overrides.items() if value is not None}
    if attach is not None:
        if given or file is not None or resume is not None or dry_run:
            raise typer.BadParameter("--attach only follows an experiment: omit the other options")
        request = RunRequest(name=attach)
    elif resume is None:
        config = load_config(file or _CONFIG, environ=os.environ, overrides=overrides).config
        request = RunRequest(name=config.name, config=config)
    else:
        if given := given - change.overrides.keys():
            raise typer.BadParameter(
                f"--resume with --server accepts --generations and --max-duration only: omit {', '.join(sorted(given))}"
            )
        request = RunRequest(name=resume, resume=True, change=change)
    return (check_at_server if dry_run else run_at_server)(remote, output_dir, request)


def _print_plan(plan: "Plan") -> None:
    from clau_doom.app.resource_estimate import gigabytes
    from clau_doom.config import kind_label

    config, facts, resources = plan.config, plan.scenario.facts, plan.resources
    episodes = resources.agents * config.episodes
    lines = {
        "experiment": f"{config.name}, seed {config.seed}, in {plan.output_dir}",
        "scenario": f"{facts.name} at skill {facts.doom_skill}, {facts.timeout} tics, frame skip {facts.frame_skip}",
        "policy": f"{kind_label(config.policy)}, {len(plan.space)} genes",
        "evolution": f"{kind_label(config.evolution)}, {config.evolution_size}",
        "episodes": f"{episodes:,} of training, {config.episodes} an agent",
        "memory": f"about {gigabytes(resources.memory)} at most, and 60 MB for each worker",
        "disk": f"about {gigabytes(resources.disk)} at most",
    }
    for name, text in lines.items():
        data_console().print(f"{name:<12}{text}", soft_wrap=True)
    _print_advice(plan)
    progress_console().print("nothing was started and nothing was written", style="dim")


def _print_advice(plan: "Plan") -> None:
    if plan.advice:
        progress_console().print(Text(plan.advice, "yellow"), soft_wrap=True)
    if kinds := ", ".join(plan.discontinued_trackers):
        text = f"this run does not continue the trackers of earlier runs ({kinds}): to continue them, set "
        progress_console().print(Text(f"{text}CLAU_DOOM_TRACKERS", "yellow"), soft_wrap=True)


async def _run(plan: "Plan", *, web: bool) -> ExitCode:
    from clau_doom.app.served_run import serve_run
    from clau_doom.domain.experiment import ExperimentState
    from clau_doom.errors import ShutdownRequested
    from clau_doom.orchestration import Shutdown

    shutdown = Shutdown()
    with stop_signals(shutdown, interrupt_grace=_INTERRUPT_GRACE, terminate_grace=_TERMINATE_GRACE) as received:
        try:
            async with serve_run(plan, shutdown, web=web) as served, _shown(plan, served):
                state = await served.run.run()
                snapshot = await served.store.snapshot()
        except ShutdownRequested:  # before the start of the run
            _print_interruption(plan, "as its workers started", shutdown.reason)
            return received.exit_code
    if state is ExperimentState.CANCELLED:
        progress_console().print(f"experiment {plan.config.name} was cancelled", style="yellow")
        return ExitCode.INTERRUPTED
    if state is ExperimentState.INTERRUPTED:
        return _report_interruption(plan, snapshot, shutdown.reason, received)
    from clau_doom.cli.views.results import show_result

    return show_result(snapshot, plan.config, replay=replay_command(plan.config.name, plan.output_dir))


@asynccontextmanager
async def _shown(plan: "Plan", served: "ServedRun") -> "AsyncIterator[None]":
    """Show the progress of a run, and its dashboard in the browser, if it has one."""
    with ExitStack() as stack:
        if served.dashboard is not None:
            link = served.dashboard.login_link()
            _print_link(link)
            stack.enter_context(shown_in_browser(link, plan.output_dir))
        showing = asyncio.ensure_future(_show_progress(plan, served.store, served.before))
        try:
            yield
            # On a full disk, the event that ends the display may be missing.
            await asyncio.wait({showing}, timeout=_DISPLAY_GRACE)
        finally:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)


async def _show_progress(plan: "Plan", store: "ExperimentStore", before: "Snapshot") -> None:
    """Show the run until its log ends; after a failure, restart the display from the current state."""
    from clau_doom.app.progress_display import show_progress
    from clau_doom.orchestration import ReaderHealth

    snapshot, after = before if plan.resume else None, before.last_sequence

    async def show() -> None:
        nonlocal snapshot, after
        try:
            events = store.events(after, follow=True)
            await show_progress(events, plan.config, console=progress_console(), snapshot=snapshot)
        except Exception:
            snapshot = await store.snapshot()
            after = snapshot.last_sequence
            raise

    await ReaderHealth().keep_reading("progress", plan.config.name, show, lambda: after)


def _print_link(link: str) -> None:
    # The link is on its own line, which fits into 80 columns and can be copied from narrower terminals.
    progress_console().print(Text.assemble(f"dashboard{LOGIN_HINT}:\n", (link, "bold underline")), soft_wrap=True)


def _report_interruption(plan: "Plan", snapshot: "Snapshot", reason: str | None, received: ReceivedSignals) -> ExitCode:
    from clau_doom.config import used_up

    spent = not received.signals and used_up(plan.config, snapshot.running_seconds)
    more = " --max-duration TIME" if spent else ""
    _print_interruption(plan, f"at generation {len(snapshot.summaries)}", reason, more)
    return ExitCode.OUT_OF_TIME if spent else received.exit_code


def _print_interruption(plan: "Plan", when: str, reason: str | None, more: str = "") -> None:
    console = progress_console()
    console.print(Text(f"experiment interrupted {when}: {reason}", "bold yellow"), soft_wrap=True)
    console.print(Text(f"continue with: {resume_command(plan.config.name, plan.output_dir)}{more}"), soft_wrap=True)
