"""Mapping of the values that events and resources share: measures, episodes, summaries, champions and enumerations."""

from clau_doom.domain import (
    AgentRef,
    AgentStatus,
    Episode,
    EpisodeOutcome,
    EpisodeTiming,
    Genome,
    Measures,
    Purpose,
)
from clau_doom.domain.events import FailureKind
from clau_doom.domain.experiment import ExperimentState, GenerationSummary
from clau_doom.domain.fitness import MEASURES
from clau_doom.errors import InvalidMessage
from clau_doom.protos.claudoom.orchestrator.v1 import events_pb2, resources_pb2
from clau_doom.wire.message_validation import EnumMapping, agent_ref, digest, player_id, whole

__all__ = [
    "AGENT_STATUSES",
    "EXPERIMENT_STATES",
    "FAILURE_KINDS",
    "PURPOSES",
    "champion_message",
    "episode_from",
    "episode_message",
    "genome_from",
    "summary_from",
    "summary_message",
]

_RESOURCES = resources_pb2.DESCRIPTOR.enum_types_by_name
_EVENTS = events_pb2.DESCRIPTOR.enum_types_by_name

EXPERIMENT_STATES = EnumMapping(ExperimentState, _RESOURCES["ExperimentState"])
AGENT_STATUSES = EnumMapping(AgentStatus, _RESOURCES["AgentStatus"])
"""Without PAUSED, which is decoded as a pending agent with held episodes."""
PURPOSES = EnumMapping(Purpose, _RESOURCES["Purpose"])
FAILURE_KINDS = EnumMapping(FailureKind, _EVENTS["FailureKind"])


def episode_message(episode: Episode) -> resources_pb2.Episode:
    """Encode an episode without its recording."""
    outcome, timing = episode.outcome, episode.timing
    return resources_pb2.Episode(
        purpose=PURPOSES.sent(episode.purpose),
        agent_id=episode.agent,
        number=episode.number,
        seed=outcome.seed,
        measures=resources_pb2.Measures(
            **{name: getattr(outcome.measures, name) for name in MEASURES}, custom=dict(outcome.measures.custom or ())
        ),
        trajectory_sha256=outcome.trajectory_sha256,
        seconds=timing.seconds,
        attempts=timing.attempts,
        repeated=timing.repeated,
        worker=timing.worker,
        processor_seconds=timing.processor_seconds,
    )


def episode_from(experiment: str, message: resources_pb2.Episode) -> Episode:
    """Decode and validate an episode of an experiment.

    Raises:
        InvalidMessage: The message is not a valid episode.
    """
    if not message.HasField("measures"):
        raise InvalidMessage("an episode without its measures")
    return Episode(
        purpose=PURPOSES.received(message.purpose),
        agent=player_id(experiment, message.agent_id),
        number=whole(message.number, "an episode's number"),
        outcome=EpisodeOutcome(
            seed=message.seed,
            measures=Measures(
                **{name: getattr(message.measures, name) for name in MEASURES},
                custom=tuple(sorted(message.measures.custom.items())) or None,
            ),
            trajectory_sha256=digest(message.trajectory_sha256),
        ),
        timing=EpisodeTiming(
            seconds=message.seconds,
            attempts=whole(message.attempts, "an episode's attempts", least=1),
            repeated=whole(message.repeated, "an episode's repeated actions"),
            worker=whole(message.worker, "an episode's worker"),
            processor_seconds=message.processor_seconds if message.HasField("processor_seconds") else None,
        ),
    )


def summary_message(experiment: str, summary: GenerationSummary) -> resources_pb2.GenerationSummary:
    """Encode the summary of a finished generation."""
    return resources_pb2.GenerationSummary(
        generation=summary.index,
        best_agent_id=summary.best.agent_id(experiment),
        best_fitness=summary.best_fitness,
        mean_fitness=summary.mean_fitness,
        worst_fitness=summary.worst_fitness,
        std_fitness=summary.std_fitness,
        failed=summary.failed,
        episodes=summary.episodes,
        tics=summary.tics,
    )


def summary_from(experiment: str, message: resources_pb2.GenerationSummary) -> GenerationSummary:
    """Decode and validate the summary of a generation.

    Raises:
        InvalidMessage: The message is not a valid summary.
    """
    return GenerationSummary(
        index=whole(message.generation, "a generation"),
        best=agent_ref(experiment, message.best_agent_id),
        best_fitness=message.best_fitness,
        mean_fitness=message.mean_fitness,
        worst_fitness=message.worst_fitness,
        std_fitness=message.std_fitness,
        failed=whole(message.failed, "the number of failed agents"),
        episodes=whole(message.episodes, "the number of episodes"),
        tics=whole(message.tics, "the number of tics") if message.HasField("tics") else None,
    )


def champion_message(experiment: str, champion: AgentRef, validation_fitness: float) -> resources_pb2.Champion:
    """Encode a champion."""
    return resources_pb2.Champion(agent_id=champion.agent_id(experiment), validation_fitness=validation_fitness)


def genome_from(message: events_pb2.AskedAgent | events_pb2.GenomeInjected) -> Genome:
    """Decode a genome."""
    return Genome(message.genome)
