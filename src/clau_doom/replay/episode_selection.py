"""Selection of an agent's episode for a replay."""

from dataclasses import dataclass

from clau_doom.domain import Episode, Genome, Purpose, baseline_id
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import AgentNotFound, EpisodeNotFound
from clau_doom.parameter_names import parameter

__all__ = ["ReplayedAgent", "SelectedEpisode", "select_agent", "select_episode"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayedAgent:
    """Agent or random baseline of an experiment.

    Attributes:
        id: Id of the agent or the random baseline.
        genome: Genes.
        baseline: Whether it is the random baseline.
        champion: Whether it is the experiment's champion.
        episodes: Finished episodes: training, validation, held out, each sorted by number.
    """

    id: str
    genome: Genome
    baseline: bool
    champion: bool
    episodes: tuple[Episode, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SelectedEpisode:
    """Selected episode of an agent.

    Attributes:
        agent: The agent.
        seed: Seed of the engine.
        episode: Recorded episode, or None if no episode with this seed was finished.
    """

    agent: ReplayedAgent
    seed: int
    episode: Episode | None

    @property
    def name(self) -> str:
        """Name of the episode, such as ``held-out episode 3``."""
        if self.episode is None:
            return f"an episode on seed {self.seed}"
        return f"{spoken(self.episode.purpose)} episode {self.episode.number}"


def spoken(purpose: Purpose) -> str:
    """Return the name of a purpose for messages."""
    return purpose.value.replace("_", "-")


def select_agent(snapshot: Snapshot, name: str) -> ReplayedAgent:
    """Return the agent or baseline with a name.

    Args:
        snapshot: Snapshot of the experiment.
        name: Id of an agent or the random baseline, or of the experiment for its champion.

    Raises:
        AgentNotFound: The agent does not exist, or there is no champion yet.
    """
    experiment = snapshot.experiment.id
    champion = snapshot.champion[0].agent_id(experiment) if snapshot.champion else None
    if name == experiment:
        if champion is None:
            remedy = f"give one of its agents (clau-doom agent list {experiment})"
            raise AgentNotFound(f"experiment {experiment} has no champion yet: {remedy}")
        name = champion
    if name == baseline_id(experiment):
        played = [snapshot.judging.get((purpose, name), ()) for purpose in Purpose]
        episodes = tuple(episode for row in played for episode in row)
        return ReplayedAgent(id=name, genome=Genome(()), baseline=True, champion=False, episodes=episodes)
    agent = snapshot.find(name).agent
    return ReplayedAgent(
        id=name,
        genome=agent.genome,
        baseline=False,
        champion=name == champion,
        episodes=snapshot.played_by(agent),
    )


def select_episode(
    agent: ReplayedAgent, *, purpose: Purpose | None = None, number: int | None = None, seed: int | None = None
) -> SelectedEpisode:
    """Select an episode of an agent.

    Args:
        agent: The agent.
        purpose: Purpose of the episode; None: held out if there are such episodes, else training.
        number: Number among the agent's episodes of that purpose; None: the first.
        seed: Any seed, recorded or not, in place of a number.

    Raises:
        EpisodeNotFound: The agent has not finished the episode; the message lists the finished ones.
    """
    if seed is not None:
        recorded = (episode for episode in agent.episodes if purpose in {None, episode.purpose})
        return SelectedEpisode(
            agent=agent, seed=seed, episode=next((e for e in recorded if e.outcome.seed == seed), None)
        )
    if not agent.episodes:
        raise EpisodeNotFound(f"{agent.id} has no finished episode: play any seed with {parameter('seed')}")
    if purpose is None:
        purposes = [episode.purpose for episode in agent.episodes]
        purpose = Purpose.HELD_OUT if Purpose.HELD_OUT in purposes else purposes[0]
    row = [episode for episode in agent.episodes if episode.purpose is purpose]
    if not row:
        others = " and ".join(dict.fromkeys(spoken(episode.purpose) for episode in agent.episodes))
        raise EpisodeNotFound(
            f"{agent.id} has no finished {spoken(purpose)} episode: it has {others} episodes ({parameter('purpose')})"
        )
    found = next((episode for episode in row if number in {None, episode.number}), None)
    if found is None:
        there = f"{row[0].number} to {row[-1].number}" if len(row) > 1 else f"{row[0].number}"
        raise EpisodeNotFound(f"{agent.id} has no finished {spoken(purpose)} episode {number}: it has {there}")
    return SelectedEpisode(agent=agent, seed=found.outcome.seed, episode=found)
