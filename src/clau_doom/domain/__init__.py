"""The words of the project as frozen values: what every other room passes around, and what it may rely on.

Nothing here does input or output, reads a clock, or knows how a thing is stored or sent. An episode's outcome and its
timing are two values because only the first is deterministic: outcomes are hashed and compared, timings never are.
"""

from clau_doom.domain.agent import Agent, AgentRef, AgentStatus, Evaluation, finalists
from clau_doom.domain.episode import Episode, EpisodeOutcome, EpisodeTiming, Measures, Purpose
from clau_doom.domain.genes import Gene, GeneBlock, GeneKind
from clau_doom.domain.genome import Genome, GenomeSpace
from clau_doom.domain.ids import agent_id, baseline_id, check_experiment_id, experiment_of_player, parse_agent_id
from clau_doom.domain.live_frame import LiveFrame
from clau_doom.domain.score import Fitness, score
from clau_doom.domain.seeds import episode_seeds, generator

__all__ = [
    "Agent",
    "AgentRef",
    "AgentStatus",
    "Episode",
    "EpisodeOutcome",
    "EpisodeTiming",
    "Evaluation",
    "Fitness",
    "Gene",
    "GeneBlock",
    "GeneKind",
    "Genome",
    "GenomeSpace",
    "LiveFrame",
    "Measures",
    "Purpose",
    "agent_id",
    "baseline_id",
    "check_experiment_id",
    "episode_seeds",
    "experiment_of_player",
    "finalists",
    "generator",
    "parse_agent_id",
    "score",
]
