"""Schema and rows of the tables that an experiment is exported to.

Outcomes (measures, trajectory hash) are deterministic. Columns whose name begins with ``timing_`` are not, and differ
between runs of one experiment. Each table begins with the experiment's id, so that tables of several experiments can be
concatenated.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from clau_doom.domain import AgentStatus, Episode, Evaluation, Fitness, Gene, GeneKind, GenomeSpace
from clau_doom.domain.agent import AgentRef
from clau_doom.domain.budget import BudgetUnit, running_totals
from clau_doom.domain.fitness import MEASURES
from clau_doom.domain.snapshot import Snapshot
from clau_doom.storage.episode_rows import BASELINE, place_of
from clau_doom.storage.played_episodes import PlayedEpisodes

__all__ = [
    "EXPORTED",
    "ColumnKind",
    "ExportedColumn",
    "ExportedTable",
    "Value",
    "agent_row",
    "agent_rows",
    "episode_row",
    "episodes_exported",
    "exported_tables",
    "generation_rows",
    "judging_rows",
    "training_rows",
]


Value = int | float | str | None
"""The value of a cell; None where it is missing."""


class ColumnKind(Enum):
    """Type of a column; values of each type may be missing."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedColumn:
    """One column.

    Attributes:
        name: Name, unique within its table.
        kind: Type of its values.
        meaning: Description.
    """

    name: str
    kind: ColumnKind
    meaning: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedTable:
    """One table.

    Attributes:
        name: Name of the table and of its file.
        columns: The columns, in order.
    """

    name: str
    columns: tuple[ExportedColumn, ...]


_MEANINGS = {
    "kills": "monsters killed",
    "deaths": "1 if the player died, else 0",
    "health": "health at the end, in points",
    "armor": "armour at the end, in points",
    "shots": "rounds of ammunition spent",
    "hits": "number of the player's attacks that hit an object",
    "damage_dealt": "points of damage done to monsters",
    "damage_taken": "points of damage suffered",
    "items": "items picked up",
    "tics": "duration of the episode in tics of 1/35 s",
    "reward": "sum of the scenario's reward",
    "distance": "distance covered on the map's plane, in map units",
    "decisions": "actions chosen by the policy",
}


def _text_field(name: str, meaning: str) -> ExportedColumn:
    return ExportedColumn(name=name, kind=ColumnKind.TEXT, meaning=meaning)


def _integer_field(name: str, meaning: str) -> ExportedColumn:
    return ExportedColumn(name=name, kind=ColumnKind.WHOLE, meaning=meaning)


def _number_field(name: str, meaning: str) -> ExportedColumn:
    return ExportedColumn(name=name, kind=ColumnKind.NUMBER, meaning=meaning)


_UNKNOWN_TICS = "missing if an earlier version evolved a counted generation"
_ID = _text_field("experiment_id", "the experiment")

EXPORTED = (
    ExportedTable(
        name="episodes",
        columns=(
            _ID,
            _text_field(
                "purpose",
                "`training` (fitness), `validation` (choice of the champion), `held_out` (final comparison)",
            ),
            _text_field("agent", "the agent's id; `<id>-random` is the random baseline"),
            _integer_field("generation", "the agent's generation, from 0; missing for the random baseline"),
            _integer_field("index", "the agent's index in the generation, from 0; missing for the random baseline"),
            _integer_field("number", "index among the agent's episodes of that purpose, from 0"),
            _integer_field("seed", "seed of the engine; compared agents play the same seeds"),
            _number_field(
                "fitness", "fitness of the episode; an agent's fitness is the mean over its training episodes"
            ),
            *(_number_field(name, _MEANINGS[name]) for name in MEASURES),
            _text_field("trajectory_sha256", "SHA-256 over the variables and the action of every decision"),
            _number_field("timing_seconds", "wall time from the first tic to the last"),
            _integer_field("timing_attempts", "number of attempts"),
            _integer_field("timing_worker", "the worker that finished the episode"),
            _integer_field("timing_repeated", "decisions for which a remote agent missed its deadline"),
            _number_field(
                "timing_processor_seconds",
                "processor time of worker and engine, user and system; missing if it was not measured",
            ),
        ),
    ),
    ExportedTable(
        name="agents",
        columns=(
            _ID,
            _text_field("agent", "the agent's id"),
            _integer_field("generation", "the agent's generation, from 0"),
            _integer_field("index", "the agent's index in the generation, from 0"),
            _text_field(
                "operator", "operators that created the genome, such as `draw`, `elite` or `crossover+mutation`"
            ),
            _text_field("parents", "ids of the agent's parents, separated by spaces"),
            _text_field("status", ", ".join(f"`{status}`" for status in AgentStatus)),
            _number_field("fitness", "mean over the agent's training episodes; missing for failed and pending agents"),
            _text_field("failure", "reason of the failure; missing for other agents"),
        ),
    ),
    ExportedTable(
        name="generations",
        columns=(
            _ID,
            _integer_field("generation", "the finished generation, from 0"),
            _text_field("best_agent", "id of the best agent"),
            _number_field("best_fitness", "fitness of the best agent"),
            _number_field("mean_fitness", "mean over the agents that have a fitness"),
            _number_field("worst_fitness", "lowest fitness"),
            _number_field("std_fitness", "sample standard deviation of fitness; 0 for a single agent"),
            _integer_field("failed", "number of agents without a fitness"),
            _integer_field("episodes", "training episodes of the generation's agents with a fitness"),
            _integer_field("tics", f"tics of these episodes; {_UNKNOWN_TICS}"),
            _integer_field("episodes_total", "training episodes up to the end of the generation, as in a budget"),
            _integer_field("tics_total", f"tics of these episodes; {_UNKNOWN_TICS}"),
        ),
    ),
    ExportedTable(
        name="events",
        columns=(
            _ID,
            _integer_field("sequence", "position in the log, from 1"),
            _number_field("time", "time of the commit, in seconds since the epoch"),
            _text_field("kind", "code of the event, such as `episode_finished`; [all codes](events.md#subjects)"),
            _text_field("payload", "the event as JSON, as `clau-doom events --json` prints it"),
        ),
    ),
)
"""The tables. `agents` has one more column for each gene of the policy, `episodes` for each measure of the user."""


def exported_tables(space: GenomeSpace, measures: Iterable[str] = ()) -> tuple[ExportedTable, ...]:
    """Return the tables with further columns: genes of the policy in `agents`, and the user's measures in `episodes`.

    Args:
        space: Genes of the policy; the columns are ``gene_<name>``.
        measures: Names of the user's measures.
    """
    more = {"agents": tuple([_gene_column(gene) for gene in space.genes]), "episodes": _measure_columns(measures)}
    return tuple(
        ExportedTable(name=table.name, columns=(*table.columns, *more.get(table.name, ()))) for table in EXPORTED
    )


def episodes_exported(measures: Iterable[str]) -> ExportedTable:
    """Return the table `episodes` with a column for each of the user's measures, sorted by name."""
    table = next(table for table in EXPORTED if table.name == "episodes")
    return ExportedTable(name=table.name, columns=(*table.columns, *_measure_columns(measures)))


def _measure_columns(measures: Iterable[str]) -> tuple[ExportedColumn, ...]:
    return tuple(_number_field(name, "measure of the configuration") for name in sorted(measures))


def training_rows(played: PlayedEpisodes, fitness: Fitness) -> Iterator[tuple[Value, ...]]:
    """Yield the rows of training episodes in `episodes`, by agent and number."""
    for ref in sorted(played.training):
        for episode in played.training[ref]:
            yield episode_row(played.experiment.id, episode, ref, fitness)


def judging_rows(played: PlayedEpisodes, fitness: Fitness) -> Iterator[tuple[Value, ...]]:
    """Yield the rows of validation and then of held-out episodes in `episodes`, by agent and number."""
    name = played.experiment.id
    for purpose, agent in sorted(played.judging, key=lambda key: (key[0] != "validation", key[1])):
        place = place_of(name, agent)
        for episode in played.judging[purpose, agent]:
            yield episode_row(name, episode, None if place == BASELINE else AgentRef(*place), fitness)


def agent_rows(snapshot: Snapshot, space: GenomeSpace) -> Iterator[tuple[Value, ...]]:
    """Yield the rows of `agents`, by generation and index. Categorical genes have their names."""
    return (agent_row(evaluation, snapshot.experiment.id, space) for row in snapshot.generations for evaluation in row)


def agent_row(evaluation: Evaluation, experiment: str, space: GenomeSpace) -> tuple[Value, ...]:
    """Return the row of an agent in `agents`."""
    agent = evaluation.agent
    return (
        experiment,
        agent.id,
        agent.ref.generation,
        agent.ref.index,
        agent.operator,
        " ".join(parent.agent_id(experiment) for parent in agent.parents),
        evaluation.status.value,
        evaluation.fitness,
        evaluation.failure,
        *space.named(agent.genome).values(),
    )


def generation_rows(snapshot: Snapshot) -> Iterator[tuple[Value, ...]]:
    """Yield the rows of `generations`."""
    name = snapshot.experiment.id
    episodes, tics = (running_totals(unit, snapshot.summaries) for unit in (BudgetUnit.EPISODES, BudgetUnit.TICS))
    for summary, episodes_total, tics_total in zip(snapshot.summaries, episodes, tics, strict=True):
        yield (
            name,
            summary.index,
            summary.best.agent_id(name),
            summary.best_fitness,
            summary.mean_fitness,
            summary.worst_fitness,
            summary.std_fitness,
            summary.failed,
            summary.episodes,
            summary.tics,
            episodes_total,
            tics_total,
        )


def episode_row(
    experiment: str | None, episode: Episode, ref: AgentRef | None, fitness: Fitness | None
) -> tuple[Value, ...]:
    """Return the row of an episode in `episodes`.

    Args:
        experiment: Id of the experiment, or None.
        episode: The episode.
        ref: Generation and index of the agent, or None.
        fitness: Fitness of the experiment, or None.
    """
    outcome, timing = episode.outcome, episode.timing
    return (
        experiment,
        episode.purpose.value,
        episode.agent,
        None if ref is None else ref.generation,
        None if ref is None else ref.index,
        episode.number,
        outcome.seed,
        None if fitness is None else fitness.of_episode(outcome.measures),
        *(getattr(outcome.measures, name) for name in MEASURES),
        outcome.trajectory_sha256,
        timing.seconds,
        timing.attempts,
        timing.worker,
        timing.repeated,
        timing.processor_seconds,
        *(value for _, value in outcome.measures.custom or ()),
    )


def _gene_column(gene: Gene) -> ExportedColumn:
    kinds = {GeneKind.REAL: ColumnKind.NUMBER, GeneKind.INTEGER: ColumnKind.WHOLE, GeneKind.CHOICE: ColumnKind.TEXT}
    return ExportedColumn(name=f"gene_{gene.name}", kind=kinds[gene.kind], meaning=gene.description)
