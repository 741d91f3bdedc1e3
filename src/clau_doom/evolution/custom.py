"""Custom strategies: Python classes named as ``module:Class``, or plugins."""

from pathlib import Path
from typing import Any, cast

from clau_doom.config import CustomStrategyConfig, ImportedTarget, import_target, reporting_errors
from clau_doom.domain import GenomeSpace
from clau_doom.errors import ConfigError
from clau_doom.evolution.steady_state import SteadyState
from clau_doom.evolution.strategy import Evolver, Strategy

__all__ = ["load_steady_state", "load_strategy", "strategy_source"]


def load_strategy(config: CustomStrategyConfig, space: GenomeSpace, population: int, seed: int) -> Strategy:
    """Load a strategy as ``Class(space, population, seed, **options)``.

    Raises:
        ConfigError: The module or class does not exist, cannot be imported or instantiated, or is not a subclass of
            `Strategy`.
    """
    found = _imported(config)
    made = _kind(found, Strategy, "generational")
    with reporting_errors(f"{found.name}: {made.__name__}(space, population, seed, **options)"):
        return cast("Strategy", made(space, population, seed, **config.options))


def load_steady_state(config: CustomStrategyConfig, space: GenomeSpace, population: int, seed: int) -> SteadyState:
    """Load a steady-state strategy as ``Class(space, population, seed, lookahead=..., **options)``.

    Raises:
        ConfigError: See `load_strategy`; the class is a subclass of `SteadyState`.
    """
    found = _imported(config)
    made = _kind(found, SteadyState, "steady_state")
    with reporting_errors(f"{found.name}: {made.__name__}(space, population, seed, lookahead=..., **options)"):
        return cast("SteadyState", made(space, population, seed, lookahead=config.lookahead, **config.options))


def strategy_source(config: CustomStrategyConfig) -> tuple[str, Path]:
    """Return the identity and the source file of a strategy's module; see `ImportedTarget.source`.

    Raises:
        ConfigError: The module cannot be imported, has no file, or the class does not fit `config.mode`.
    """
    found = _imported(config)
    _kind(found, SteadyState if config.mode == "steady_state" else Strategy, config.mode)
    return found.source


def _imported(config: CustomStrategyConfig) -> ImportedTarget:
    return import_target(config.target, field="evolution.target", group="clau_doom.strategies")


def _kind(found: ImportedTarget, base: Any, mode: str) -> Any:
    """Return the class if it is derived from the base class of the mode."""
    kind: type = found.value
    if issubclass(kind, base):
        return kind
    if issubclass(kind, Evolver):
        other = "steady_state" if mode == "generational" else "generational"
        raise ConfigError(f"{found.name} does not support evolution.mode {mode}: use {other}")
    raise ConfigError(f"{found.name} is not a strategy: derive it from clau_doom.evolution.{base.__name__}")
