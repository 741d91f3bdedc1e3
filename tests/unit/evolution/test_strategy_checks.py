"""Tests of the checks of a user's strategy: one message for each fault, with class, generation and remedy."""

import sys
from collections.abc import Sequence

import pytest

from clau_doom.domain import AgentRef, Gene, Genome, GenomeSpace, generator
from clau_doom.errors import OutOfOrder, StrategyFailed
from clau_doom.evolution import Offspring, Result, SteadyState, Strategy

SPACE = GenomeSpace((Gene.real("x", -1.0, 1.0), Gene.integer("n", 0, 3)))
GOOD = Offspring(Genome((0.5, 2.0)), (), "draw")


class Scripted(Strategy):
    """Returns given values, one for each generation, or raises them."""

    def __init__(self, *returned: object, population: int = 2) -> None:
        super().__init__(SPACE, population, seed=1)
        self.returned = list(returned)
        self.told: object = None

    def _ask(self) -> Sequence[Offspring]:
        value = self.returned.pop(0)
        if isinstance(value, BaseException):
            raise value
        return value  # type: ignore[return-value]

    def _tell(self, results: Sequence[Result]) -> None:
        if isinstance(self.told, BaseException):
            raise self.told

    def _immigrate(self, index: int, genome: Genome) -> None:
        raise ZeroDivisionError("no place")


class Varying(Scripted):
    @property
    def largest_population(self) -> int:
        return 3


def bred(*parents: object, operator: object = "mutation") -> Offspring:
    return Offspring(GOOD.genome, parents, operator)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, "returned NoneType: return a sequence of Offspring"),
        ([GOOD], "returned 1 offspring: return exactly 2"),
        ([GOOD] * 3, "returned 3 offspring: return exactly 2"),
        ([GOOD, Genome((0.5, 2.0))], r"offspring 1 is of type Genome: return Offspring\("),
        ([GOOD, Offspring((0.5, 2.0), (), "x")], r"the genome of offspring 1 is of type tuple: use Genome\("),  # type: ignore[arg-type]
        ([Offspring(Genome((0.5,)), (), "x"), GOOD], "the genome of offspring 0 has 1 numbers: use one for each of 2"),
        ([GOOD, Offspring(Genome((float("nan"), 2.0)), (), "x")], "gene x is nan: real from -1 to 1: keep each gene"),
        ([GOOD, Offspring(Genome((1.5, 2.0)), (), "x")], r"gene x is 1\.5: real from -1 to 1"),
        ([GOOD, Offspring(Genome((0.5, 2.5)), (), "x")], r"gene n is 2\.5: integer from 0 to 3"),
        ([GOOD, bred(AgentRef(0, 0))], r"the parents of offspring 1 are \(AgentRef.*evaluated agents"),
        ([GOOD, bred((0, 0))], r"the parents of offspring 1 are \(\(0, 0\),\)"),
        ([GOOD, bred(operator="")], "the operator of offspring 1 is '': use 1 to 64 printable characters"),
        ([GOOD, bred(operator="injected")], "the operator of offspring 1 is 'injected'"),
        ([GOOD, bred(operator="a\nb")], r"the operator of offspring 1 is 'a\\nb'"),
        ([GOOD, bred(operator=3)], "the operator of offspring 1 is 3"),
    ],
)
def test_wrong_offspring_have_separate_errors(returned: object, message: str) -> None:
    strategy = Scripted(returned)
    with pytest.raises(StrategyFailed, match=message) as caught:
        strategy.ask()
    assert f"strategy {__name__}:Scripted, ask of generation 0: " in str(caught.value)
    assert caught.value.traceback == ""


@pytest.mark.parametrize("parent", [AgentRef(0, 2), AgentRef(1, 0), AgentRef(-1, 0), AgentRef(0, -1)])
def test_parents_are_agents_of_earlier_generations(parent: AgentRef) -> None:
    strategy = Scripted([GOOD, GOOD], [bred(AgentRef(0, 1)), bred(parent)])
    strategy.ask()
    strategy.tell([Result(1.0), Result(2.0)])
    with pytest.raises(StrategyFailed, match="ask of generation 1: the parents of offspring 1"):
        strategy.ask()


@pytest.mark.parametrize("error", [ValueError("no idea"), SystemExit(3)])
def test_an_error_has_the_line_and_the_traceback_of_the_user(error: BaseException) -> None:
    with pytest.raises(StrategyFailed) as caught:
        Scripted(error).ask()
    line = r"ask of generation 0: (ValueError|SystemExit) \(.*test_strategy_checks.py, line \d+\): (no idea|3)$"
    assert caught.match(line)
    assert "raise value" in caught.value.traceback
    assert caught.value.__cause__ is error


def test_errors_of_tell_and_immigrate_are_reported() -> None:
    strategy = Scripted([GOOD, GOOD])
    strategy.ask()
    with pytest.raises(StrategyFailed, match=r"immigrate of generation 0: ZeroDivisionError .*: no place"):
        strategy.immigrate(0, GOOD.genome)
    strategy.told = KeyError("best")
    with pytest.raises(StrategyFailed, match=r"tell of generation 0: KeyError .*: 'best'"):
        strategy.tell([Result(1.0), Result(2.0)])


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError()])
def test_interrupts_and_missing_memory_are_not_errors_of_the_strategy(error: BaseException) -> None:
    with pytest.raises(type(error)):
        Scripted(error).ask()


def test_a_population_may_differ_by_generation_up_to_its_declared_size() -> None:
    strategy = Varying([GOOD], [GOOD] * 3, [GOOD] * 4, [])
    assert strategy.largest_population == 3
    assert len(strategy.ask()) == 1
    with pytest.raises(OutOfOrder, match="has 2 results: expected one for each of its 1 agents"):
        strategy.tell([Result(1.0)] * 2)
    strategy.tell([Result(1.0)])
    assert len(strategy.ask()) == 3
    with pytest.raises(OutOfOrder, match="agent 3 of generation 1 was not asked"):
        strategy.immigrate(3, GOOD.genome)
    strategy.tell([Result(None)] * 3)
    assert strategy.generation == 2
    with pytest.raises(StrategyFailed, match="returned 4 offspring: return 1 to 3"):
        strategy.ask()
    with pytest.raises(StrategyFailed, match="returned 0 offspring: return 1 to 3"):
        strategy.ask()


def test_objectives_must_be_finite() -> None:
    strategy = Scripted([GOOD, GOOD])
    strategy.ask()
    with pytest.raises(OutOfOrder, match="the fitness of agent 1 of generation 0 is inf"):
        strategy.tell([Result(1.0), Result(1.0, objectives=(2.0, float("inf")))])


def test_streams_have_the_name_of_the_strategy_or_the_class() -> None:
    class Named(Scripted):
        name = "own"

    def drawn(strategy: Scripted) -> float:
        return float(strategy._stream("draw", 0).random())

    assert drawn(Scripted()) == float(generator(1, "strategy", "Scripted", "draw", 0).random())
    assert drawn(Named()) == float(generator(1, "strategy", "own", "draw", 0).random())


class One(SteadyState):
    def __init__(self, parent: AgentRef) -> None:
        super().__init__(SPACE, 2, seed=1, lookahead=1)
        self.parent = parent

    def _ask(self) -> Offspring:
        if self.asked == 4:
            raise ValueError("enough")
        return GOOD if self.asked < 3 else bred(self.parent)

    def _tell(self, result: Result) -> None:
        if self.received == 3:
            sys.exit("left")


@pytest.mark.parametrize("parent", [AgentRef(1, 1), AgentRef(0, 2), AgentRef(2, 0)])
def test_steady_state_is_checked_too(parent: AgentRef) -> None:
    strategy = One(parent)
    for _ in range(3):
        strategy.ask()
        strategy.tell(Result(1.0))
    with pytest.raises(StrategyFailed, match=r":One, ask of agent 3: the parents of offspring 0"):
        strategy.ask()


def test_errors_of_a_steady_state_are_reported() -> None:
    strategy = One(AgentRef(1, 0))
    for _ in range(3):
        strategy.ask()
        strategy.tell(Result(1.0))
    strategy.ask()
    with pytest.raises(StrategyFailed, match=r":One, tell of agent 3: SystemExit .*: left"):
        strategy.tell(Result(1.0))
