"""Saturation of the fitness of one run: in its last generation, in validation and on held-out seeds."""

from clau_doom.analysis.held_out_results import held_out_standings
from clau_doom.analysis.result_tables import CHAMPION
from clau_doom.analysis.saturation import Saturation, saturated
from clau_doom.domain import Fitness, Purpose
from clau_doom.domain.snapshot import Snapshot

__all__ = ["saturation_of_run"]


def saturation_of_run(snapshot: Snapshot, fitness: Fitness) -> tuple[Saturation, ...]:
    """Return the sets of episodes of which most have the largest fitness of the run.

    The sets are the training episodes of the last finished generation, and the champion's validation and held-out
    episodes.

    Args:
        snapshot: Stored state of the experiment.
        fitness: Fitness of an episode's measures.
    """
    sets = []
    if generations := snapshot.finished_generations:
        outcomes = [outcome for each in generations[-1] for outcome in each.outcomes]
        name = f"training episodes of generation {len(generations) - 1}"
        sets.append((name, [fitness.of_episode(outcome.measures) for outcome in outcomes]))
    if snapshot.champion:
        champion = snapshot.champion[0].agent_id(snapshot.experiment.id)
        judged = snapshot.judging.get((Purpose.VALIDATION, champion), ())
        name = "validation episodes of the champion"
        sets.append((name, [fitness.of_episode(episode.outcome.measures) for episode in judged]))
    held_out = [each for each in held_out_standings(snapshot, fitness) if each.role == CHAMPION]
    return saturated([*sets, *(("held-out episodes of the champion", [*each.fitnesses]) for each in held_out)])
