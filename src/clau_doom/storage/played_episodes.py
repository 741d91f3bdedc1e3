"""All episodes of an experiment, without its agents and events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clau_doom.domain import AgentRef, Episode, Purpose
from clau_doom.domain.experiment import Experiment
from clau_doom.domain.snapshot import Snapshot

__all__ = ["PlayedEpisodes"]


@dataclass(frozen=True, kw_only=True)
class PlayedEpisodes:
    """All finished episodes of an experiment, read in one transaction.

    Attributes:
        experiment: The experiment.
        config_yaml: Configuration of its last run, as YAML text.
        training: Training episodes by agent, sorted by number.
        judging: Validation and held-out episodes by purpose and agent, sorted by number.
    """

    experiment: Experiment
    config_yaml: str
    training: Mapping[AgentRef, Sequence[Episode]]
    judging: Mapping[tuple[Purpose, str], Sequence[Episode]]

    @classmethod
    def of(cls, snapshot: Snapshot) -> "PlayedEpisodes":
        """Return the episodes of a snapshot."""
        return cls(
            experiment=snapshot.experiment,
            config_yaml=snapshot.config_yaml,
            training=snapshot.episodes,
            judging=snapshot.judging,
        )
