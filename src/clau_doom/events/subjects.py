"""Where on a bus an event is told, and how a pattern chooses among subjects.

Ids are checked before they become a token: a dot, a space or a wildcard in one would be another subject, or several.
"""

import re
from typing import assert_never

from clau_doom.domain import agent_id, check_experiment_id
from clau_doom.domain.events import (
    AgentDropped,
    AgentEvaluated,
    AgentFailed,
    AgentPaused,
    AgentRestarted,
    AgentResumed,
    AgentsAsked,
    ChampionChosen,
    ContestantFailed,
    EpisodeFinished,
    EpisodeLost,
    Event,
    ExperimentCancelled,
    ExperimentCompleted,
    ExperimentCreated,
    ExperimentFailed,
    ExperimentInterrupted,
    ExperimentPaused,
    ExperimentResumed,
    ExperimentStarted,
    GenerationCompleted,
    GenerationStarted,
    GenomeInjected,
)
from clau_doom.errors import AgentNotFound

__all__ = ["ALL_COMMANDS", "ALL_EVENTS", "covers", "events_of", "subject_of"]

ALL_EVENTS = "clau-doom.experiment.>"
"""Every event of every experiment."""

ALL_COMMANDS = "clau-doom.control.>"
"""Every command, well formed or not."""

_SAID_BEFORE = {"Experiment", "Generation", "Agent"}
"""First words of events' names that stand in the subject already."""

_AGENT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def events_of(experiment: str) -> str:
    """Return the pattern of all of an experiment's events.

    Raises:
        ConfigError: `experiment` is no experiment id.
    """
    return f"clau-doom.experiment.{check_experiment_id(experiment)}.>"


def subject_of(experiment: str, event: Event) -> str:
    """Return the subject of an event of an experiment.

    Raises:
        ConfigError: `experiment` is no experiment id.
        AgentNotFound: The event names an agent by something that is no agent's id.
    """
    check_experiment_id(experiment)
    return f"clau-doom.experiment.{experiment}.{_about(experiment, event)}{_happening(event)}"


def covers(pattern: str, subject: str) -> bool:
    """Say whether all that `subject` stands for is chosen by `pattern`, by NATS's rules.

    ``*`` stands for one token and ``>`` at the end for one or more; `subject` may have them, too.
    """
    wanted, given = pattern.split("."), subject.split(".")
    for place, word in enumerate(wanted):
        if place >= len(given):
            return False
        if word == ">":
            return True
        if word != given[place] and (word != "*" or given[place] == ">"):
            return False
    return len(wanted) == len(given)


def _about(experiment: str, event: Event) -> str:
    """Return the tokens before the last, each with its dot: what of the experiment the event is about."""
    match event:
        case (
            ExperimentCreated()
            | ExperimentStarted()
            | ExperimentPaused()
            | ExperimentResumed()
            | ExperimentInterrupted()
            | ExperimentCompleted()
            | ExperimentFailed()
            | ExperimentCancelled()
            | ChampionChosen()
        ):
            about = ""
        case GenerationStarted() | AgentsAsked() | GenomeInjected():
            about = f"generation.{event.generation}."
        case GenerationCompleted():
            about = f"generation.{event.summary.index}."
        case EpisodeFinished():
            about = f"agent.{_agent(event.episode.agent)}."
        case EpisodeLost() | ContestantFailed():
            about = f"agent.{_agent(event.agent)}."
        case AgentEvaluated() | AgentDropped() | AgentFailed() | AgentPaused() | AgentResumed() | AgentRestarted():
            about = f"agent.{agent_id(experiment, event.ref.generation, event.ref.index)}."
        case _:
            assert_never(event)
    return about


def _happening(event: Event) -> str:
    """Return what happened: ``started`` for `GenerationStarted`, ``episode_finished`` for `EpisodeFinished`."""
    words = re.findall("[A-Z][a-z]+", type(event).__name__)
    return "_".join(words[1:] if words[0] in _SAID_BEFORE else words).lower()


def _agent(text: str) -> str:
    # The random baseline plays, too, and its id names no place.
    if not _AGENT.fullmatch(text):
        raise AgentNotFound(f"{text!r} is no agent id")
    return text
