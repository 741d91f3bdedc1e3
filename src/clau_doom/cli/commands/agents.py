"""Commands `clau-doom agent` for listing, inspecting, exporting and cleaning up agents."""

import asyncio
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from clau_doom.cli.command_decorators import add_command, command_group
from clau_doom.cli.commands.control import add_agent_commands
from clau_doom.cli.console import data_console, print_json, progress_console
from clau_doom.cli.experiment_lookup import find_experiment
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
    from clau_doom.backends.docker.leftovers import Leftovers

__all__ = ["app"]

app = command_group(
    "agent", "List, inspect and control the agents of an experiment.", "clau-doom agent list quickstart --generation 3"
)

_Experiment = Annotated[str, typer.Argument(metavar="ID", help="Id of the experiment.")]
_Agent = Annotated[str, typer.Argument(metavar="AGENT", help="Id of the agent, such as quickstart-g003-a017.")]
_Generation = Annotated[
    int | None, typer.Option("--generation", "-g", metavar="N", min=0, help="Only agents of this generation.")
]


@add_command(app, "clau-doom agent list quickstart --generation 3", name="list")
def list_agents(
    experiment: _Experiment,
    *,
    generation: _Generation = None,
    as_json: AsJson = False,
    server: Server = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """List the agents of an experiment."""
    from clau_doom.cli.views.agent import agent_json, agents_table

    snapshot = find_experiment(experiment, server, output_dir, measured=False).snapshot
    rows = [
        evaluation
        for row in snapshot.generations
        for evaluation in row
        if generation is None or evaluation.agent.ref.generation == generation
    ]
    if as_json:
        print_json({"id": experiment, "agents": [agent_json(evaluation, snapshot) for evaluation in rows]})
    else:
        data_console().print(agents_table(rows, snapshot))


@add_command(app, "clau-doom agent show quickstart-g003-a017", name="show")
def show_agent(
    agent: _Agent, *, as_json: AsJson = False, server: Server = None, output_dir: OutputDir = DEFAULT_OUTPUT_DIR
) -> None:
    """Show the genome, the lineage and the episodes of an agent."""
    from clau_doom.analysis.result_tables import telling_measures
    from clau_doom.app.gene_space import space_of
    from clau_doom.app.run_planning import make_fitness
    from clau_doom.cli.views.agent import portrait_json, portrait_view
    from clau_doom.domain import parse_agent_id

    experiment, _, _ = parse_agent_id(agent)
    stored = find_experiment(experiment, server, output_dir)
    evaluation = stored.snapshot.find(agent)
    space, fitness = space_of(stored), make_fitness(stored.config)
    if as_json:
        print_json(portrait_json(stored.snapshot, evaluation, space, fitness))
    else:
        measures = telling_measures(stored.config.scenario.name, sorted(stored.config.measures))
        data_console().print(portrait_view(stored.snapshot, evaluation, space, fitness, measures))


@add_command(app, "clau-doom agent export quickstart -o champion.json", name="export")
def export_agent(
    agent: Annotated[
        str, typer.Argument(metavar="AGENT", help="Id of the agent, or of an experiment for its champion.")
    ],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="File to write (.json).")],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    trust: TrustedNames = None,
    server: Server = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """Write an agent to a file for clau-doom replay.

    The file contains the genome, the scenario, the policy and the recorded episodes.
    """
    from clau_doom.app.replay_agent_lookup import export_agent, find_agent, is_agent_file
    from clau_doom.atomic_write import write_output
    from clau_doom.replay import check_place

    if not is_agent_file(output.name):
        raise ConfigError(f"{str(output)!r} is not a .json file: use a name that ends in .json")
    check_place(output, force=force)
    trusted = trust_of(trust)
    setting, replayed = asyncio.run(find_agent(agent, remote_server(server), output_dir, trust=trusted))
    write_output(output, export_agent(setting, replayed, trusted))
    progress_console().print(
        f"wrote {output}: play it with clau-doom replay {shlex.quote(str(output))}", soft_wrap=True
    )


@add_command(app, "clau-doom agent cleanup --dry-run", name="cleanup")
def clean_up(
    *,
    experiment: Annotated[
        str | None, typer.Option("--experiment", metavar="ID", help="Only containers of this experiment.")
    ] = None,
    generation: _Generation = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the containers and networks, but remove nothing.")
    ] = False,
) -> None:
    """Remove containers and networks that killed runs left.

    Networks are removed only without --experiment. Containers are found by their labels. A running experiment repeats
    the episodes of removed containers.
    """
    from clau_doom.backends.docker.leftovers import find_leftovers, remove_leftovers

    if generation is not None and experiment is None:
        raise typer.BadParameter("--generation needs --experiment: give both, or omit --generation")
    if dry_run:
        _show_leftovers(asyncio.run(find_leftovers(experiment, generation)))
        return
    removed = asyncio.run(remove_leftovers(experiment, generation))
    _print_counts(removed.containers, removed.networks, "removed", failed=bool(removed.errors))
    if removed.errors:
        raise ExceptionGroup("some containers or networks could not be removed", removed.errors)


def _show_leftovers(left: "Leftovers") -> None:
    if left.containers:
        table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
        table.add_column("agent", style="bold", overflow="fold")
        for heading in ("experiment", "generation", "state"):
            table.add_column(heading, overflow="fold")
        for each in left.containers:
            labels = (each.agent, each.experiment or "-", each.generation or "-", each.state)
            table.add_row(*map(Text, labels))  # users can set any label on a container: no markup
        data_console().print(table)
    _print_counts(len(left.containers), left.networks, "would be removed")


def _print_counts(containers: int, networks: Sequence[str], what: str, *, failed: bool = False) -> None:
    lines = []
    if containers:
        lines.append(f"{_count(containers, 'container')} {what}")
    if networks:
        lines.append(f"{_count(len(networks), 'network')} {what}: {', '.join(networks)}")
    if not lines and not failed:
        lines.append("nothing to remove")
    for line in lines:
        data_console().print(line, soft_wrap=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


add_agent_commands(app)
