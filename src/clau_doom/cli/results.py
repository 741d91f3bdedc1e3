"""What came of an experiment, read off its snapshot: as values, as tables for people, as data for programs."""

from collections.abc import Sequence
from dataclasses import asdict

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from clau_doom.analysis import GenerationRow, Interval, ResultTable, generation_rows, result_table, telling_measures
from clau_doom.cli.console import ExitCode, data_console, progress_console
from clau_doom.cli.format import interval, number
from clau_doom.config import ExperimentConfig
from clau_doom.domain import AgentRef, Episode, Fitness, Purpose, agent_id, parse_agent_id
from clau_doom.domain.experiment import Standing
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import AgentNotFound

__all__ = [
    "analysis_json",
    "generations_view",
    "held_out_standings",
    "held_out_table",
    "result_view",
    "show_result",
]

_ROLE_NAMES = {"champion": "champion", "generation 0": "generation 0's best", "random": "random play"}


def held_out_standings(snapshot: Snapshot, fitness: Fitness) -> tuple[Standing, ...]:
    """Return who played the held-out seeds: the champion, generation 0's best unless that is the champion, random."""
    contestants = {agent: played for (use, agent), played in snapshot.judging.items() if use is Purpose.HELD_OUT}
    name = snapshot.experiment.id
    champion = _id(name, snapshot.champion[0]) if snapshot.champion else None
    first = _id(name, snapshot.summaries[0].best) if snapshot.summaries else None
    baseline = next((agent for agent in sorted(contestants) if not _is_agent(agent)), None)
    roles = {"champion": champion, "generation 0": None if first == champion else first, "random": baseline}
    return tuple(
        _standing(role, agent, contestants[agent], fitness)
        for role, agent in roles.items()
        if agent is not None and contestants.get(agent)
    )


def held_out_table(snapshot: Snapshot, fitness: Fitness, measures: Sequence[str]) -> ResultTable | None:
    """Return the contestants' results on held-out seeds, or None while nobody has played them."""
    standings = held_out_standings(snapshot, fitness)
    if not standings:
        return None
    training = _training_fitness(snapshot, snapshot.champion[0]) if snapshot.champion else None
    return result_table(standings, measures=measures, seed=snapshot.experiment.seed, training=training)


def generations_view(snapshot: Snapshot) -> RenderableType:
    """Return the finished generations as a table."""
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    for heading in ("generation", "best", "mean [95 %]", "worst", "failed"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("best agent", overflow="fold")
    for row in generation_rows(snapshot.finished_generations):
        table.add_row(
            str(row.index),
            Text(number(row.best_fitness), "bold"),
            interval(row.mean),
            number(row.worst_fitness),
            Text(str(row.failed), "red") if row.failed else Text("0", "dim"),
            Text(_id(snapshot.experiment.id, row.best) if row.best else "-", "dim"),
        )
    return table


def result_view(snapshot: Snapshot, fitness: Fitness, measures: Sequence[str]) -> RenderableType:
    """Return the result table for people: the contestants on held-out seeds, and what is to be said about it."""
    results = held_out_table(snapshot, fitness, measures)
    if results is None:
        return Text("Nobody has played the held-out seeds yet: they are played when the last generation is finished.")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("held out", style="dim", header_style="dim", no_wrap=True)
    for row in results.rows:
        table.add_column(_ROLE_NAMES[row.role], style="bold green" if row.role == "champion" else "", overflow="fold")
    table.add_row("agent", *(row.agent for row in results.rows))
    table.add_row("episodes", *(str(row.fitness.n) for row in results.rows))
    table.add_row("fitness", *(interval(row.fitness) for row in results.rows))
    for place, name in enumerate(measures):
        table.add_row(name.replace("_", " "), *(interval(row.measures[place][1]) for row in results.rows))
    return Group(table, *_remarks(results, snapshot))


def analysis_json(snapshot: Snapshot, fitness: Fitness, measures: Sequence[str]) -> dict[str, object]:
    """Return the whole analysis as data; agents by their ids, intervals as mean, low, high and n."""
    name, results = snapshot.experiment.id, held_out_table(snapshot, fitness, measures)
    return {
        "id": name,
        "state": snapshot.state.value,
        "confidence": 0.95,
        "generations": [_generation_json(name, row) for row in generation_rows(snapshot.finished_generations)],
        "held_out": [
            {
                "role": row.role,
                "agent": row.agent,
                "fitness": asdict(row.fitness),
                "measures": {measure: asdict(value) for measure, value in row.measures},
            }
            for row in (results.rows if results else ())
        ],
        "comparisons": [
            {"role": row.role, "difference": asdict(row.difference), "intervals_overlap": row.overlap}
            for row in (results.comparisons if results else ())
        ],
        "selection_bias": (asdict(results.bias) | {"value": results.bias.value}) if results and results.bias else None,
    }


def _generation_json(name: str, row: GenerationRow) -> dict[str, object]:
    mean: Interval | None = row.mean
    return {
        "index": row.index,
        "best_agent": _id(name, row.best) if row.best else None,
        "best_fitness": row.best_fitness,
        "mean_fitness": asdict(mean) if mean else None,
        "worst_fitness": row.worst_fitness,
        "agents": row.agents,
        "failed": row.failed,
    }


def _remarks(results: ResultTable, snapshot: Snapshot) -> list[Text]:
    lines = [Text("means with 95 % intervals", "dim")]
    for row in results.comparisons:
        apart = {True: "; the two intervals overlap", False: "; the two intervals do not overlap", None: ""}
        ahead = f"champion minus {_ROLE_NAMES[row.role]}, seed by seed: {interval(row.difference)}{apart[row.overlap]}"
        lines.append(Text(ahead, "green" if (row.difference.low or 0) > 0 else ""))
    if snapshot.champion and snapshot.summaries and snapshot.champion[0] == snapshot.summaries[0].best:
        lines.append(Text("generation 0's best is the champion: no later agent did better on the validation seeds."))
    if results.bias:
        bias = results.bias
        told = f"{number(bias.training)} in training, {number(bias.held_out)} held out"
        lines.append(Text(f"selection bias of the champion's fitness: {number(bias.value)} ({told})"))
    return lines


def _standing(role: str, agent: str, episodes: Sequence[Episode], fitness: Fitness) -> Standing:
    measures = tuple(episode.outcome.measures for episode in episodes)
    return Standing(
        role=role,
        agent=agent,
        seeds=tuple(episode.outcome.seed for episode in episodes),
        fitnesses=tuple(fitness.of_episode(played) for played in measures),
        measures=measures,
    )


def _training_fitness(snapshot: Snapshot, ref: AgentRef) -> float | None:
    return snapshot.generations[ref.generation][ref.index].fitness


def _id(experiment: str, ref: AgentRef) -> str:
    return agent_id(experiment, ref.generation, ref.index)


def _is_agent(text: str) -> bool:
    try:
        parse_agent_id(text)
    except AgentNotFound:
        return False
    return True


def show_result(snapshot: Snapshot, config: ExperimentConfig, *, replay: str) -> ExitCode:
    """Print what a completed experiment came to, and return what its command ends with.

    Args:
        snapshot: The experiment.
        config: What it was run with.
        replay: The command that shows its champion.
    """
    from clau_doom import bootstrap

    fitness, measures = bootstrap.make_fitness(config), telling_measures(config.scenario.name)
    data_console().print(result_view(snapshot, fitness, measures))
    if snapshot.champion:
        progress_console().print(Text(f"see the champion play: {replay}"), soft_wrap=True)
    held_out = [row for (purpose, _), row in snapshot.judging.items() if purpose is Purpose.HELD_OUT]
    lacking = any(len(row) < config.holdout.episodes for row in held_out)
    failed = lacking or any(summary.failed for summary in snapshot.summaries)
    return ExitCode.AGENTS_FAILED if failed else ExitCode.DONE
