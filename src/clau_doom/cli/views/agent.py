"""Terminal output and JSON of an agent: genes in their ranges, lineage and episodes."""

from collections.abc import Sequence
from dataclasses import asdict

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from clau_doom.analysis.result_tables import fitness_interval
from clau_doom.app.text_format import gauge
from clau_doom.domain import (
    Agent,
    AgentRef,
    AgentStatus,
    Episode,
    Evaluation,
    Fitness,
    Gene,
    GeneKind,
    GenomeSpace,
)
from clau_doom.domain.snapshot import Snapshot
from clau_doom.escaping import printable_message
from clau_doom.number_format import number, number_with_interval

__all__ = ["agent_json", "agents_table", "portrait_json", "portrait_view"]

_GENES_SHOWN = 48  # a network has thousands; --json has all genes
_STATUS = {
    AgentStatus.COMPLETED: "green",
    AgentStatus.DROPPED: "yellow",
    AgentStatus.FAILED: "bold red",
    AgentStatus.PENDING: "dim",
}


def agents_table(rows: Sequence[Evaluation], snapshot: Snapshot) -> RenderableType:
    """Return agents as a table."""
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    table.add_column("agent", style="bold", no_wrap=True)
    table.add_column("status")
    table.add_column("fitness", justify="right")
    table.add_column("operator")
    table.add_column("parents")
    for row in rows:
        parents = ", ".join(ref.label for ref in row.agent.parents)
        paused = row.agent.ref in snapshot.paused
        status = Text("paused" if paused else row.status.value, "cyan" if paused else _STATUS[row.status])
        table.add_row(row.agent.id, status, number(row.fitness), row.agent.operator, Text(parents or "-", "dim"))
    return table


def agent_json(evaluation: Evaluation, snapshot: Snapshot) -> dict[str, object]:
    """Return an agent without its genome and episodes."""
    agent = evaluation.agent
    return {
        "agent": agent.id,
        "generation": agent.ref.generation,
        "index": agent.ref.index,
        "status": evaluation.status.value,
        "paused": agent.ref in snapshot.paused,
        "fitness": evaluation.fitness,
        "failure": evaluation.failure,
        "operator": agent.operator,
        "parents": [ref.agent_id(agent.experiment) for ref in agent.parents],
    }


def portrait_json(
    snapshot: Snapshot, evaluation: Evaluation, space: GenomeSpace, fitness: Fitness
) -> dict[str, object]:
    """Return all data of an agent: genome by gene names, all ancestors, all episodes."""
    agent = evaluation.agent
    return {
        **agent_json(evaluation, snapshot),
        "fitness_interval": asdict(played) if (played := fitness_interval(evaluation, fitness)) else None,
        "genome": space.named(agent.genome),
        "values": list(agent.genome),
        "traceback": snapshot.traces.get(agent.id),
        "ancestors": [agent_json(ancestor, snapshot) for ancestor in snapshot.ancestors(agent)],
        "episodes": [
            {
                "purpose": episode.purpose.value,
                "number": episode.number,
                "seed": episode.outcome.seed,
                "fitness": fitness.of_episode(episode.outcome.measures),
                "measures": episode.outcome.measures.named(),
                "trajectory_sha256": episode.outcome.trajectory_sha256,
            }
            for episode in snapshot.played_by(agent)
        ],
    }


def portrait_view(
    snapshot: Snapshot, evaluation: Evaluation, space: GenomeSpace, fitness: Fitness, measures: Sequence[str]
) -> RenderableType:
    """Return the terminal output of an agent: the first genes of a large genome, and the line of the fitter parents."""
    agent = evaluation.agent
    head = Text.assemble((agent.id, "bold"), "   ", (evaluation.status.value, _STATUS[evaluation.status]))
    head.append(f"   fitness {_fitness_text(evaluation, fitness)}   operator {agent.operator}")
    parts: list[RenderableType] = [head]
    if evaluation.failure:
        parts.append(Text(evaluation.failure, "red"))
    if trace := snapshot.traces.get(agent.id):
        heading = "\ntraceback of the first failure at this line"
        parts += [Text(heading, "bold"), Text(printable_message(trace), "dim")]
    parts += [Text("\ngenome", "bold"), _genome(agent, space)]
    parts += [Text("\nlineage", "bold"), *_lineage(snapshot, evaluation)]
    parts += [Text("\nepisodes", "bold"), _episodes_table(snapshot.played_by(agent), fitness, measures)]
    return Group(*parts)


def _fitness_text(evaluation: Evaluation, fitness: Fitness) -> str:
    played = fitness_interval(evaluation, fitness)
    if played is None:
        return number(evaluation.fitness)
    missing = f"; no interval: {played.reason}" if played.reason else ""
    return f"{number_with_interval(played.mean, played.low, played.high)} (n = {played.n}{missing})"


def _genome(agent: Agent, space: GenomeSpace) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for justify in ("left", "right", "left", "left"):
        table.add_column(justify=justify, no_wrap=True)
    table.add_column(style="dim")
    named = space.named(agent.genome, _GENES_SHOWN)
    for gene, value in zip(space.genes[:_GENES_SHOWN], agent.genome, strict=False):
        shown = named[gene.name]
        text = shown if isinstance(shown, str) else f"{shown}" if isinstance(shown, int) else number(shown)
        table.add_row(gene.name, Text(text, "bold"), _gauge(gene, value), Text(_range(gene), "dim"), gene.description)
    if len(space) > _GENES_SHOWN:
        table.add_row(Text(f"and {len(space) - _GENES_SHOWN} more (--json prints all)", "dim"))
    return table


def _gauge(gene: Gene, value: float) -> Text:
    before, after = gauge((value - gene.low) / (gene.high - gene.low) if gene.high > gene.low else 0.5)
    return Text.assemble((before, "dim"), ("●", "red"), (after, "dim"))


def _range(gene: Gene) -> str:
    if gene.kind is GeneKind.CHOICE:
        return f"one of {len(gene.choices)}"
    return f"{gene.low:g} to {gene.high:g}"


def _lineage(snapshot: Snapshot, evaluation: Evaluation) -> list[Text]:
    """Draw the line of the fitter parents back to generation 0, with the other parents as side branches."""
    lines, current = [_ancestor("●", evaluation)], evaluation
    while current.agent.parents:
        parents = [snapshot.generations[ref.generation][ref.index] for ref in current.agent.parents]
        line, *others = sorted(parents, key=_rank)
        lines += [_ancestor("├─╴", other, "dim") for other in others]
        lines.append(_ancestor("●", line))
        current = line
    count = len(snapshot.ancestors(evaluation.agent))
    text = f"{count} ancestors in total (--json lists them)" if count else "no parents: the genome was drawn at random"
    lines.append(Text(text, "dim"))
    return lines


def _rank(evaluation: Evaluation) -> tuple[float, AgentRef]:
    fitness = evaluation.fitness
    return (float("inf") if fitness is None else -fitness), evaluation.agent.ref


def _ancestor(mark: str, evaluation: Evaluation, style: str = "") -> Text:
    agent = evaluation.agent
    text = f" {agent.ref.label}  {number(evaluation.fitness):>8}  {agent.operator}"
    return Text.assemble((f"{mark:<4}", "red"), (text, style))


def _episodes_table(episodes: Sequence[Episode], fitness: Fitness, measures: Sequence[str]) -> RenderableType:
    if not episodes:
        return Text("no finished episodes yet", "dim")
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    table.add_column("purpose")
    for heading in ("number", "seed", "fitness", *(name.replace("_", " ") for name in measures)):
        table.add_column(heading, justify="right")
    table.add_column("trajectory", style="dim")
    for episode in episodes:
        outcome = episode.outcome
        table.add_row(
            episode.purpose.value.replace("_", " "),
            str(episode.number),
            str(outcome.seed),
            Text(number(fitness.of_episode(outcome.measures)), "bold"),
            *(number(outcome.measures.value(name)) for name in measures),
            outcome.trajectory_sha256[:12],
        )
    return table
