"""Commands that pause, resume and cancel experiments, and that stop, restart and inject agents."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from clau_doom.cli.command_decorators import add_command
from clau_doom.cli.console import ExitCode, data_console, print_json
from clau_doom.cli.experiment_lookup import find_experiment
from clau_doom.cli.shared_options import DEFAULT_OUTPUT_DIR, AsJson, Note, OutputDir, Server, remote_server

if TYPE_CHECKING:
    from clau_doom.domain import Genome
    from clau_doom.domain.agent_commands import Command
    from clau_doom.rpc import RpcClient

__all__ = ["add_agent_commands", "cancel", "pause", "resume"]

_Experiment = Annotated[str, typer.Argument(metavar="ID", help="Id of the experiment.")]
_Agent = Annotated[str, typer.Argument(metavar="AGENT", help="Id of the agent, such as quickstart-g003-a017.")]


def pause(
    experiment: _Experiment, *, note: Note = "", server: Server = None, output_dir: OutputDir = DEFAULT_OUTPUT_DIR
) -> None:
    """Pause an experiment; its running episodes finish."""
    _change_state(experiment, _connect(experiment, server, output_dir, note), lambda client: client.pause(experiment))


def resume(
    experiment: _Experiment,
    *,
    generations: Annotated[
        int | None, typer.Option("-g", "--generations", metavar="N", help="New number of generations, at a server.")
    ] = None,
    budget_episodes: Annotated[
        int | None, typer.Option("--budget-episodes", metavar="N", help="New budget in episodes, at a server.")
    ] = None,
    budget_tics: Annotated[
        int | None, typer.Option("--budget-tics", metavar="N", help="New budget in tics, at a server.")
    ] = None,
    max_duration: Annotated[
        str | None, typer.Option("--max-duration", metavar="TIME", help="New maximum of the running time, at a server.")
    ] = None,
    note: Note = "",
    server: Server = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """Resume a paused experiment.

    A server also resumes an interrupted experiment, and can change its budget.
    """
    from clau_doom.domain.agent_commands import BudgetChange

    change = BudgetChange(
        generations=generations, episodes=budget_episodes, tics=budget_tics, max_duration=max_duration
    )
    state = _change_state(
        experiment, _connect(experiment, server, output_dir, note), lambda client: client.resume(experiment, change)
    )
    if state not in {"running", "completed"}:  # a short run may have ended already
        raise typer.Exit(ExitCode.FAILED)


def cancel(
    experiment: _Experiment, *, note: Note = "", server: Server = None, output_dir: OutputDir = DEFAULT_OUTPUT_DIR
) -> None:
    """Cancel an experiment permanently; its episodes are kept."""
    _change_state(
        experiment,
        _connect(experiment, server, output_dir, note),
        lambda client: client.cancel(experiment),
        ending=True,
    )


def _change_state(
    experiment: str,
    connection: "AbstractAsyncContextManager[RpcClient]",
    call: Callable[["RpcClient"], Awaitable[Any]],
    *,
    ending: bool = False,
) -> str:
    """Carry out a command, print the new state of the experiment, and return it.

    Args:
        experiment: The experiment's id.
        connection: A client of the server, or of the process that runs the experiment.
        call: The command.
        ending: Whether the command ends the run. Without a server, the response precedes the end of the run.
    """
    from clau_doom.wire import EXPERIMENT_STATES, budget_from

    async def call_client() -> Any:
        async with connection as client:
            return await call(client)

    answer = asyncio.run(call_client())
    state = EXPERIMENT_STATES.received(answer.state).value
    text = f"experiment {experiment} is {state}"
    if ending and state != "cancelled":
        text = f"experiment {experiment} is ending"
    elif state == "running":
        budget, spent = budget_from(answer)
        text += f": {spent:,} of {budget} are finished"
    elif answer.reason:
        text += f": {answer.reason}"
    data_console().print(Text(text), soft_wrap=True)
    return state


def _connect(
    experiment: str, server: str | None, output_dir: Path, note: str
) -> "AbstractAsyncContextManager[RpcClient]":
    from clau_doom.app.catalog.server_source import reach, reach_run

    remote = remote_server(server)
    if remote is None:
        return reach_run(experiment, output_dir, note=note)
    return reach(remote, output_dir, note=note)


def add_agent_commands(app: typer.Typer) -> None:
    """Add the commands that control agents to the command group of agents."""
    for action, text in _ACTIONS.items():
        add_command(app, f"clau-doom agent {action} quickstart-g003-a017", name=action, summary=text)(
            _command_of(action)
        )
    add_command(app, "clau-doom agent inject quickstart --genome 0.5,12,3")(inject)


_ACTIONS = {
    "pause": "Pause an agent; its running episodes finish.",
    "resume": "Resume a paused agent.",
    "stop": "Stop an agent without a fitness (a deviation).",
    "restart": "Restart a stopped or failed agent (a deviation).",
}


def _command_of(action: str) -> Callable[..., None]:
    def call_client(
        agent: _Agent,
        *,
        as_json: AsJson = False,
        note: Note = "",
        server: Server = None,
        output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
    ) -> None:
        from clau_doom.domain import parse_agent_id
        from clau_doom.domain.agent_commands import AgentAction, AgentCommand

        experiment, _, _ = parse_agent_id(agent)
        command = AgentCommand(action=AgentAction(action), agent=agent)
        connection = _connect(experiment, server, output_dir, note)
        _send_command(experiment, connection, command, f"{action} {agent}", as_json=as_json)

    return call_client


def inject(
    experiment: _Experiment,
    genome: Annotated[
        str,
        typer.Option(
            "--genome",
            metavar="VALUES",
            help="Values of the genes in order, separated by commas, or a file of agent export or agent show (.json).",
        ),
    ],
    *,
    as_json: AsJson = False,
    note: Note = "",
    server: Server = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """Inject a genome into the next generation (a deviation)."""
    from clau_doom.domain.agent_commands import InjectGenome

    command = InjectGenome(experiment=experiment, genome=_genome(genome, experiment, server, output_dir))
    connection = _connect(experiment, server, output_dir, note)
    _send_command(experiment, connection, command, "inject a genome into the next generation", as_json=as_json)


def _genome(given: str, experiment: str, server: str | None, output_dir: Path) -> "Genome":
    """Return the genome of numbers, or of a text or a file with names, which need the genes of the experiment."""
    from clau_doom.app.gene_space import space_of
    from clau_doom.app.genome_documents import SUFFIX, genome_of_file, genome_of_text
    from clau_doom.domain import Genome

    with suppress(ValueError):
        return Genome(float(part) for part in given.split(","))
    space = space_of(find_experiment(experiment, server, output_dir))
    if given.lower().endswith(SUFFIX):
        return genome_of_file(Path(given), space)
    return genome_of_text(given, space)


def _send_command(
    experiment: str,
    connection: "AbstractAsyncContextManager[RpcClient]",
    command: "Command",
    what: str,
    *,
    as_json: bool,
) -> None:
    async def call_client() -> Any:
        async with connection as client:
            return await client.control(command)

    done = asyncio.run(call_client())
    sequence = done.sequence or None
    if as_json:
        print_json({"id": experiment, "sequence": sequence, "agent": done.agent.id or None})
        return
    came_of_it = f"done, event {sequence}" if sequence else "no change: the agent is in this state already"
    data_console().print(Text(f"{what}: {came_of_it}"))
