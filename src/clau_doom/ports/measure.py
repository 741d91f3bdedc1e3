"""Measures of users: a function of an episode's record, with a declared type and range."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from clau_doom.domain import Measures
from clau_doom.domain.measure_declaration import LARGEST, MeasureDeclaration
from clau_doom.errors import ConfigError
from clau_doom.ports.gameplay import ScenarioFacts

__all__ = ["EpisodeRecord", "MeasureFunction", "declaration_of_measure", "measure"]

_ATTRIBUTE = "__clau_doom_measure__"
_Function = TypeVar("_Function", bound=Callable[["EpisodeRecord"], float])


@dataclass(frozen=True, kw_only=True, slots=True)
class EpisodeRecord:
    """Finished episode, from which a measure is computed. The arrays are read-only.

    The worker keeps these values for the hash of the trajectory in any case, so that they cost no time during play.
    They take 8 bytes for each variable and button of a decision: 80 kB for 500 decisions with 20 values.

    Attributes:
        scenario: Facts about the scenario: names of buttons and variables, frame skip and timeout.
        measures: Bundled measures of the episode.
        variables: Values of `ScenarioFacts.variables` before each decision and, in the last row, at the end; float64,
            shape (decisions + 1, variables).
        buttons: Values of `ScenarioFacts.buttons` in each decision, float64, shape (decisions, buttons).
        held: Requested tics of each decision, int64, shape (decisions,). The last action may end earlier.
    """

    scenario: ScenarioFacts
    measures: Measures
    variables: NDArray[np.float64] = field(repr=False)
    buttons: NDArray[np.float64] = field(repr=False)
    held: NDArray[np.int64] = field(repr=False)

    def variable(self, name: str) -> NDArray[np.float64]:
        """Return a variable by its name, such as ``HEALTH`` or ``POSITION_X``; shape (decisions + 1,).

        Raises:
            KeyError: The scenario has no such variable.
        """
        return self.variables[:, _index(self.scenario.variables, name, "variable")]

    def button(self, name: str) -> NDArray[np.float64]:
        """Return the values of a button by its name, such as ``ATTACK``; shape (decisions,).

        Raises:
            KeyError: The scenario has no such button.
        """
        return self.buttons[:, _index(self.scenario.buttons, name, "button")]


MeasureFunction = Callable[[EpisodeRecord], float]
"""Function of a measure: equal records give equal values."""


def measure(
    *, low: float | None = None, high: float | None = None, integer: bool = False
) -> Callable[[_Function], _Function]:
    """Declare type and range of a measure. Every value is checked, in the worker and again in the orchestrator.

    A configuration names the function: ``measures: {ammo_efficiency: "my_measures:ammo_efficiency"}``.

    Args:
        low: Smallest value; None: no limit.
        high: Largest value; None: no limit.
        integer: Whether all values are whole numbers.

    Raises:
        ConfigError: `low` is not below `high`.

    Example:
        >>> import clau_doom as cd
        >>> @cd.measure(low=0.0, high=1.0)
        ... def ammo_efficiency(episode: cd.EpisodeRecord) -> float:
        ...     return min(episode.measures.hits / max(episode.measures.shots, 1.0), 1.0)
    """
    declaration = MeasureDeclaration(
        low=-LARGEST if low is None else float(low), high=LARGEST if high is None else float(high), integer=integer
    )
    if not declaration.low < declaration.high:
        raise ConfigError(
            f"a measure has low {declaration.low:g} and high {declaration.high:g}: low must be below high"
        )

    def declare(function: _Function) -> _Function:
        setattr(function, _ATTRIBUTE, declaration)
        return function

    return declare


def declaration_of_measure(function: object) -> MeasureDeclaration:
    """Return the declaration of a measure. A function without the decorator `measure` has no limits."""
    found = getattr(function, _ATTRIBUTE, None)
    return found if isinstance(found, MeasureDeclaration) else MeasureDeclaration()


def _index(names: tuple[str, ...], name: str, what: str) -> int:
    if name not in names:
        raise KeyError(f"the scenario has no {what} {name!r}: it has {', '.join(names)}")
    return names.index(name)
