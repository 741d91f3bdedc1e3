"""Evolution without generations' ends: agents are bred one at a time, while others are still being played.

Which results a child is made from must not depend on who happened to be faster. So the order is fixed: with a lookahead
of L, agent k is bred from the results of agents 0 to k - L, told in that order, and from nothing else. At most L agents
are then asked and not told, and whoever plays them may do so in any order, on any number of workers:

    strategy = make_steady_state(GeneticConfig(mode="steady_state", lookahead=8), space, population=20, seed=1)
    asked = [strategy.ask() for _ in range(8)]
    for k in range(2000):
        strategy.tell(Result(fitness=f(asked[k].genome.array())))
        asked.append(strategy.ask())

A generation is a block of `population` agents, so that an agent has the same place as in any other evolution.
"""

from abc import abstractmethod

from clau_doom.domain import AgentRef, GenomeSpace
from clau_doom.errors import OutOfOrder
from clau_doom.evolution.strategy import Evolver, Offspring, Result, check_finite

__all__ = ["SteadyState"]


class SteadyState(Evolver):
    """How the next agent is made from those told before it.

    The first `lookahead` agents are asked one after another; from then on `tell` and `ask` take turns. A strategy that
    is asked and told the same again is the same again: there is nothing to save.

    Attributes:
        lookahead: How many agents are asked and not told, at most.
    """

    def __init__(self, space: GenomeSpace, population: int, seed: int, *, lookahead: int) -> None:
        """Start before agent 0; see `Evolver`.

        Raises:
            ValueError: The population or the lookahead is smaller than 1.
        """
        super().__init__(space, population, seed)
        if lookahead < 1:
            raise ValueError(f"lookahead is {lookahead}: at least 1 agent is asked before it is told")
        self.lookahead = lookahead
        self._asked = 0
        self._told = 0

    @property
    def asked(self) -> int:
        """How many agents were asked; also the number of the one that is asked next."""
        return self._asked

    @property
    def told(self) -> int:
        """How many agents were told; also the number of the one that is told next."""
        return self._told

    @property
    def waits(self) -> bool:
        """Whether the next agent cannot be asked before one more is told."""
        return self._asked - self._told == self.lookahead

    def place(self, number: int) -> AgentRef:
        """Return the place of an agent by its number, from 0."""
        return AgentRef(*divmod(number, self.population))

    def ask(self) -> Offspring:
        """Return the next agent's offspring.

        Raises:
            OutOfOrder: As many are asked and not told as the lookahead allows.
        """
        if self.waits:
            raise OutOfOrder(f"agent {self._told} is not told: agent {self._asked} is made from its result")
        offspring = self._ask()
        self._asked += 1
        return offspring

    def tell(self, result: Result) -> None:
        """Take the result of the agent that was asked first of those that are not told.

        Raises:
            OutOfOrder: The next agent is to be asked first, because it is made without this result; or the fitness is
                not finite. The strategy is then as it was before the call.
        """
        if not self.waits:
            raise OutOfOrder(f"agent {self._asked} is not asked: it is made without the result of agent {self._told}")
        check_finite(result, f"agent {self._told}")
        self._tell(result)
        self._told += 1

    @abstractmethod
    def _ask(self) -> Offspring:
        """Make agent `self.asked`."""

    @abstractmethod
    def _tell(self, result: Result) -> None:
        """Learn from agent `self.told`; the result is checked already."""
