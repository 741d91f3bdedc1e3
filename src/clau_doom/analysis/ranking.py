"""Selection of agents and episodes for a ranking over several criteria.

Only agents that played the same seeds are compared. These are the best agents of the generations, on the validation
seeds. Before validation, these are the agents of the last finished generation. The champion was chosen on the
validation seeds, so that its means there are too high on average. The held-out seeds estimate it without this bias.
"""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from clau_doom.analysis.topsis import Criterion, Ranking, topsis
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import Fitness, Measures, Purpose
from clau_doom.domain.fitness import MEASURES
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import ConfigError

__all__ = ["CRITERIA", "criteria_of", "criterion_values", "rank_agents"]

CRITERIA = ("fitness", "score", *MEASURES)
"""Names of criteria: the experiment's fitness, the score, and each bundled measure."""

_LONGEST_NAME = 60


def criteria_of(text: str, custom: Iterable[str] = ()) -> tuple[Criterion, ...]:
    """Parse criteria such as ``kills:1,damage_taken:-2``.

    Args:
        text: Names with weights.
        custom: Names of the user's measures that all experiments have.

    Raises:
        ConfigError: A criterion or a weight is invalid, or a criterion is given twice.
    """
    known, found = (*CRITERIA, *custom), dict[str, float]()
    for part in text.split(","):
        name, _, weight = (piece.strip() for piece in part.partition(":"))
        if name not in known:
            guess = get_close_matches(name[:_LONGEST_NAME], known, n=1)
            hint = f"did you mean {guess[0]}? " if guess else ""
            raise ConfigError(f"{name[:_LONGEST_NAME]!r} is not a criterion: {hint}use {', '.join(known)}")
        if name in found:
            raise ConfigError(f"the criterion {name} is given twice: give it one weight")
        found[name] = _weight(name, weight)
    return tuple(Criterion(name=name, weight=weight) for name, weight in found.items())


def criterion_values(
    criteria: Sequence[Criterion], fitness: Fitness, episodes: Sequence[Measures]
) -> tuple[float, ...]:
    """Return the means of the criteria over one or more episodes of an agent."""
    named = {"fitness": fitness, "score": Fitness.named("score")}
    return tuple(
        named.get(criterion.name, Fitness(((criterion.name, 1.0),))).of_agent(episodes) for criterion in criteria
    )


def rank_agents(snapshot: Snapshot, fitness: Fitness, criteria: Sequence[Criterion]) -> Ranking | Unavailable:
    """Rank the agents of an experiment.

    Args:
        snapshot: Stored state of the experiment.
        fitness: Fitness of an episode's measures.
        criteria: Criteria with weights. Empty: no ranking.
    """
    if not criteria:
        return Unavailable(missing="no criteria were given")
    played, basis = _played(snapshot)
    if len(played) < 2:
        return Unavailable(missing="fewer than two agents have played the same seeds")
    values = [criterion_values(criteria, fitness, episodes) for episodes in played.values()]
    return topsis([*played], values, criteria, basis=basis)


def _played(snapshot: Snapshot) -> tuple[Mapping[str, Sequence[Measures]], str]:
    validated = {
        agent: [episode.outcome.measures for episode in episodes]
        for (purpose, agent), episodes in sorted(snapshot.judging.items())
        if purpose is Purpose.VALIDATION and episodes
    }
    if len(validated) > 1:
        most = max(map(len, validated.values()))
        whole = {agent: episodes for agent, episodes in validated.items() if len(episodes) == most}
        return whole, f"the generations' best agents, means of {most} validation episodes on the same seeds"
    finished = snapshot.finished_generations
    trained = {
        each.agent.id: [outcome.measures for outcome in each.outcomes]
        for each in (finished[-1] if finished else ())
        if each.fitness is not None
    }
    return trained, f"the agents of generation {len(finished) - 1}, means of their training episodes on the same seeds"


def _weight(name: str, text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = 0.0
    if not 0.0 < abs(weight) < float("inf"):
        remedy = "use a number above 0 to prefer large values, below 0 to prefer small ones"
        raise ConfigError(f"{text!r} is not a weight of the criterion {name}: {remedy}, such as {name}:1")
    return weight
