"""Evolution strategies for any function, by ask and tell."""

from typing import Any, TypeAlias

from pydantic import TypeAdapter, ValidationError

from clau_doom.api.search_space import SpaceDescription, gene_space
from clau_doom.config import CustomStrategyConfig, EvolutionConfig, installed_plugins, reporting_errors
from clau_doom.domain import GenomeSpace
from clau_doom.errors import ConfigError
from clau_doom.evolution import Strategy
from clau_doom.evolution import make_strategy as make_configured_strategy

__all__ = ["StrategyDescription", "make_strategy"]

StrategyDescription: TypeAlias = str | type[Strategy] | EvolutionConfig
"""Name of a bundled strategy or of a plugin, ``module:Class``, a class, or a section of a configuration."""

_EVOLUTION: TypeAdapter[EvolutionConfig] = TypeAdapter(EvolutionConfig)
_BUNDLED = ("genetic", "cma-es", "map-elites", "random")


def make_strategy(
    strategy: StrategyDescription, space: SpaceDescription, *, population: int = 20, seed: int = 1, **options: Any
) -> Strategy:
    """Create a generational strategy.

    Args:
        strategy: ``genetic``, ``cma-es``, ``map-elites`` or ``random``; the name of a plugin; ``module:Class``; a
            subclass of `Strategy`; or a section such as `GeneticConfig`.
        space: Gene space, or a description such as ``{"x": (-1.0, 1.0), "n": (0, 9), "kind": ["a", "b"]}``.
        population: Agents in each generation.
        seed: Random seed.
        options: Settings of the strategy, such as ``sigma=0.1``.

    Raises:
        ConfigError: The strategy is unknown, or it refuses its options, the population or the space.

    Example:
        >>> import clau_doom as cd
        >>> strategy = cd.make_strategy("cma-es", {"x": (-1.0, 1.0), "y": (-1.0, 1.0)}, population=8, sigma=0.3)
        >>> for _ in range(20):
        ...     asked = strategy.ask()
        ...     strategy.tell([cd.Result(fitness=-sum(v * v for v in child.genome)) for child in asked])
        >>> max(abs(value) for value in strategy.ask()[0].genome) < 0.1
        True
    """
    genes = gene_space(space)
    if isinstance(strategy, type):
        with reporting_errors(f"{strategy.__module__}:{strategy.__qualname__}(space, population, seed, **options)"):
            return strategy(genes, population, seed, **options)
    config = _section(strategy, options)
    if population < 2 and config.kind == "cma-es":
        raise ConfigError("population is too small for cma-es: use 2 or more")
    return _made(config, genes, population, seed)


def _made(config: EvolutionConfig, space: GenomeSpace, population: int, seed: int) -> Strategy:
    if isinstance(config, CustomStrategyConfig):
        return make_configured_strategy(config, space, population, seed)
    with reporting_errors(f"strategy {config.kind}"):
        return make_configured_strategy(config, space, population, seed)


def _section(strategy: str | EvolutionConfig, options: dict[str, Any]) -> EvolutionConfig:
    """Return the section of a configuration for a strategy."""
    if not isinstance(strategy, str):
        if options:
            raise ConfigError(f"options {', '.join(options)}: set them in the {type(strategy).__name__}")
        return strategy
    plugins = {plugin.name for plugin in installed_plugins("clau_doom.strategies")}
    if strategy not in _BUNDLED and ":" not in strategy and strategy not in plugins:
        names = ", ".join([*_BUNDLED, *sorted(plugins)])
        raise ConfigError(f"{strategy!r} is not a strategy: use {names}, or module:Class for a class of your own")
    plain = {"kind": strategy, **options} if strategy in _BUNDLED else _class_section(strategy, options)
    try:
        return _EVOLUTION.validate_python(plain)
    except ValidationError as error:
        texts = [f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in error.errors()]
        raise ConfigError(f"strategy {strategy}: {'; '.join(texts)}") from None


def _class_section(target: str, options: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "class", "target": target, "options": options}
