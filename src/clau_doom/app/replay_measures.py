"""Measures of the user that can be computed in replays and in further episodes of an agent."""

from dataclasses import dataclass, field
from typing import Self

from clau_doom.app.policy_output_suppression import contained_output
from clau_doom.config import importing_from
from clau_doom.domain import Fitness
from clau_doom.error_description import describe
from clau_doom.errors import ConfigError
from clau_doom.logs import get_logger
from clau_doom.replay import Setting
from clau_doom.worker import CustomMeasure, load_measures

__all__ = ["ReplayMeasures", "load_replay_measures"]

_log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class ReplayMeasures:
    """Measures of the user on this machine.

    Attributes:
        computed: Measures that can be computed here.
        targets: Functions of these measures, by name.
        missing: Reasons why the other measures cannot be computed or compared, by name.
    """

    computed: tuple[CustomMeasure, ...] = ()
    targets: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def logged(self, agent: str) -> Self:
        """Log the missing measures of an agent, and return this object."""
        for name, reason in self.missing.items():
            _log.warning("a measure of the user is not computed", agent=agent, measure=name, reason=reason)
        return self

    def computable(self, fitness: Fitness | None) -> Fitness | None:
        """Return a fitness, or None if it needs a measure that cannot be computed here."""
        if fitness is None or any(name in self.missing for name, _ in fitness.weights):
            return None
        return fitness


def load_replay_measures(setting: Setting) -> ReplayMeasures:
    """Import the measures of an agent's setting. Untrusted measures, and measures without a module here, are missing.

    Args:
        setting: Setting of the agent.
    """
    computed: dict[str, CustomMeasure] = {}
    missing = dict(setting.untrusted)
    for name, target in sorted(setting.measures.items()):
        if name in missing:
            continue
        try:
            with importing_from(setting.import_paths), contained_output():
                (computed[name],) = load_measures({name: target})
        except ConfigError as error:
            missing[name] = describe(error)
    return ReplayMeasures(
        computed=tuple(computed.values()),
        targets={name: setting.measures[name] for name in computed},
        missing=dict(sorted(missing.items())),
    )
