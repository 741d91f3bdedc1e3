"""Copies of an experiment's input files, made at its start and used when the originals are missing.

Users may move or delete their own scenario files after a run. Each .cfg and .wad file of at most `LARGEST_INPUT` bytes
is copied when an experiment is created. A copy is used only if it has the recorded digest.
"""

import hashlib
from pathlib import Path

from clau_doom.app.warm_start import StartAgent, start_document
from clau_doom.config import ScenarioConfig, gene_space_to_json
from clau_doom.domain import GenomeSpace
from clau_doom.domain.experiment import Provenance
from clau_doom.errors import ConfigError
from clau_doom.game import SCENARIOS, Scenario, ScenarioFiles, own_files, scenario_facts
from clau_doom.game import resolve as resolve_scenario
from clau_doom.storage import CFG, GENES, LARGEST_INPUT, START, WAD, StoredInputs

__all__ = ["copy_inputs", "same_files", "stored_scenario"]


def copy_inputs(space: GenomeSpace, scenario: Scenario, start: tuple[StartAgent, ...] = ()) -> dict[str, bytes]:
    """Read the files to store with a new experiment, by name.

    Args:
        space: Genes of the policy.
        scenario: The scenario.
        start: Genomes of a warm start.

    Raises:
        ConfigError: A file of the scenario has changed since its digest was computed.
    """
    found = {GENES: gene_space_to_json(space)}
    if start:
        found[START] = start_document(start, space)
    if own_files(scenario) is not None:
        found[CFG] = _read(scenario.cfg, scenario.cfg_sha256)
        if scenario.wad is not None and scenario.wad.stat().st_size <= LARGEST_INPUT:
            found[WAD] = _read(scenario.wad, scenario.wad_sha256)
    return {name: content for name, content in found.items() if len(content) <= LARGEST_INPUT}


def stored_scenario(
    config: ScenarioConfig, then: Provenance, inputs: StoredInputs | None, *, replaying: bool
) -> Scenario:
    """Load the scenario of a stored experiment from its path, or else from the copies of its files.

    Args:
        config: Stored configuration.
        then: Provenance of the experiment, with the digests of the scenario's files.
        inputs: Copies of the files. None: there are no copies, such as for an agent file or at a server.
        replaying: Use the copies if the named files have changed. A resume rejects changed files by their digests.

    Raises:
        ConfigError: The named files cannot be used, and the copies are incomplete.
    """
    try:
        scenario = resolve_scenario(config)
    except ConfigError as error:
        if (copy := _copied(config, then, inputs)) is None:
            raise ConfigError(f"{error}{_remedy(config)}") from None
        return copy
    if replaying and not same_files(scenario, then):
        return _copied(config, then, inputs) or scenario
    return scenario


def same_files(scenario: Scenario, then: Provenance) -> bool:
    """Return whether the files of a scenario have the recorded digests."""
    recorded = {name: value for name, value in then.facts if name.startswith("scenario.")}
    return scenario_facts(scenario) == recorded


def _copied(config: ScenarioConfig, then: Provenance, inputs: StoredInputs | None) -> Scenario | None:
    """Load the scenario from the copies. Return None if the copies differ from the recorded scenario."""
    if inputs is None or (cfg := inputs.path(CFG)) is None:
        return None
    try:
        scenario = resolve_scenario(
            config.model_copy(update={"name": str(cfg)}), ScenarioFiles(wad=inputs.path(WAD), game=None)
        )
    except ConfigError:  # the .wad is too large to be copied, or a copy is damaged
        return None
    return scenario if same_files(scenario, then) else None


def _read(path: Path, digest: str) -> bytes:
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise ConfigError(f"{path} has changed during the start of the experiment: start it again")
    return content


def _remedy(config: ScenarioConfig) -> str:
    if config.name in SCENARIOS:
        return ""
    return "; restore the files, or resume with CLAU_DOOM_SCENARIO_NAME set to the new path of the .cfg"
