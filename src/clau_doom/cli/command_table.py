"""Table of all commands: names, summaries and examples, without an import of the commands' modules.

The help of `clau-doom` lists commands from this table. A command's module is imported when the command is invoked or
completed. Tests compare the summaries with the docstrings.
"""

from dataclasses import dataclass

__all__ = ["COMMANDS", "CommandEntry"]


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """Command or command group of the root command.

    Attributes:
        name: Name on the command line.
        target: The function of the command, or the `typer.Typer` of the group, as ``module:attribute`` in
            `clau_doom.cli.commands`.
        summary: First line of the function's docstring, or the summary of the group.
        examples: Command lines for the end of the help. A group has its own.
    """

    name: str
    target: str
    summary: str
    examples: tuple[str, ...] = ()


COMMANDS = (
    CommandEntry(
        "run",
        "run:run",
        "Run an experiment, or resume an interrupted one.",
        ("clau-doom run --config quickstart.yaml --web", "clau-doom run --resume quickstart"),
    ),
    CommandEntry(
        "serve",
        "serve:serve",
        "Serve experiments over gRPC and in a dashboard.",
        ("clau-doom serve --port 50051 --web-port 8080",),
    ),
    CommandEntry(
        "status",
        "status:status",
        "List the experiments, or show one with its generations.",
        ("clau-doom status", "clau-doom status quickstart"),
    ),
    CommandEntry(
        "events", "events:events", "Print the event log of an experiment.", ("clau-doom events quickstart --follow",)
    ),
    CommandEntry(
        "pause",
        "control:pause",
        "Pause an experiment; its running episodes finish.",
        ("clau-doom pause quickstart",),
    ),
    CommandEntry(
        "resume",
        "control:resume",
        "Resume a paused experiment.",
        (
            "clau-doom resume quickstart",
            "clau-doom resume quickstart --server localhost:50051 --generations 200",
        ),
    ),
    CommandEntry(
        "cancel",
        "control:cancel",
        "Cancel an experiment permanently; its episodes are kept.",
        ("clau-doom cancel quickstart",),
    ),
    CommandEntry(
        "analyze",
        "analyze:analyze",
        "Analyse an experiment, compare several, or analyse a table.",
        (
            "clau-doom analyze quickstart --report quickstart.html",
            "clau-doom analyze baseline larger-population",
            "clau-doom analyze --data episodes.csv --response kills --factor agent --block seed",
            "clau-doom analyze --data runs.csv --response score --factor method --task scenario",
        ),
    ),
    CommandEntry(
        "export",
        "export:export",
        "Write episodes, agents, generations and events as tables.",
        ("clau-doom export quickstart --to tables --format parquet",),
    ),
    CommandEntry(
        "track",
        "track:track",
        "Write an experiment to a tracker; follow it while it runs.",
        (
            "clau-doom track quickstart --to tensorboard",
            "clau-doom track quickstart --to mlflow --option uri=http://localhost:5000",
        ),
    ),
    CommandEntry(
        "replay",
        "replay:replay",
        "Replay an episode, verify it against its record, and film it.",
        (
            "clau-doom replay quickstart -o champion.mp4 --overlay",
            "clau-doom replay quickstart-g003-a017 --episode 2",
        ),
    ),
    CommandEntry(
        "scenarios",
        "scenarios:scenarios",
        "List the bundled scenarios with their tasks and buttons.",
        ("clau-doom scenarios",),
    ),
    CommandEntry(
        "plugins",
        "plugins:plugins",
        "List the plugins of installed packages with their versions.",
        ("clau-doom plugins --check",),
    ),
    CommandEntry(
        "doctor",
        "doctor:doctor",
        "Check this machine; exit with 1 if a requirement is missing.",
        ("clau-doom doctor",),
    ),
    CommandEntry("agent", "agents:app", "List, inspect and control the agents of an experiment."),
    CommandEntry("config", "config:app", "Create, check and print configurations."),
    CommandEntry("token", "token:app", "Create, list, rotate and remove tokens of a server."),
)
"""Commands in the order of the help."""
