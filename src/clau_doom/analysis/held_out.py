"""Who played the held-out seeds of an experiment, read off its snapshot, and what that came to."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from clau_doom.analysis.summary import ResultTable, result_table
from clau_doom.domain import AgentRef, Episode, Fitness, Purpose, agent_id, parse_agent_id
from clau_doom.domain.experiment import HoldoutResult
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import AgentNotFound

__all__ = ["ROLE_NAMES", "held_out_standings", "held_out_table"]

ROLE_NAMES: Mapping[str, str] = MappingProxyType(
    {"champion": "champion", "generation 0": "generation 0's best", "random": "random play"}
)
"""What people call a contestant's role."""


def held_out_standings(snapshot: Snapshot, fitness: Fitness) -> tuple[HoldoutResult, ...]:
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


def _id(experiment: str, ref: AgentRef) -> str:
    return agent_id(experiment, ref.generation, ref.index)


def _is_agent(text: str) -> bool:
    try:
        parse_agent_id(text)
    except AgentNotFound:
        return False
    return True
