"""Results on the held-out seeds, from the snapshot of an experiment."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from clau_doom.analysis.result_tables import ResultTable, result_table
from clau_doom.domain import AgentRef, Episode, Fitness, Purpose, parse_agent_id
from clau_doom.domain.experiment import HoldoutResult
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import AgentNotFound

__all__ = ["ROLE_NAMES", "held_out_standings", "held_out_table"]

ROLE_NAMES: Mapping[str, str] = MappingProxyType(
    {"champion": "champion", "generation 0": "generation 0's best", "random": "random play"}
)
"""Display names of the roles."""


def held_out_standings(snapshot: Snapshot, fitness: Fitness) -> tuple[HoldoutResult, ...]:
    """Return the results of the champion, generation 0's best agent and random play on held-out seeds.

    Generation 0's best agent is left out if it is the champion.
    """
    contestants = {agent: played for (use, agent), played in snapshot.judging.items() if use is Purpose.HELD_OUT}
    name = snapshot.experiment.id
    champion = snapshot.champion[0].agent_id(name) if snapshot.champion else None
    first = snapshot.summaries[0].best.agent_id(name) if snapshot.summaries else None
    baseline = next((agent for agent in sorted(contestants) if not _is_agent(agent)), None)
    roles = {"champion": champion, "generation 0": None if first == champion else first, "random": baseline}
    return tuple(
        _standing(role, agent, contestants[agent], fitness)
        for role, agent in roles.items()
        if agent is not None and contestants.get(agent)
    )


def held_out_table(snapshot: Snapshot, fitness: Fitness, measures: Sequence[str]) -> ResultTable | None:
    """Return the table of held-out results, or None before the first held-out episode."""
    standings = held_out_standings(snapshot, fitness)
    if not standings:
        return None
    training = _training_fitness(snapshot, snapshot.champion[0]) if snapshot.champion else None
    return result_table(standings, measures=measures, training=training)


def _standing(role: str, agent: str, episodes: Sequence[Episode], fitness: Fitness) -> HoldoutResult:
    measures = tuple(episode.outcome.measures for episode in episodes)
    return HoldoutResult(
        role=role,
        agent=agent,
        seeds=tuple(episode.outcome.seed for episode in episodes),
        fitnesses=tuple(fitness.of_episode(played) for played in measures),
        measures=measures,
    )


def _training_fitness(snapshot: Snapshot, ref: AgentRef) -> float | None:
    return snapshot.generations[ref.generation][ref.index].fitness


def _is_agent(text: str) -> bool:
    try:
        parse_agent_id(text)
    except AgentNotFound:
        return False
    return True
