"""Between each kind of event and its payload in an `ExperimentEvent`."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from google.protobuf.message import Message

from clau_doom.domain import Agent, events
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.domain.failure_trace import FailureTrace
from clau_doom.errors import InvalidMessage
from clau_doom.protos.claudoom.orchestrator.v1 import events_pb2 as pb
from clau_doom.wire.claims import agent_ref, player_id, sendable, unique_id, whole
from clau_doom.wire.values import (
    FAILURE_KINDS,
    PURPOSES,
    champion_from,
    champion_message,
    episode_from,
    episode_message,
    genome_from,
    place,
    summary_from,
    summary_message,
)

__all__ = ["event_from", "payload_message"]

_Intervention = events.ExperimentPaused | events.ExperimentResumed | events.ExperimentCancelled
_RunEvent = (
    events.ExperimentCreated
    | events.ExperimentStarted
    | events.ExperimentInterrupted
    | events.ExperimentCompleted
    | events.ExperimentFailed
)
_GenerationEvent = (
    events.GenerationStarted
    | events.AgentsAsked
    | events.GenerationCompleted
    | events.ChampionChosen
    | events.GenomeInjected
)
_EpisodeEvent = events.EpisodeFinished | events.EpisodeLost | events.ContestantFailed
_AgentEvent = (
    events.AgentEvaluated
    | events.AgentDropped
    | events.AgentFailed
    | events.AgentPaused
    | events.AgentResumed
    | events.AgentRestarted
)


def payload_message(experiment: str, event: events.Event) -> Message:
    """Return the payload of an event in an experiment's log."""
    match event:
        case events.ExperimentPaused() | events.ExperimentResumed() | events.ExperimentCancelled():
            return _of_person(event)
        case (
            events.GenerationStarted()
            | events.AgentsAsked()
            | events.GenerationCompleted()
            | events.ChampionChosen()
            | events.GenomeInjected()
        ):
            return _of_generation(experiment, event)
        case events.EpisodeFinished() | events.EpisodeLost() | events.ContestantFailed():
            return _of_episode(event)
        case (
            events.AgentEvaluated()
            | events.AgentDropped()
            | events.AgentFailed()
            | events.AgentPaused()
            | events.AgentResumed()
            | events.AgentRestarted()
        ):
            return _of_agent(experiment, event)
        case _:
            return _of_run(event)


def event_from(experiment: str, field: str, payload: Message) -> events.Event:
    """Return the event that a payload, in its field of `ExperimentEvent`, claims to have been.

    Raises:
        InvalidMessage: It cannot be one.
    """
    return _READERS[field](experiment, payload)


def _of_person(event: _Intervention) -> Message:
    match event:
        case events.ExperimentPaused():
            return pb.ExperimentPaused()
        case events.ExperimentResumed():
            return pb.ExperimentResumed()
        case events.ExperimentCancelled():
            return pb.ExperimentCancelled()


def _of_run(event: _RunEvent) -> Message:
    match event:
        case events.ExperimentCreated():
            return _created(event.experiment)
        case events.ExperimentStarted(resumed=resumed, generations=generations, config_yaml=text):
            return pb.ExperimentStarted(resumed=resumed, generations=generations, config_yaml=text)
        case events.ExperimentInterrupted():
            return pb.ExperimentInterrupted(generation=event.generation, reason=sendable(event.reason))
        case events.ExperimentCompleted():
            return pb.ExperimentCompleted(generations=event.generations)
        case events.ExperimentFailed():
            return pb.ExperimentFailed(reason=sendable(event.reason))


def _of_generation(experiment: str, event: _GenerationEvent) -> Message:
    match event:
        case events.GenerationStarted():
            asked = [_asked(agent) for agent in event.agents]
            return pb.GenerationStarted(generation=event.generation, agents=asked)
        case events.AgentsAsked():
            asked = [_asked(agent) for agent in event.agents]
            return pb.AgentsAsked(generation=event.generation, agents=asked)
        case events.GenerationCompleted():
            return pb.GenerationCompleted(summary=summary_message(experiment, event.summary))
        case events.ChampionChosen():
            champion = champion_message(experiment, event.champion, event.validation_fitness)
            return pb.ChampionChosen(champion=champion, candidates=event.candidates)
        case events.GenomeInjected():
            return pb.GenomeInjected(genome=event.genome, generation=event.generation)


def _of_agent(experiment: str, event: _AgentEvent) -> Message:
    agent = place(experiment, event.ref)
    match event:
        case events.AgentEvaluated():
            return pb.AgentEvaluated(agent_id=agent, fitness=event.fitness)
        case events.AgentDropped():
            return pb.AgentDropped(agent_id=agent, fitness=event.fitness, episodes=event.episodes)
        case events.AgentFailed():
            kind, reason = FAILURE_KINDS.sent(event.kind), sendable(event.reason)
            return pb.AgentFailed(agent_id=agent, kind=kind, reason=reason, traceback=_trace(event.traceback))
        case events.AgentPaused():
            return pb.AgentPaused(agent_id=agent)
        case events.AgentResumed():
            return pb.AgentResumed(agent_id=agent)
        case events.AgentRestarted():
            return pb.AgentRestarted(agent_id=agent)


def _of_episode(event: _EpisodeEvent) -> Message:
    if isinstance(event, events.EpisodeFinished):
        return pb.EpisodeFinished(episode=episode_message(event.episode))
    common = {
        "purpose": PURPOSES.sent(event.purpose),
        "agent_id": event.agent,
        "reason": sendable(event.reason),
    }
    if isinstance(event, events.EpisodeLost):
        return pb.EpisodeLost(number=event.number, seed=event.seed, attempt=event.attempt, **common)
    return pb.ContestantFailed(
        number=event.number,
        seed=event.seed,
        kind=FAILURE_KINDS.sent(event.kind),
        traceback=_trace(event.traceback),
        **common,
    )


def _trace(trace: FailureTrace | None) -> pb.FailureTrace | None:
    if trace is None:
        return None
    return pb.FailureTrace(digest=trace.digest, text=None if trace.text is None else sendable(trace.text))


def _read_trace(message: pb.AgentFailed | pb.ContestantFailed) -> FailureTrace | None:
    if not message.HasField("traceback"):
        return None
    trace = message.traceback
    return FailureTrace(digest=trace.digest, text=trace.text if trace.HasField("text") else None)


def _created(experiment: Experiment) -> pb.ExperimentCreated:
    return pb.ExperimentCreated(
        uuid=experiment.uuid,
        seed=experiment.seed,
        config_yaml=experiment.config_yaml,
        provenance=dict(experiment.provenance.facts),
    )


def _asked(agent: Agent) -> pb.AskedAgent:
    return pb.AskedAgent(
        agent_id=agent.id,
        genome=agent.genome,
        parent_ids=[place(agent.experiment, ref) for ref in agent.parents],
        operator=agent.operator,
    )


def _read_created(experiment: str, message: pb.ExperimentCreated) -> events.Event:
    created = Experiment(
        id=experiment,
        uuid=unique_id(message.uuid),
        seed=message.seed,
        config_yaml=message.config_yaml,
        provenance=Provenance(facts=tuple(sorted(message.provenance.items()))),
    )
    return events.ExperimentCreated(experiment=created)


def _read_started(_: str, message: pb.ExperimentStarted) -> events.Event:
    generations = whole(message.generations, "the number of generations", least=1)
    return events.ExperimentStarted(resumed=message.resumed, generations=generations, config_yaml=message.config_yaml)


def _read_generation(experiment: str, message: pb.GenerationStarted) -> events.Event:
    generation, agents = _read_agents(experiment, message)
    return events.GenerationStarted(generation=generation, agents=agents)


def _read_further(experiment: str, message: pb.AgentsAsked) -> events.Event:
    generation, agents = _read_agents(experiment, message)
    return events.AgentsAsked(generation=generation, agents=agents)


def _read_agents(experiment: str, message: pb.GenerationStarted | pb.AgentsAsked) -> tuple[int, tuple[Agent, ...]]:
    generation = whole(message.generation, "a generation")
    agents = tuple([_read_asked(experiment, agent) for agent in message.agents])
    stray = next((agent.id for agent in agents if agent.ref.generation != generation), None)
    if stray:
        raise InvalidMessage(f"agent {stray} is none of generation {generation}")
    return generation, agents


def _read_asked(experiment: str, message: pb.AskedAgent) -> Agent:
    return Agent(
        experiment=experiment,
        ref=agent_ref(experiment, message.agent_id),
        genome=genome_from(message),
        parents=tuple([agent_ref(experiment, parent) for parent in message.parent_ids]),
        operator=message.operator,
    )


def _read_champion(experiment: str, message: pb.ChampionChosen) -> events.Event:
    champion, fitness = champion_from(experiment, message.champion)
    candidates = whole(message.candidates, "the number of candidates", least=1)
    return events.ChampionChosen(champion=champion, validation_fitness=fitness, candidates=candidates)


def _read_lost(experiment: str, message: pb.EpisodeLost) -> events.Event:
    return events.EpisodeLost(
        purpose=PURPOSES.received(message.purpose),
        agent=player_id(experiment, message.agent_id),
        number=whole(message.number, "an episode's number"),
        seed=message.seed,
        attempt=whole(message.attempt, "an attempt", least=1),
        reason=message.reason,
    )


def _read_contestant(experiment: str, message: pb.ContestantFailed) -> events.Event:
    return events.ContestantFailed(
        purpose=PURPOSES.received(message.purpose),
        agent=player_id(experiment, message.agent_id),
        number=whole(message.number, "an episode's number"),
        seed=message.seed,
        kind=FAILURE_KINDS.received(message.kind),
        reason=message.reason,
        traceback=_read_trace(message),
    )


def _read_failed(experiment: str, message: pb.AgentFailed) -> events.Event:
    ref, kind = agent_ref(experiment, message.agent_id), FAILURE_KINDS.received(message.kind)
    return events.AgentFailed(ref=ref, kind=kind, reason=message.reason, traceback=_read_trace(message))


def _read_interrupted(_: str, message: pb.ExperimentInterrupted) -> events.Event:
    generation = whole(message.generation, "a generation")
    return events.ExperimentInterrupted(generation=generation, reason=message.reason)


_READERS: Mapping[str, Callable[[str, Any], events.Event]] = MappingProxyType(
    {
        "experiment_created": _read_created,
        "experiment_started": _read_started,
        "experiment_paused": lambda *_: events.ExperimentPaused(),
        "experiment_resumed": lambda *_: events.ExperimentResumed(),
        "experiment_interrupted": _read_interrupted,
        "experiment_completed": lambda _, message: events.ExperimentCompleted(
            generations=whole(message.generations, "the number of generations", least=1)
        ),
        "experiment_failed": lambda _, message: events.ExperimentFailed(reason=message.reason),
        "experiment_cancelled": lambda *_: events.ExperimentCancelled(),
        "generation_started": _read_generation,
        "agents_asked": _read_further,
        "generation_completed": lambda experiment, message: events.GenerationCompleted(
            summary=summary_from(experiment, message.summary)
        ),
        "champion_chosen": _read_champion,
        "episode_finished": lambda experiment, message: events.EpisodeFinished(
            episode=episode_from(experiment, message.episode)
        ),
        "episode_lost": _read_lost,
        "contestant_failed": _read_contestant,
        "agent_evaluated": lambda experiment, message: events.AgentEvaluated(
            ref=agent_ref(experiment, message.agent_id), fitness=message.fitness
        ),
        "agent_dropped": lambda experiment, message: events.AgentDropped(
            ref=agent_ref(experiment, message.agent_id),
            fitness=message.fitness,
            episodes=whole(message.episodes, "the number of episodes", least=1),
        ),
        "agent_failed": _read_failed,
        "agent_paused": lambda experiment, message: events.AgentPaused(ref=agent_ref(experiment, message.agent_id)),
        "agent_resumed": lambda experiment, message: events.AgentResumed(ref=agent_ref(experiment, message.agent_id)),
        "agent_restarted": lambda experiment, message: events.AgentRestarted(
            ref=agent_ref(experiment, message.agent_id)
        ),
        "genome_injected": lambda _, message: events.GenomeInjected(
            generation=whole(message.generation, "a generation"), genome=genome_from(message)
        ),
    }
)
