"""Policy that replays recorded actions, so that a trusted worker can verify an outcome without the agent's policy."""

import struct
from collections.abc import Iterator

import numpy as np

from clau_doom.domain import Genome, GenomeSpace
from clau_doom.errors import PolicyFailed
from clau_doom.ports import Action, Decide, Needs, Observation, ScenarioFacts
from clau_doom.wire import MalformedMessage, inflate_actions

__all__ = ["ActionReplay"]


class ActionReplay:
    """A policy that performs the given actions and ignores observations.

    Args:
        facts: Buttons and limits of the scenario.
        deflated: The compressed actions, as in `EpisodePlayed`.

    Raises:
        PolicyFailed: The data is invalid, or has more actions than an episode can have.
    """

    def __init__(self, facts: ScenarioFacts, deflated: bytes) -> None:
        row = struct.Struct(f"<{len(facts.buttons)}dq")
        try:
            actions = inflate_actions(deflated, facts.timeout * row.size)
            self._rows: Iterator[tuple[float, ...]] = row.iter_unpack(actions)
        except (MalformedMessage, struct.error) as error:
            raise PolicyFailed(f"the actions are not valid: {error}") from error

    @property
    def needs(self) -> Needs:
        """No observations."""
        return Needs()

    @property
    def space(self) -> GenomeSpace:
        """Genome space without genes."""
        return GenomeSpace(())

    def begin(self, genome: Genome, rng: np.random.Generator) -> Decide:  # noqa: ARG002 - the port's
        """Return a function that performs the actions once."""
        return self._decide

    def _decide(self, observation: Observation) -> Action:  # noqa: ARG002 - the port's
        row = next(self._rows, None)
        if row is None:
            raise PolicyFailed("its actions end before the episode")
        return Action([*row[:-1]], int(row[-1]))
