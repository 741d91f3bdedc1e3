"""Command `clau-doom replay`: replay an episode, verify it against its record, and show or film it."""

import asyncio
import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from clau_doom.cli.console import data_console, print_json, progress_console
from clau_doom.cli.shared_options import (
    DEFAULT_OUTPUT_DIR,
    AsJson,
    OutputDir,
    Server,
    TrustedNames,
    remote_server,
    trust_of,
)
from clau_doom.errors import ConfigError

if TYPE_CHECKING:
    from clau_doom.app.replay import ReplayPlan
    from clau_doom.app.trusted_code import Trust
    from clau_doom.domain import Purpose
    from clau_doom.replay import Clip, Film, Performance

__all__ = ["replay"]

_Agent = Annotated[
    str,
    typer.Argument(
        metavar="AGENT",
        help="Id of an agent (quickstart-g003-a017, or quickstart-random for the baseline), id of an experiment for "
        "its champion, or agent file (clau-doom agent export).",
    ),
]
_LARGEST_SEED = 2**32 - 1


def replay(
    agent: _Agent,
    *,
    episode: Annotated[
        int | None, typer.Option("--episode", metavar="N", min=0, help="Number of the episode (default: 0).")
    ] = None,
    purpose: Annotated[
        str | None,
        typer.Option(metavar="PURPOSE", help="training, validation or held-out (default: held-out, else training)."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", metavar="N", min=0, max=_LARGEST_SEED, help="Play an episode with this seed, which may be new."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Film to write (.mp4 or .gif).")
    ] = None,
    overlay: Annotated[
        bool, typer.Option("--overlay", help="Draw observations and actions of the agent on the film.")
    ] = False,
    start: Annotated[
        float | None, typer.Option("--from", metavar="SECONDS", min=0.0, help="Start of the film.")
    ] = None,
    end: Annotated[float | None, typer.Option("--to", metavar="SECONDS", min=0.0, help="End of the film.")] = None,
    resolution: Annotated[str, typer.Option(metavar="WxH", help="Resolution of the film.")] = "640x480",
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    address: Annotated[
        str | None, typer.Option("--address", metavar="ADDRESS", help="Current address of a remote agent.")
    ] = None,
    trust: TrustedNames = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show the episode in a window, in real time.")] = False,
    progress: Annotated[
        bool, typer.Option("--progress", hidden=True, help="Write progress to stderr in lines, for programs.")
    ] = False,
    as_json: AsJson = False,
    server: Server = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """Replay an episode, verify it against its record, and film it."""
    from clau_doom.app.replay import check_display, to_purpose, to_size, verify
    from clau_doom.cli.views.replay_verification import verification_json, verification_view
    from clau_doom.replay import check_target

    if episode is not None and seed is not None:
        raise typer.BadParameter("--episode and --seed exclude each other: omit one")
    if output is None and (overlay or start is not None or end is not None):
        raise typer.BadParameter("--overlay, --from and --to need a film: use -o FILE")
    size, clip = to_size(resolution), _clip(start, end)
    if output is not None:
        check_target(output, force=force)
    if watch:
        check_display(os.environ, sys.platform)
    plan = _plan(
        agent,
        server,
        output_dir,
        purpose=None if purpose is None else to_purpose(purpose),
        number=episode,
        seed=seed,
        address=address,
        trust=trust_of(trust, address),
    )
    if progress:
        typer.echo("progress playing", err=True)
    with _status(f"playing {plan.choice.name} of {plan.choice.agent.id}"):
        performance = verify(plan)
    film = _show(plan, performance, size, output, clip=clip, overlay=overlay, watch=watch, progress=progress)
    if as_json:
        print_json(verification_json(plan, performance, film))
    else:
        data_console().print(verification_view(plan, performance, film))


def _plan(
    agent: str,
    server: str | None,
    output_dir: Path,
    *,
    purpose: "Purpose | None",
    number: int | None,
    seed: int | None,
    address: str | None,
    trust: "Trust",
) -> "ReplayPlan":
    from clau_doom.app.replay import plan_replay, stored_actions
    from clau_doom.app.replay_agent_lookup import find_agent, is_agent_file
    from clau_doom.replay import select_episode

    remote = remote_server(server)
    setting, replayed = asyncio.run(find_agent(agent, remote, output_dir, trust=trust, address=address))
    choice = select_episode(replayed, purpose=purpose, number=number, seed=seed)
    # For an experiment on a server, actions that are stored in the local folder are not used.
    actions = None if remote or is_agent_file(agent) else asyncio.run(stored_actions(choice, output_dir))
    return plan_replay(setting, choice, actions, address=address)


def _show(
    plan: "ReplayPlan",
    performance: "Performance",
    size: tuple[int, int],
    output: Path | None,
    *,
    clip: "Clip",
    overlay: bool,
    watch: bool,
    progress: bool,
) -> "Film | None":
    from clau_doom.app.replay import film_replay, show_replay

    report = _print_progress if progress else None
    if output is not None:
        with _status(f"filming {performance.outcome.measures.tics:,.0f} tics"):
            return film_replay(plan, performance, output, size, overlay=overlay, clip=clip, window=watch, report=report)
    if watch:
        show_replay(plan, performance, size, report=report)
    return None


def _print_progress(share: float) -> None:
    typer.echo(f"progress filming {share:.2f}", err=True)


def _clip(start: float | None, end: float | None) -> "Clip":
    from clau_doom.replay import Clip

    if end is not None and end <= (start or 0.0):
        raise ConfigError(f"--to {end:g} is not after --from {start or 0.0:g}: choose a later end")
    return Clip(start=start or 0.0, end=end)


def _status(text: str) -> AbstractContextManager[object]:
    """Show the current step on a terminal until the context ends."""
    return progress_console().status(Text(text), spinner_style="red")
