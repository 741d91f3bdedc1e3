"""Catalog of bundled scenarios, and a test of the engine."""

from dataclasses import dataclass
from importlib.metadata import version

from clau_doom.config import ScenarioConfig
from clau_doom.domain.fitness import MEASURES
from clau_doom.game import SCENARIOS, try_scenario
from clau_doom.game import resolve as resolve_scenario

__all__ = ["OfferedScenario", "bundled_scenarios", "try_engine"]


@dataclass(frozen=True, kw_only=True)
class OfferedScenario:
    """A bundled scenario for display.

    Attributes:
        name: Name of the scenario.
        description: Task and rewards of the scenario.
        buttons: Available buttons.
        timeout: Maximum length of an episode, in tics.
        doom_skill: Difficulty, 1 to 5.
        measures: Measures of every episode.
    """

    name: str
    description: str
    buttons: tuple[str, ...]
    timeout: int
    doom_skill: int
    measures: tuple[str, ...]


def bundled_scenarios() -> tuple[OfferedScenario, ...]:
    """Return the bundled scenarios by name."""
    return tuple(_offer(name) for name in sorted(SCENARIOS))


def _offer(name: str) -> OfferedScenario:
    facts = resolve_scenario(ScenarioConfig(name=name)).facts
    return OfferedScenario(
        name=name,
        description=SCENARIOS[name].description,
        buttons=facts.buttons,
        timeout=facts.timeout,
        doom_skill=facts.doom_skill,
        measures=MEASURES,
    )


def try_engine() -> str:
    """Start an engine, play ten tics, and return a description of the result.

    Raises:
        EngineCrashed: The engine does not work here.
    """
    try_scenario(resolve_scenario(ScenarioConfig(name="basic")))
    return f"ViZDoom {version('vizdoom')} played 10 tics of basic"
