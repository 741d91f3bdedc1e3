"""Loading of agents of stored experiments, in a folder or at a server."""

import os
from collections.abc import Iterable

from clau_doom.api.event_loop import run_blocking
from clau_doom.api.loaded_agent import LoadedAgent
from clau_doom.app.catalog.folder_source import ExperimentSource, FolderSource
from clau_doom.app.replay_agent_lookup import find_stored_agent
from clau_doom.app.trusted_code import TRUST_VARIABLE, Trust

__all__ = ["consent_to", "load_stored_agent"]


def load_stored_agent(
    source: ExperimentSource, name: str, *, trust: Iterable[str] = (), address: str | None = None
) -> LoadedAgent:
    """Load an agent of a stored experiment; see `load_agent`.

    Args:
        source: Folder or server of the experiment. A server's policies need consent.
        name: Id of an agent, of the random baseline, or of the experiment for its champion.
        trust: Policy classes, measures and addresses that a server may name.
        address: Current address of a remote agent's program, if it has changed since the run.
    """
    consent = consent_to(trust, address)
    folder = source.output_dir if isinstance(source, FolderSource) else None
    origin = "the server" if folder is None else None
    found = run_blocking(find_stored_agent(name, source, origin=origin, trust=consent, address=address))
    return LoadedAgent(*found, trust=consent, stored_in=folder, address=address)


def consent_to(trust: Iterable[str], address: str | None) -> Trust:
    """Return the user's consent to the names in `trust` and in ``CLAU_DOOM_TRUST``, and to an address."""
    allowed = {*trust, *os.environ.get(TRUST_VARIABLE, "").split(), *([address] if address else [])}
    return Trust(frozenset(allowed))
