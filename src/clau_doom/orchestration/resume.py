"""Bringing a strategy to where a stored experiment stands: it is asked and told again all that it was."""

from collections.abc import Callable, Sequence

from clau_doom.domain import Agent, AgentRef, Evaluation
from clau_doom.errors import StoreCorrupted
from clau_doom.evolution import Offspring, Result, Strategy, mean_measures
from clau_doom.orchestration.immigration import admit, immigrants_of

__all__ = ["agents_from", "check_asked", "replay", "results"]


def agents_from(experiment: str, generation: int, offspring: Sequence[Offspring]) -> tuple[Agent, ...]:
    """Return the agents of a generation that a strategy has asked for."""
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


def results(evaluations: Sequence[Evaluation]) -> list[Result]:
    """Return what a strategy is told of a generation."""
    return [
        Result(
            fitness=evaluation.fitness,
            measures=None
            if evaluation.fitness is None
            else mean_measures([outcome.measures for outcome in evaluation.outcomes]),
        )
        for evaluation in evaluations
    ]


def replay(
    strategy: Strategy, experiment: str, finished: Sequence[Sequence[Evaluation]], check: Callable[[], None]
) -> None:
    """Ask and tell a new strategy all finished generations.

    Args:
        strategy: A new one.
        experiment: The experiment's id.
        finished: The evaluations of each finished generation.
        check: Called before each generation; what it raises ends the replay.

    Raises:
        StoreCorrupted: The strategy asks for other agents than those that are stored.
    """
    for generation, evaluations in enumerate(finished):
        check()
        stored = [evaluation.agent for evaluation in evaluations]
        offspring = admit(strategy, strategy.ask(), immigrants_of(stored))
        check_asked(agents_from(experiment, generation, offspring), stored)
        strategy.tell(results(evaluations))


def check_asked(asked: Sequence[Agent], stored: Sequence[Agent]) -> None:
    """Do nothing if the agents asked for are those that are stored.

    Raises:
        StoreCorrupted: They are not.
    """
    for ours, theirs in zip(asked, stored, strict=False):
        if ours != theirs:
            raise StoreCorrupted(
                f"agent {theirs.id} is stored with another genome than its strategy asks for: "
                "the results and the configuration do not belong together"
            )
    if len(asked) != len(stored):
        raise StoreCorrupted(f"{len(stored)} agents are stored where the strategy asks for {len(asked)}")
