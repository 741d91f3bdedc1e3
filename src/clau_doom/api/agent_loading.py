"""Loading of agents from agent files and stored experiments."""

import os
from collections.abc import Iterable
from pathlib import Path

from clau_doom.api.event_loop import run_blocking
from clau_doom.api.loaded_agent import LoadedAgent
from clau_doom.api.opening import locate
from clau_doom.api.stored_agent_loading import consent_to, load_stored_agent
from clau_doom.api.user_paths import expanded_path
from clau_doom.app.catalog.folder_source import FolderSource
from clau_doom.app.replay_agent_lookup import find_agent, is_agent_file

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
            random baseline, or of an experiment for its champion. An id may have the path of its output folder, such as
            ``runs/quickstart``.
        output_dir: Folder of experiments, for an id. None: ``$CLAU_DOOM_OUTPUT_DIR``, or else ``runs``.
        trust: Policy classes (``module:Class``), measures (``module:function``) and addresses of remote agents that a
            file may name. A class or a measure is code that runs in this process: read its source first. Names in
            ``CLAU_DOOM_TRUST`` are allowed, too. Measures that are not allowed are not computed.
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
    if not is_agent_file(os.fspath(agent)):
        name, folder = locate(agent, output_dir)
        return load_stored_agent(FolderSource(folder), name, trust=trust, address=address)
    consent = consent_to(trust, address)
    # No folder is read for a file.
    setting, replayed = run_blocking(
        find_agent(str(expanded_path(agent)), None, Path(), trust=consent, address=address)
    )
    return LoadedAgent(setting, replayed, trust=consent, stored_in=None, address=address)
