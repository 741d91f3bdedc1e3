"""Ids of experiments and agents: checked here before they touch a path, a subject or a query."""

import re

from clau_doom.errors import ConfigError, InvalidAgentId

__all__ = ["agent_id", "baseline_id", "check_experiment_id", "experiment_of_player", "parse_agent_id"]

_EXPERIMENT = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_AGENT = re.compile(r"([a-z0-9][a-z0-9_-]{0,39})-g(\d{3,6})-a(\d{3,6})")
_BASELINE = "-random"


def check_experiment_id(text: str) -> str:
    """Return `text` if it is an experiment id.

    Raises:
        ConfigError: It is not; the message names it and the rule.
    """
    if not _EXPERIMENT.fullmatch(text):
        raise ConfigError(
            f"{text!r} is not an experiment id: use 1 to 40 of a-z, 0-9, '_' and '-', the first a letter or digit"
        )
    return text


def agent_id(experiment: str, generation: int, index: int) -> str:
    """Return the readable, unique id of an agent, such as ``quickstart-g003-a017``."""
    return f"{experiment}-g{generation:03d}-a{index:03d}"


def baseline_id(experiment: str) -> str:
    """Return the id under which the random baseline's episodes are kept."""
    return f"{experiment}{_BASELINE}"


def parse_agent_id(text: str) -> tuple[str, int, int]:
    """Return the experiment's id, the generation and the index that an agent id names.

    Raises:
        InvalidAgentId: `text` has not the form of an agent id.
    """
    match = _AGENT.fullmatch(text)
    if not match or agent_id(match[1], int(match[2]), int(match[3])) != text:
        raise InvalidAgentId(f"{text!r} is not an agent id: use the form quickstart-g003-a017")
    return match[1], int(match[2]), int(match[3])


def experiment_of_player(text: str) -> str:
    """Return the id of the experiment whose agent, or whose random baseline, goes by an id.

    Raises:
        InvalidAgentId: `text` has the form of neither.
    """
    match = _EXPERIMENT.fullmatch(text.removesuffix(_BASELINE)) if text.endswith(_BASELINE) else None
    return match[0] if match else parse_agent_id(text)[0]
