"""Conversion of snapshots to JSON for the dashboard. Agents are given by their ids; missing values are null."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from clau_doom.analysis.held_out_results import ROLE_NAMES, held_out_table
from clau_doom.analysis.lineage import line_of
from clau_doom.analysis.result_tables import GenerationRow, fitness_interval, generation_rows, telling_measures
from clau_doom.analysis.run_saturation import saturation_of_run
from clau_doom.analysis.saturation import known_maximum, saturation_sentence
from clau_doom.config import kind_label
from clau_doom.domain import (
    Agent,
    AgentStatus,
    Episode,
    Evaluation,
    Fitness,
    GeneKind,
    GenomeSpace,
)
from clau_doom.domain.budget import BudgetUnit, running_totals
from clau_doom.domain.episode import MEASURES
from clau_doom.domain.history_hash import history_sha256
from clau_doom.domain.snapshot import Snapshot
from clau_doom.escaping import printable, printable_message
from clau_doom.ports import StoredExperiment

if TYPE_CHECKING:
    from clau_doom.analysis.elite_map import EliteMap

__all__ = ["agent_view", "experiment_row", "experiment_view", "genes_view", "map_view", "population_view"]

_MOST_GENES = 64
"""Maximum number of genes on a page; a network may have thousands of weights."""

Json = dict[str, Any]


def experiment_row(stored: StoredExperiment, *, here: bool) -> Json:
    """Return an experiment as an entry of the list.

    Args:
        stored: The experiment.
        here: Whether this process runs the experiment and can therefore control it.
    """
    snapshot, config = stored.snapshot, stored.config
    played = sum(map(len, snapshot.episodes.values())) + sum(map(len, snapshot.judging.values()))
    seconds = snapshot.running_seconds
    return {
        "id": snapshot.experiment.id,
        "state": stored.state.value,
        "here": here,
        "reason": _shown(snapshot.reason),
        "scenario": printable(config.scenario.name),
        "policy": kind_label(config.policy),
        "evolution": kind_label(config.evolution),
        "backend": config.execution.backend,
        "generations_planned": config.generations,
        "budget": {
            "unit": config.evolution_budget.unit.value,
            "amount": config.evolution_budget.amount,
            "spent": config.evolution_budget.spent(snapshot.summaries),
        },
        "generations_finished": len(snapshot.summaries),
        "population": config.population,
        "best_fitness": max((summary.best_fitness for summary in snapshot.summaries), default=None),
        "best_by_generation": [summary.best_fitness for summary in snapshot.summaries],
        "episodes_played": played,
        "running_seconds": seconds,
        "episodes_per_second": played / seconds if seconds > 0 else None,
        "last_activity": stored.last_activity,
        "failed_agents": sum(summary.failed for summary in snapshot.summaries),
    }


def experiment_view(stored: StoredExperiment, fitness: Fitness, *, here: bool) -> Json:
    """Return one experiment: its generations, champion, held-out results, failures and configuration."""
    snapshot = stored.snapshot
    name = snapshot.experiment.id
    champion = snapshot.champion
    return {
        **experiment_row(stored, here=here),
        "seed": snapshot.experiment.seed,
        "fitness": stored.config.fitness if isinstance(stored.config.fitness, str) else "weighted",
        "measures": list(telling_measures(stored.config.scenario.name, sorted(stored.config.measures))),
        "last_sequence": snapshot.last_sequence,
        "history_sha256": history_sha256(snapshot.finished_generations),
        "deviations": asdict(snapshot.deviations) | {"total": snapshot.deviations.total},
        "generations": [
            {
                "index": row.index,
                "episodes_total": episodes,
                "tics_total": tics,
                "best": row.best_fitness,
                "best_agent": row.best.agent_id(name) if row.best else None,
                "mean": row.mean.mean if row.mean else None,
                "low": row.mean.low if row.mean else None,
                "high": row.mean.high if row.mean else None,
                "reason": row.mean.reason if row.mean else "",
                "worst": row.worst_fitness,
                "failed": row.failed,
            }
            for row, episodes, tics in _rows_with_totals(snapshot)
        ],
        "generations_started": len(snapshot.generations),
        "champion": {"agent": champion[0].agent_id(name), "validation_fitness": champion[1]} if champion else None,
        "held_out": _held_out(snapshot, fitness),
        "saturation": _saturation(stored, fitness),
        "failures": [
            {"agent": row.agent.id, "generation": row.agent.ref.generation, "reason": _shown(row.failure)}
            for generation in reversed(snapshot.generations)
            for row in generation
            if row.status is AgentStatus.FAILED
        ][:200],
        "config_yaml": snapshot.config_yaml,
        "provenance": {printable(name): printable(fact) for name, fact in snapshot.experiment.provenance.facts},
    }


def _rows_with_totals(snapshot: Snapshot) -> Iterator[tuple[GenerationRow, int | None, int | None]]:
    episodes, tics = (running_totals(unit, snapshot.summaries) for unit in (BudgetUnit.EPISODES, BudgetUnit.TICS))
    return zip(generation_rows(snapshot.finished_generations), episodes, tics, strict=True)


def population_view(stored: StoredExperiment, space: GenomeSpace | None, generation: int | None) -> Json:
    """Return the agents of a finished or the current generation, with gene names if the space is known."""
    snapshot = stored.snapshot
    count = len(snapshot.generations)
    if not count:
        return {"generation": None, "finished": False, "genes": [], "measures": [], "agents": []}
    number = snapshot.under_way if generation is None else min(max(generation, 0), count - 1)
    genes = space.genes[:_MOST_GENES] if space else ()
    return {
        "generation": number,
        "finished": number < len(snapshot.summaries),
        "genes": [_gene(gene) for gene in genes],
        "measures": [*MEASURES, *sorted(stored.config.measures)],
        "agents": [_member(snapshot, row, len(genes)) for row in snapshot.generations[number]],
    }


def genes_view(stored: StoredExperiment, space: GenomeSpace | None) -> Json:
    """Return the mean and the middle half of each gene by finished generation, as fractions of its range."""
    generations = stored.snapshot.finished_generations
    genes = space.genes[:_MOST_GENES] if space else ()
    values = [np.array([row.agent.genome.array()[: len(genes)] for row in rows]) for rows in generations]
    drawn = []
    for place, gene in enumerate(genes):
        if gene.kind is GeneKind.CHOICE or gene.high <= gene.low:
            continue  # the order of choices has no meaning, so their mean has none either
        columns = [(rows[:, place] - gene.low) / (gene.high - gene.low) for rows in values]
        drawn.append(
            {
                **_gene(gene),
                "mean": [float(column.mean()) for column in columns],
                "lower": [float(np.quantile(column, 0.25)) for column in columns],
                "upper": [float(np.quantile(column, 0.75)) for column in columns],
            }
        )
    return {"generations": list(range(len(generations))), "genes": drawn}


def agent_view(
    stored: StoredExperiment, evaluation: Evaluation, space: GenomeSpace | None, fitness: Fitness, *, here: bool
) -> Json:
    """Return one agent: its genes in their ranges, its lineage back to generation 0, and its episodes."""
    snapshot, agent = stored.snapshot, evaluation.agent
    named = space.named(agent.genome, _MOST_GENES) if space else {}
    genes = space.genes[:_MOST_GENES] if space else ()
    return {
        **_brief(snapshot, evaluation),
        "fitness_interval": asdict(played) if (played := fitness_interval(evaluation, fitness)) else None,
        "traceback": printable_message(snapshot.traces[agent.id]) if agent.id in snapshot.traces else None,
        "experiment": agent.experiment,
        "here": here,
        "state": stored.state.value,
        "measures": list(telling_measures(stored.config.scenario.name, sorted(stored.config.measures))),
        "champion": snapshot.champion is not None and snapshot.champion[0] == agent.ref,
        "genes": [
            {**_gene(gene), "value": value, "shown": _shown(named[gene.name])}
            for gene, value in zip(genes, agent.genome, strict=False)
        ],
        "genes_total": len(agent.genome),
        "children": [child.id for child in _children(snapshot, agent)],
        # The command line draws the same line, and breaks ties in the same way.
        "line": [each.agent.agent_id(agent.experiment) for each in line_of(agent.ref, snapshot.generations)],
        "ancestors": [_brief(snapshot, ancestor) for ancestor in snapshot.ancestors(agent)[:400]],
        "episodes": [
            {
                "purpose": episode.purpose.value,
                "number": episode.number,
                "seed": episode.outcome.seed,
                "fitness": fitness.of_episode(episode.outcome.measures),
                "measures": episode.outcome.measures.named(),
                "trajectory_sha256": episode.outcome.trajectory_sha256,
                "seconds": episode.timing.seconds,
                "attempts": episode.timing.attempts,
            }
            for episode in snapshot.played_by(agent)
        ],
    }


def map_view(stored: StoredExperiment, found: "EliteMap | None") -> Json:
    """Return the map of a MAP-Elites archive: its axes and its filled cells; without an archive, no axes."""
    if found is None:
        return {"axes": [], "cells": [], "coverage": None, "qd_score": None}
    name = stored.snapshot.experiment.id
    return {
        "axes": [asdict(axis) for axis in found.axes],
        "cells": [
            {"place": list(cell.place), "agent": cell.agent.agent_id(name), "fitness": cell.fitness}
            for cell in found.cells
        ],
        "coverage": found.coverage,
        "qd_score": found.qd_score,
    }


def _shown(value: object) -> object:
    """Return an untrusted text shortened and escaped, and any other value unchanged."""
    return printable_message(value) if isinstance(value, str) else value


def _gene(gene: Any) -> Json:
    return {
        "name": printable(gene.name),
        "kind": gene.kind.value,
        "low": gene.low,
        "high": gene.high,
        "choices": list(map(printable, gene.choices)),
        "description": printable_message(gene.description),
    }


def _brief(snapshot: Snapshot, evaluation: Evaluation) -> Json:
    agent = evaluation.agent
    return {
        "id": agent.id,
        "generation": agent.ref.generation,
        "index": agent.ref.index,
        "status": evaluation.status.value,
        "paused": agent.ref in snapshot.paused,
        "fitness": evaluation.fitness,
        "failure": _shown(evaluation.failure),
        "operator": printable(agent.operator),
        "parents": [ref.agent_id(agent.experiment) for ref in agent.parents],
    }


def _member(snapshot: Snapshot, evaluation: Evaluation, genes: int) -> Json:
    episodes = snapshot.episodes.get(evaluation.agent.ref, ())
    return {
        **_brief(snapshot, evaluation),
        "episodes_finished": len(episodes),
        "measures": _means(episodes),
        "genes": evaluation.agent.genome.array()[:genes].tolist(),
    }


def _means(episodes: Sequence[Episode]) -> Mapping[str, float] | None:
    if not episodes:
        return None
    rows = [episode.outcome.measures.named() for episode in episodes]
    return {name: fmean(row[name] for row in rows) for name in rows[0]}


def _held_out(snapshot: Snapshot, fitness: Fitness) -> list[Json]:
    """Return each contestant's mean fitness on the held-out seeds, with its interval, the champion first."""
    table = held_out_table(snapshot, fitness, ())
    rows = table.rows if table else ()
    return [{"agent": row.agent, "role": ROLE_NAMES[row.role], **asdict(row.fitness)} for row in rows]


def _saturation(stored: StoredExperiment, fitness: Fitness) -> str | None:
    """Return the caution about episodes with the largest fitness, or None."""
    config = stored.config
    name = config.fitness if isinstance(config.fitness, str) else ""
    maximum = known_maximum(config.scenario.name, name, config.scenario.timeout)
    return saturation_sentence(saturation_of_run(stored.snapshot, fitness), maximum) or None


def _children(snapshot: Snapshot, agent: Agent) -> list[Agent]:
    return [
        row.agent
        for generation in snapshot.generations[agent.ref.generation :]
        for row in generation
        if agent.ref in row.agent.parents
    ]
