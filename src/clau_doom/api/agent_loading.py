"""Loading of agents from agent files and stored experiments."""

import os
from collections.abc import Iterable

from clau_doom.api.event_loop import run_blocking
from clau_doom.api.loaded_agent import LoadedAgent
from clau_doom.api.output_dir import find_output_dir
from clau_doom.app.replay_agent_lookup import find_agent, is_agent_file
from clau_doom.app.trusted_code import TRUST_VARIABLE, Trust

__all__ = ["load_agent"]


def load_agent(
    agent: str | os.PathLike[str],
    *,
    output_dir: str | os.PathLike[str] | None = None,
    trust: Iterable[str] = (),
    address: str | None = None,
) -> LoadedAgent:
    """Load an agent to use it outside of its run.

    Args:
        agent: Path of an agent file (.json, written by ``clau-doom agent export``), or the id of an agent, of the
            random baseline, or of an experiment for its champion.
        output_dir: Folder of experiments. None: ``CLAU_DOOM_OUTPUT_DIR``, or else ``runs``.
        trust: Policy classes (``module:Class``) and addresses of remote agents that a file may name. A class is code
            that runs in this process: read its source first. Names in ``CLAU_DOOM_TRUST`` are allowed, too.
        address: Current address of a remote agent's program, if it has changed since the run.

    Raises:
        ExperimentNotFound: The experiment does not exist.
        AgentNotFound: The experiment does not have the agent, or does not have a champion yet.
        ConfigError: The file cannot be used, or names a class or an address that is not in `trust`.

    Example:
        >>> import clau_doom as cd
        >>> agent = cd.load_agent("examples/champions/defend_the_center.json")
        >>> env = agent.make_env()
        >>> observation, info = env.reset(seed=7)
        >>> agent.reset(seed=7)
        >>> done = False
        >>> while not done:
        ...     observation, reward, terminated, truncated, info = env.step(agent.act(observation))
        ...     done = terminated or truncated
        >>> env.close()
    """
    name, folder = os.fspath(agent), find_output_dir(output_dir)
    allowed = {*trust, *os.environ.get(TRUST_VARIABLE, "").split(), *([address] if address else [])}
    consent = Trust(frozenset(allowed), remedy="trust=['{}']")
    setting, replayed = run_blocking(find_agent(name, None, folder, trust=consent, address=address))
    stored_in = None if is_agent_file(name) else folder
    return LoadedAgent(setting, replayed, trust=consent, stored_in=stored_in, address=address)
