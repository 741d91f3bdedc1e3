"""Steady-state evolution: agents are bred one at a time while others are evaluated.

The results used for a child must not depend on the speed of workers. The order is therefore fixed: with a lookahead of
L, agent k is bred from the results of agents 0 to k - L only, in this order. At most L agents are in flight, and they
may be evaluated in any order on any number of workers:

    strategy = make_steady_state(GeneticConfig(mode="steady_state", lookahead=8), space, population=20, seed=1)
    asked = [strategy.ask() for _ in range(8)]
    for k in range(2000):
        strategy.tell(Result(fitness=f(asked[k].genome.array())))
        asked.append(strategy.ask())

A generation is a block of `population` agents, so that agents are numbered as in generational evolution.
"""

from abc import ABC, abstractmethod

from clau_doom.domain import AgentRef, GenomeSpace
from clau_doom.errors import OutOfOrder
from clau_doom.evolution.offspring import Offspring, Result, check_finite
from clau_doom.evolution.strategy import Evolver
from clau_doom.evolution.strategy_checks import checked_offspring, reporting_errors

__all__ = ["SteadyState"]


class SteadyState(Evolver, ABC):
    """Steady-state strategy: breeds one agent at a time.

    The first `lookahead` agents are asked one after another; from then on `tell` and `ask` take turns. Replaying
    the same calls rebuilds a strategy, so that no state is saved.

    Attributes:
        lookahead: Maximum number of agents in flight.
    """

    def __init__(self, space: GenomeSpace, population: int, seed: int, *, lookahead: int) -> None:
        """Start before agent 0; see `Evolver`.

        Raises:
            ValueError: The population or the lookahead is smaller than 1.
        """
        super().__init__(space, population, seed)
        if lookahead < 1:
            raise ValueError(f"lookahead is {lookahead}, but must be at least 1")
        self.lookahead = lookahead
        self._asked = 0
        self._received = 0

    @property
    def asked(self) -> int:
        """Number of agents asked so far; also the number of the next agent to ask."""
        return self._asked

    @property
    def received(self) -> int:
        """Number of results received; also the number of the agent whose result is next."""
        return self._received

    @property
    def waits(self) -> bool:
        """Whether the next `ask` must wait for a `tell`."""
        return self._asked - self._received == self.lookahead

    def place(self, number: int) -> AgentRef:
        """Return the place of an agent by its number, from 0."""
        return AgentRef(*divmod(number, self.population))

    def ask(self) -> Offspring:
        """Return the next agent's offspring.

        Raises:
            OutOfOrder: The maximum number of agents is in flight.
            StrategyFailed: The strategy raised an error, or its offspring is not valid.
        """
        if self.waits:
            raise OutOfOrder(f"agent {self._asked} needs the result of agent {self._received}: call tell first")
        caller = self._caller(f"ask of agent {self._asked}")
        with reporting_errors(caller):
            returned = self._ask()
        (offspring,) = checked_offspring([returned], self.space, self._is_earlier, range(1, 2), caller)
        self._asked += 1
        return offspring

    def tell(self, result: Result) -> None:
        """Receive the result of the oldest agent in flight.

        Raises:
            OutOfOrder: The next agent must be asked first, because it is bred without this result; or the fitness is
                not finite. The strategy is unchanged.
            StrategyFailed: The strategy raised an error.
        """
        if not self.waits:
            raise OutOfOrder(
                f"agent {self._asked} is independent of the result of agent {self._received}: call ask first"
            )
        check_finite(result, f"agent {self._received}")
        with reporting_errors(self._caller(f"tell of agent {self._received}")):
            self._tell(result)
        self._received += 1

    def _is_earlier(self, agent: AgentRef) -> bool:
        number = agent.generation * self.population + agent.index
        return 0 <= agent.index < self.population and 0 <= number < self._asked

    @abstractmethod
    def _ask(self) -> Offspring:
        """Create agent `self.asked`."""

    @abstractmethod
    def _tell(self, result: Result) -> None:
        """Learn from agent `self.received`; the result is valid."""
