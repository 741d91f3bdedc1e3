"""Tests of the optimisation of a function: determinism for any number of workers, and failed calls."""

import math
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from clau_doom.api.optimization import OptimizationResult, optimize
from clau_doom.errors import ConfigError, FunctionFailed, StrategyFailed
from tests.support.optimized_functions import partly_failing, process_killer, smooth

SPACE = {"x": (-1.0, 1.0), "n": (0, 9), "kind": ["a", "b"]}


def rows(result: OptimizationResult) -> list[tuple[object, ...]]:
    return [(each.generation, each.index, dict(each.values), each.value, each.error) for each in result.candidates]


@pytest.mark.parametrize("strategy", ["cma-es", "genetic", "random"])
def test_the_result_does_not_depend_on_the_workers(strategy: str) -> None:
    found = [
        optimize(partly_failing, SPACE, budget=50, strategy=strategy, population=12, seed=3, workers=workers)
        for workers in (1, 4)
    ]
    assert rows(found[0]) == rows(found[1])
    assert found[0].evaluations == 50
    assert [each.generation for each in found[0].candidates] == [0] * 12 + [1] * 12 + [2] * 12 + [3] * 12 + [4] * 2


def test_results_do_not_depend_on_the_order_of_completion() -> None:
    """Later candidates of a generation finish first."""
    waiting, threads = threading.Barrier(3), set()

    def slow(values: dict[str, Any]) -> float:
        place = waiting.wait(timeout=20)
        threads.add(threading.get_ident())
        time.sleep(0.001 * place)
        return smooth(values)

    found = optimize(slow, SPACE, budget=18, population=6, workers=3, seed=5)
    assert rows(found) == rows(optimize(smooth, SPACE, budget=18, population=6, seed=5))
    assert len(threads) == 3


def test_processes_give_the_results_of_threads() -> None:
    """A process imports the function by name."""
    found = optimize(partly_failing, SPACE, budget=24, population=8, workers=2, executor="processes", seed=3)
    assert rows(found) == rows(optimize(partly_failing, SPACE, budget=24, population=8, seed=3))


def test_the_end_of_a_process_fails_its_candidate() -> None:
    """The process is replaced. Prints of the function do not reach the protocol."""
    found = optimize(process_killer, SPACE, budget=16, population=8, workers=2, executor="processes", seed=3)
    for candidate in found.candidates:
        ended = candidate.values["n"] >= 8  # type: ignore[operator]
        assert candidate.error == ("its process ended with status 7" if ended else None)
    assert 0 < found.failed < 16


def test_failed_calls_rank_last_and_have_their_reason() -> None:
    found = optimize(partly_failing, SPACE, budget=100, strategy="random", seed=3)
    errors = {each.values["n"]: each.error for each in found.candidates if each.value is None}
    assert errors == {
        1: "ValueError: one\nis refused",
        2: "returned nan, which is not a finite number",
        3: "returned inf, which is not a finite number",
    }
    assert found.failed == sum(each.values["n"] in {1, 2, 3} for each in found.candidates)
    assert found.best.value == max(smooth(dict(each.values)) for each in found.candidates if each.value is not None)


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_the_function_is_maximized_or_minimized(direction: Any) -> None:
    sign = 1.0 if direction == "maximize" else -1.0
    found = optimize(lambda values: sign * smooth(values), SPACE, budget=400, seed=1, direction=direction)
    assert (found.best.values["n"], found.best.values["kind"]) == (7, "b")
    assert found.best.values["x"] == pytest.approx(0.5, abs=0.05)
    assert found.best.value == sign * smooth(dict(found.best.values))


def test_an_error_may_end_the_optimization() -> None:
    """The first failed candidate in the order of the strategy is reported, with its values and its cause."""
    for workers in (1, 3):
        with pytest.raises(
            FunctionFailed, match=r"the function failed for x=.*, n=1, kind=.*: ValueError: one"
        ) as caught:
            optimize(partly_failing, {**SPACE, "n": (0, 1)}, budget=20, workers=workers, on_error="raise")
        assert isinstance(caught.value.__cause__, ValueError)
        assert "raise ValueError" in caught.value.traceback
    with pytest.raises(FunctionFailed, match=r"n=2, kind=.*: returned nan"):
        optimize(partly_failing, {**SPACE, "n": (2, 2)}, budget=20, on_error="raise")
    with pytest.raises(FunctionFailed, match=r"n=1, kind=.*: ValueError") as caught:
        optimize(partly_failing, {**SPACE, "n": (1, 1)}, budget=4, on_error="raise", executor="processes")
    assert "raise ValueError" in caught.value.traceback


def test_without_a_result_the_optimization_fails() -> None:
    with pytest.raises(FunctionFailed, match="all 5 calls of the function failed, the first one: returned nan"):
        optimize(lambda _: math.nan, SPACE, budget=5)


def test_a_function_cannot_change_the_values_of_its_candidate() -> None:
    found = optimize(lambda values: values.pop("x"), SPACE, budget=3)
    assert all("x" in each.values for each in found.candidates)


def test_history_is_a_table() -> None:
    found = optimize(partly_failing, SPACE, budget=7, seed=2)
    assert found.history.columns == ["generation", "index", "value", "error", "x", "n", "kind"]
    assert found.history["n"] == [each.values["n"] for each in found.candidates]
    with pytest.raises(ConfigError, match="gene value has the name of a column"):
        _ = optimize(lambda _: 1.0, {"value": (0.0, 1.0)}, budget=1).history
    assert repr(found).startswith("OptimizationResult(value=")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"budget": 0}, "budget is 0: use a whole number from 1"),
        ({"budget": 2.5}, r"budget is 2\.5: use a whole number"),
        ({"workers": 0}, "workers is 0"),
        ({"population": 0}, "population is 0"),
        ({"direction": "up"}, "direction is 'up': use maximize or minimize"),
        ({"on_error": "ignore"}, "on_error is 'ignore': use fail or raise"),
        ({"executor": "ray"}, "executor is 'ray': use threads or processes"),
        ({"strategy": "map-elites"}, "map-elites needs the behaviour"),
        ({"strategy": "unknown"}, "'unknown' is not a strategy"),
        ({"space": {"x": 3}}, "space: x is 3"),
        ({"executor": "processes", "function": lambda _: 1.0}, "cannot be imported by workers"),
    ],
)
def test_wrong_arguments_are_refused_before_the_first_call(arguments: dict[str, Any], message: str) -> None:
    def never(_: dict[str, Any]) -> float:
        raise AssertionError

    complete: dict[str, Any] = {"function": never, "space": SPACE, "budget": 10, **arguments}
    with pytest.raises(ConfigError, match=message):
        optimize(complete.pop("function"), complete.pop("space"), **complete)


def test_a_process_that_cannot_import_the_function_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FunctionFailed, match=r"cannot import tests.support.optimized_functions:smooth: ModuleNotFound"):
        _without_path(monkeypatch, lambda: optimize(smooth, SPACE, budget=4, executor="processes"))


def _without_path(monkeypatch: pytest.MonkeyPatch, call: Callable[[], object]) -> None:
    from pathlib import Path

    import clau_doom

    monkeypatch.setattr("sys.path", [str(Path(clau_doom.__file__).parents[1])])
    call()


def test_an_error_of_a_strategy_ends_the_optimization() -> None:
    from clau_doom.evolution import RandomSearch

    class Broken(RandomSearch):
        def __init__(self, space: Any, population: int, seed: int) -> None:
            from clau_doom.config import RandomSearchConfig

            super().__init__(RandomSearchConfig(), space, population, seed)

        def _tell(self, results: Any) -> None:
            raise KeyError("lost")

    with pytest.raises(StrategyFailed, match=r"Broken, tell of generation 0: KeyError"):
        optimize(smooth, SPACE, budget=60, strategy=Broken)
