"""Ids of experiments and agents, validated before their use in paths, subjects and queries."""

import re
from functools import lru_cache

from clau_doom.errors import ConfigError, InvalidAgentId

__all__ = ["agent_id", "baseline_id", "check_experiment_id", "experiment_of_player", "parse_agent_id"]

_EXPERIMENT = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_AGENT = re.compile(r"([a-z0-9][a-z0-9_-]{0,39})-g(\d{3,6})-a(\d{3,6})")
_BASELINE = "-random"


def check_experiment_id(text: str) -> str:
    """Return a text if it is a valid id of an experiment.

    Raises:
        ConfigError: The text is not a valid id; the message has the rule.
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
    """Return the id of an experiment's random baseline."""
    return f"{experiment}{_BASELINE}"


def parse_agent_id(text: str) -> tuple[str, int, int]:
    """Return the experiment's id, the generation and the index in an agent id.

    Raises:
        InvalidAgentId: The text does not have the form of an agent id.
    """
    match = _AGENT.fullmatch(text)
    if not match or agent_id(match[1], int(match[2]), int(match[3])) != text:
        raise InvalidAgentId(f"{text!r} is not an agent id: use the form quickstart-g003-a017")
    return match[1], int(match[2]), int(match[3])


@lru_cache(maxsize=10_000)
def experiment_of_player(text: str) -> str:
    """Return the experiment's id in the id of an agent or of the random baseline.

    Raises:
        InvalidAgentId: The text does not have the form of such an id.
    """
    match = _EXPERIMENT.fullmatch(text.removesuffix(_BASELINE)) if text.endswith(_BASELINE) else None
    return match[0] if match else parse_agent_id(text)[0]
