"""`clau-doom agent`: who was evaluated, what they are made of, and where they come from."""

from typing import Annotated

import typer

from clau_doom.cli.console import data_console, print_json
from clau_doom.cli.looking import look_up
from clau_doom.cli.options import DEFAULT_OUTPUT_DIR, AsJson, OutputDir, Server

__all__ = ["app"]

app = typer.Typer(name="agent", help="Look at the agents of an experiment, and steer them.", no_args_is_help=True)

_Experiment = Annotated[str, typer.Argument(metavar="ID", help="The experiment's id.")]
_Agent = Annotated[str, typer.Argument(metavar="AGENT", help="The agent's id, such as quickstart-g003-a017.")]
_Generation = Annotated[
    int | None, typer.Option("--generation", "-g", metavar="N", min=0, help="Only this generation's agents.")
]


@app.command("list")
def list_agents(
    experiment: _Experiment,
    *,
    generation: _Generation = None,
    as_json: AsJson = False,
    server: Server = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """List an experiment's agents: fitness, operator, parents."""
    from clau_doom.cli.portrait import agent_json, agents_table

    snapshot = look_up(experiment, server, output_dir).snapshot
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


@app.command("show")
def show_agent(
    agent: _Agent, *, as_json: AsJson = False, server: Server = None, output_dir: OutputDir = DEFAULT_OUTPUT_DIR
) -> None:
    """Show one agent: genome, lineage back to generation 0, episodes."""
    from clau_doom import bootstrap
    from clau_doom.analysis import telling_measures
    from clau_doom.cli.portrait import portrait_json, portrait_view
    from clau_doom.domain import parse_agent_id

    experiment, _, _ = parse_agent_id(agent)
    stored = look_up(experiment, server, output_dir)
    evaluation = stored.snapshot.find(agent)
    space, fitness = bootstrap.genome_space(stored.config), bootstrap.make_fitness(stored.config)
    if as_json:
        print_json(portrait_json(stored.snapshot, evaluation, space, fitness))
    else:
        measures = telling_measures(stored.config.scenario.name)
        data_console().print(portrait_view(stored.snapshot, evaluation, space, fitness, measures))
