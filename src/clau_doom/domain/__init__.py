"""Domain values, events and the state machine of experiments.

The values are frozen. This package does no input or output and reads no clock. An episode's outcome and its timing are
two values, because only the outcome is deterministic. Outcomes are hashed and compared, timings are not.
"""

from clau_doom.domain.agent import Agent, AgentRef, AgentStatus, Evaluation, finalists
from clau_doom.domain.episode import Episode, EpisodeOutcome, EpisodeTiming, Measures, Purpose
from clau_doom.domain.fitness import Fitness, score
from clau_doom.domain.genes import Gene, GeneBlock, GeneKind
from clau_doom.domain.genome import Genome, GenomeSpace
from clau_doom.domain.ids import agent_id, baseline_id, check_experiment_id, experiment_of_player, parse_agent_id
from clau_doom.domain.live_frame import LiveFrame
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
