"""Optimisation of any function by an evolution strategy."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from clau_doom.api.ask_tell import StrategyDescription, make_strategy
from clau_doom.api.function_pool import Executor, Function, FunctionPool
from clau_doom.api.search_space import SpaceDescription, gene_space
from clau_doom.api.table import Table
from clau_doom.domain import GenomeSpace
from clau_doom.errors import ConfigError, FunctionFailed
from clau_doom.evolution import Offspring, Result, Strategy

__all__ = ["Candidate", "OptimizationResult", "optimize"]

Direction = Literal["maximize", "minimize"]
_SHOWN = 8
"""Most genes that a text shows."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One evaluation of the function.

    Attributes:
        generation: Generation, from 0.
        index: Index in its generation, from 0.
        values: Values of the genes by name.
        value: Value of the function, or None if the evaluation failed.
        error: Reason of the failure on one line, or None.
    """

    generation: int
    index: int
    values: Mapping[str, float | int | str]
    value: float | None
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class OptimizationResult:
    """Result of `optimize`.

    Attributes:
        candidates: All evaluations, in the order of the strategy. It does not depend on the number of workers.
        best: Best candidate; the first of equally good ones.
    """

    candidates: Sequence[Candidate]
    best: Candidate

    @property
    def evaluations(self) -> int:
        """Number of evaluations, with the failed ones."""
        return len(self.candidates)

    @property
    def failed(self) -> int:
        """Number of failed evaluations."""
        return sum(candidate.value is None for candidate in self.candidates)

    @property
    def history(self) -> Table:
        """Evaluations as a table: generation, index, value, error and one column for each gene.

        Raises:
            ConfigError: A gene has the name of another column.
        """
        names = [*self.best.values]
        columns: dict[str, list[Any]] = {
            name: [getattr(candidate, name) for candidate in self.candidates]
            for name in ("generation", "index", "value", "error")
        }
        if both := [name for name in names if name in columns]:
            raise ConfigError(f"gene {both[0]} has the name of a column of the history: use `candidates`")
        columns |= {name: [candidate.values[name] for candidate in self.candidates] for name in names}
        return Table(columns, name="history")

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in list(self.best.values.items())[:_SHOWN])
        more = ", ..." if len(self.best.values) > _SHOWN else ""
        return f"OptimizationResult(value={self.best.value!r}, evaluations={self.evaluations}, best=({values}{more}))"


def optimize(
    function: Function,
    space: SpaceDescription,
    *,
    budget: int,
    strategy: StrategyDescription = "cma-es",
    population: int = 20,
    workers: int = 1,
    executor: Executor = "threads",
    seed: int = 1,
    direction: Direction = "maximize",
    on_error: Literal["fail", "raise"] = "fail",
    **options: Any,
) -> OptimizationResult:
    """Optimise a function with an evolution strategy.

    The result depends on the strategy, the space, the population, the seed and the function only, and not on the
    number of workers.

    Args:
        function: Receives the values of the genes as a dictionary by name, and returns a number.
        space: Description such as ``{"x": (-1.0, 1.0), "n": (0, 9), "kind": ["a", "b"]}``, or a gene space.
        budget: Number of evaluations, at least 1. The last generation is shortened to fit.
        strategy: See `make_strategy`.
        population: Candidates in each generation.
        workers: Evaluations at the same time.
        executor: ``threads``, for functions that release the interpreter's lock or wait; or ``processes``, for others.
            Processes import the function by its module and name; values are sent as JSON and nothing is pickled.
            Functions of a notebook, of the main script and inside of other functions are refused.
        seed: Random seed.
        direction: ``maximize`` or ``minimize``.
        on_error: Reaction to an exception, to a value that is not a finite number, and to the end of a process:
            ``fail`` ranks the candidate last, ``raise`` ends the optimisation.
        options: Settings of the strategy, such as ``sigma=0.1``.

    Raises:
        ConfigError: An argument is not valid.
        FunctionFailed: A call failed and `on_error` is ``raise``; or all calls failed.
        StrategyFailed: A strategy of your own raised an error.

    Example:
        >>> import clau_doom as cd
        >>> def function(values):
        ...     return -((values["x"] - 0.5) ** 2) - (values["kind"] == "b")
        >>> result = cd.optimize(function, {"x": (-1.0, 1.0), "kind": ["a", "b"]}, budget=300, population=10, seed=3)
        >>> result.evaluations, result.failed, result.best.values["kind"]
        (300, 0, 'a')
        >>> abs(result.best.values["x"] - 0.5) < 0.01
        True
    """
    _check(budget=budget, workers=workers, population=population)
    _check_choice("direction", direction, "maximize", "minimize")
    _check_choice("on_error", on_error, "fail", "raise")
    _check_choice("executor", executor, "threads", "processes")
    if getattr(strategy, "kind", strategy) == "map-elites":
        raise ConfigError("map-elites needs the behaviour of agents in a game: use another strategy")
    genes = gene_space(space)
    made = make_strategy(strategy, genes, population=population, seed=seed, **options)
    sign = 1.0 if direction == "maximize" else -1.0
    candidates: list[Candidate] = []
    with FunctionPool(function, workers, executor) as pool:
        for asked in _generations(made, budget, candidates, sign):
            candidates += _evaluated(pool, asked, genes, candidates, on_error)
    return OptimizationResult(candidates=tuple(candidates), best=_best(candidates, sign))


def _check(**counts: object) -> None:
    for name, count in counts.items():
        if not isinstance(count, int) or count < 1:
            raise ConfigError(f"{name} is {count!r}: use a whole number from 1")


def _check_choice(name: str, value: str, first: str, second: str) -> None:
    if value not in {first, second}:
        raise ConfigError(f"{name} is {value!r}: use {first} or {second}")


def _generations(
    strategy: Strategy, budget: int, candidates: Sequence[Candidate], sign: float
) -> Iterator[Sequence[Offspring]]:
    """Yield generations within the budget. Their evaluations are in `candidates` when the next one is requested."""
    while len(candidates) < budget:
        asked = strategy.ask()
        left = budget - len(candidates)
        yield asked[:left]
        if len(asked) <= left:
            told = candidates[-len(asked) :]
            strategy.tell([Result(None if each.value is None else sign * each.value) for each in told])


def _evaluated(
    pool: FunctionPool, asked: Sequence[Offspring], space: GenomeSpace, earlier: Sequence[Candidate], on_error: str
) -> list[Candidate]:
    generation = earlier[-1].generation + 1 if earlier else 0
    values = [space.named(offspring.genome) for offspring in asked]
    found = []
    for index, (own, outcome) in enumerate(zip(values, pool.evaluate(values), strict=True)):
        value, error = outcome.get("value"), outcome.get("error")
        if value is not None and not math.isfinite(value):
            value, error = None, f"returned {value}, which is not a finite number"
        if error is not None and on_error == "raise":
            raise _failed(own, error, outcome) from outcome.get("exception")
        found.append(Candidate(generation=generation, index=index, values=own, value=value, error=error))
    return found


def _failed(values: Mapping[str, object], error: str, outcome: Mapping[str, Any]) -> FunctionFailed:
    shown = ", ".join(f"{name}={value!r}" for name, value in list(values.items())[:_SHOWN])
    return FunctionFailed(f"the function failed for {shown}: {error}", traceback=outcome.get("traceback", ""))


def _best(candidates: Sequence[Candidate], sign: float) -> Candidate:
    """Return the first of the best candidates.

    Raises:
        FunctionFailed: All evaluations have failed.
    """
    known = [(sign * candidate.value, candidate) for candidate in candidates if candidate.value is not None]
    if not known:
        raise FunctionFailed(
            f"all {len(candidates)} calls of the function failed, the first one: {candidates[0].error}"
        )
    best = max(value for value, _ in known)
    return next(candidate for value, candidate in known if value == best)
