"""Number of agents that a steady-state run may create without exceeding its budget.

A run ends with a whole generation. In a steady state, agents are created before the results of earlier agents are
known. An agent of a generation is therefore created only when no earlier generation can use up the budget, with the
largest possible results of the agents that still play. Near the end of a budget in episodes or tics, workers wait for
the end of a generation. The last generation does not depend on the speed of the workers.
"""

from collections.abc import Iterable, Sequence

from clau_doom.domain import Evaluation
from clau_doom.domain.budget import Budget, BudgetUnit
from clau_doom.domain.experiment import GenerationSummary

__all__ = ["LONGEST_EPISODE", "AgentQuota"]

LONGEST_EPISODE = 126_000
"""Largest timeout of an episode that a configuration allows, in tics."""
_OVERRUN = 35
"""Maximum tics of one action, by which the last action may exceed the timeout."""


class AgentQuota:
    """Quota of agents under a budget."""

    def __init__(self, budget: Budget, *, population: int, episodes: int, longest_episode: int) -> None:
        """Prepare the quota of a run.

        Args:
            budget: Budget of the run.
            population: Agents of a generation.
            episodes: Training episodes of an agent.
            longest_episode: Timeout of an episode, in tics.
        """
        self._budget = budget
        self._population = population
        self._most = episodes if budget.unit is BudgetUnit.EPISODES else episodes * (longest_episode + _OVERRUN)

    def total(self, summaries: Sequence[GenerationSummary], block: Sequence[Evaluation]) -> int:
        """Return the number of agents from the first one that may be created.

        Args:
            summaries: Finished generations.
            block: Evaluated or failed agents of the current generation, in the order of their numbers.
        """
        if self._budget.unit is BudgetUnit.GENERATIONS:
            return self._budget.amount * self._population
        spent = self._budget.spent(summaries)
        if spent >= self._budget.amount:
            return len(summaries) * self._population
        left = self._budget.amount - spent - _amount(block, self._budget.unit)
        closed = len(summaries) * self._population + len(block)
        harmless = max(left - 1, 0) // self._most
        certain = max((closed + harmless) // self._population, len(summaries))
        return (certain + 1) * self._population


def _amount(block: Iterable[Evaluation], unit: BudgetUnit) -> int:
    outcomes = [outcome for each in block if each.status.evaluated for outcome in each.outcomes]
    return len(outcomes) if unit is BudgetUnit.EPISODES else int(sum(each.measures.tics for each in outcomes))
