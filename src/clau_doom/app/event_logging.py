"""What an operator reads in the log of a server: the events that say how an experiment gets on."""

from contextlib import AbstractContextManager

from clau_doom.domain import AgentRef, agent_id, parse_agent_id
from clau_doom.domain.events import (
    AgentFailed,
    ChampionChosen,
    ContestantFailed,
    EpisodeLost,
    Event,
    ExperimentFailed,
    ExperimentInterrupted,
    ExperimentStarted,
    GenerationCompleted,
)
from clau_doom.errors import AgentNotFound
from clau_doom.logs import bound, get_logger

__all__ = ["narrate"]

_log = get_logger(__name__)


def narrate(experiment: str, event: Event) -> None:
    """Write an event to the log, with what it is about; those that come by the hundred are left out."""
    match event:
        case ExperimentStarted():
            _log.info("an experiment is run", generations=event.generations, resumed=event.resumed)
        case GenerationCompleted():
            summary = event.summary
            with bound(generation=summary.index):
                _log.info("a generation is finished", best=summary.best_fitness, mean=summary.mean_fitness)
        case ChampionChosen():
            with _about(experiment, event.champion):
                _log.info("a champion is chosen", validation_fitness=event.validation_fitness)
        case ExperimentInterrupted() | ExperimentFailed():
            _log.warning("an experiment has stopped", reason=event.reason)
        case AgentFailed():
            with _about(experiment, event.ref):
                _log.warning("an agent has failed", kind=event.kind.value, reason=event.reason, **_trace(event))
        case EpisodeLost() | ContestantFailed():
            what = "an episode is lost" if isinstance(event, EpisodeLost) else "a policy has failed"
            trace = {} if isinstance(event, EpisodeLost) else _trace(event)
            with bound(generation=_generation(event.agent), agent=event.agent):
                _log.warning(what, purpose=event.purpose.value, episode=event.number, reason=event.reason, **trace)


def _trace(event: AgentFailed | ContestantFailed) -> dict[str, str]:
    """Return the traceback by the name that logs have for one; of failures that are alike, the first has it."""
    return {"exception": event.traceback.text} if event.traceback and event.traceback.text else {}


def _about(experiment: str, ref: AgentRef) -> AbstractContextManager[None]:
    return bound(generation=ref.generation, agent=agent_id(experiment, ref.generation, ref.index))


def _generation(agent: str) -> int | None:
    try:
        return parse_agent_id(agent)[1]
    except AgentNotFound:  # random play belongs to none
        return None
