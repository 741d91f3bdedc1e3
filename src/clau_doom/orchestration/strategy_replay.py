"""Reconstruction of a strategy's state by replaying the stored generations."""

from collections.abc import Callable, Sequence

from clau_doom.domain import Agent, AgentRef, AgentStatus, Evaluation, Fitness
from clau_doom.errors import StoreCorrupted
from clau_doom.evolution import Offspring, Result, Strategy, comparable, mean_measures
from clau_doom.orchestration.genome_injection import immigrants_of, inject

__all__ = ["agents_from", "check_asked", "replay", "results"]


def agents_from(experiment: str, generation: int, offspring: Sequence[Offspring]) -> tuple[Agent, ...]:
    """Create the agents of a generation from a strategy's offspring."""
    return tuple(
        Agent(
            experiment=experiment,
            ref=AgentRef(generation, index),
            genome=child.genome,
            parents=child.parents,
            operator=child.operator,
        )
        for index, child in enumerate(offspring)
    )


def results(evaluations: Sequence[Evaluation], fitness: Fitness) -> list[Result]:
    """Return the results of a generation for its strategy.

    After a race, fitness values are made comparable (see `comparable`).

    Args:
        evaluations: Evaluations by index. At least one has a fitness.
        fitness: Fitness of an episode's measures.
    """
    evaluated = [each for each in evaluations if each.fitness is not None]
    scores = [[fitness.of_episode(outcome.measures) for outcome in each.outcomes] for each in evaluated]
    raced = any(each.status is AgentStatus.DROPPED for each in evaluated)
    values = comparable(scores) if raced else [each.fitness for each in evaluated]
    result_of = {
        each.agent.ref: Result(
            fitness=value,
            measures=mean_measures([outcome.measures for outcome in each.outcomes]),
            episodes=len(row),
            variance=fitness.variance_of([outcome.measures for outcome in each.outcomes]),
            objectives=each.objectives,
        )
        for each, value, row in zip(evaluated, values, scores, strict=True)
    }
    return [result_of.get(each.agent.ref, Result(fitness=None)) for each in evaluations]


def replay(
    strategy: Strategy,
    experiment: str,
    finished: Sequence[Sequence[Evaluation]],
    fitness: Fitness,
    check: Callable[[], None],
) -> None:
    """Replay all finished generations on a new strategy.

    Args:
        strategy: New strategy.
        experiment: Id of the experiment.
        finished: Evaluations of each finished generation.
        fitness: Fitness of an episode's measures.
        check: Called before each generation. If it raises, the replay ends.

    Raises:
        StoreCorrupted: The strategy's agents differ from the stored ones.
    """
    for generation, evaluations in enumerate(finished):
        check()
        stored = [evaluation.agent for evaluation in evaluations]
        offspring = inject(strategy, strategy.ask(), immigrants_of(stored))
        check_asked(agents_from(experiment, generation, offspring), stored)
        strategy.tell(results(evaluations, fitness))


def check_asked(asked: Sequence[Agent], stored: Sequence[Agent]) -> None:
    """Check that the strategy's agents equal the stored ones.

    Raises:
        StoreCorrupted: The agents differ.
    """
    for ours, theirs in zip(asked, stored, strict=False):
        if ours != theirs:
            raise StoreCorrupted(
                f"agent {theirs.id} has another stored genome than its strategy creates: "
                "the results do not match the configuration, or the strategy is not deterministic"
            )
    if len(asked) != len(stored):
        raise StoreCorrupted(f"{len(stored)} agents are stored, but the strategy creates {len(asked)}")
