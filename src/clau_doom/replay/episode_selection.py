"""Which episode is meant: of which agent, on which seed, and what the record has of it."""

from dataclasses import dataclass

from clau_doom.domain import Episode, Genome, Purpose, agent_id, baseline_id
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import AgentNotFound, EpisodeNotFound

__all__ = ["Choice", "Contestant", "choose", "contestant"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Contestant:
    """Whoever has played in an experiment.

    Attributes:
        id: The agent's id, or that of the random baseline.
        genome: Its genes.
        baseline: Whether it is the random baseline.
        champion: Whether it is the experiment's champion.
        episodes: Its finished episodes: of training, then of validation, then held out, each by number.
    """

    id: str
    genome: Genome
    baseline: bool
    champion: bool
    episodes: tuple[Episode, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One game of one agent.

    Attributes:
        who: Who plays.
        seed: The engine's seed.
        episode: The record of it, or None where none was finished on that seed.
    """

    who: Contestant
    seed: int
    episode: Episode | None

    @property
    def name(self) -> str:
        """What it is called, such as ``held-out episode 3``."""
        if self.episode is None:
            return f"an episode on seed {self.seed}"
        return f"{spoken(self.episode.purpose)} episode {self.episode.number}"


def spoken(purpose: Purpose) -> str:
    """Return a purpose as people write it."""
    return purpose.value.replace("_", "-")


def contestant(snapshot: Snapshot, name: str) -> Contestant:
    """Return whoever is called by a name.

    Args:
        snapshot: The experiment.
        name: An agent's id, the random baseline's, or the experiment's, which stands for its champion.

    Raises:
        AgentNotFound: There is none, or no champion yet.
    """
    experiment = snapshot.experiment.id
    champion = agent_id(experiment, *_place(snapshot)) if snapshot.champion else None
    if name == experiment:
        if champion is None:
            remedy = f"name one of its agents (clau-doom agent list {experiment})"
            raise AgentNotFound(f"experiment {experiment} has no champion yet: {remedy}")
        name = champion
    if name == baseline_id(experiment):
        played = [snapshot.judging.get((purpose, name), ()) for purpose in Purpose]
        episodes = tuple(episode for row in played for episode in row)
        return Contestant(id=name, genome=Genome(()), baseline=True, champion=False, episodes=episodes)
    agent = snapshot.find(name).agent
    return Contestant(
        id=name,
        genome=agent.genome,
        baseline=False,
        champion=name == champion,
        episodes=snapshot.played_by(agent),
    )


def choose(
    who: Contestant, *, purpose: Purpose | None = None, number: int | None = None, seed: int | None = None
) -> Choice:
    """Return the game that is meant.

    Args:
        who: Who plays.
        purpose: What the episode was played for; None: held out where there are such, else training.
        number: Its number among the agent's episodes of that purpose; None: the first.
        seed: In place of a number: any seed, whether an episode was recorded on it or not.

    Raises:
        EpisodeNotFound: The agent has finished no such episode; the message says which there are.
    """
    if seed is not None:
        recorded = (episode for episode in who.episodes if purpose in {None, episode.purpose})
        return Choice(who=who, seed=seed, episode=next((e for e in recorded if e.outcome.seed == seed), None))
    if not who.episodes:
        raise EpisodeNotFound(f"{who.id} has finished no episode: play any seed with --seed")
    if purpose is None:
        purposes = [episode.purpose for episode in who.episodes]
        purpose = Purpose.HELD_OUT if Purpose.HELD_OUT in purposes else purposes[0]
    row = [episode for episode in who.episodes if episode.purpose is purpose]
    if not row:
        others = " and ".join(dict.fromkeys(spoken(episode.purpose) for episode in who.episodes))
        raise EpisodeNotFound(f"{who.id} has finished no {spoken(purpose)} episode: it has {others} ones (--purpose)")
    found = next((episode for episode in row if number in {None, episode.number}), None)
    if found is None:
        there = f"{row[0].number} to {row[-1].number}" if len(row) > 1 else f"{row[0].number}"
        raise EpisodeNotFound(f"{who.id} has finished no {spoken(purpose)} episode {number}: it has {there}")
    return Choice(who=who, seed=found.outcome.seed, episode=found)


def _place(snapshot: Snapshot) -> tuple[int, int]:
    assert snapshot.champion is not None
    ref, _ = snapshot.champion
    return ref.generation, ref.index
