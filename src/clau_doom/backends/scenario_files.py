"""Files of a user's own scenario: their paths for local workers, and their announcement to remote workers."""

from hashlib import file_digest
from pathlib import Path

from clau_doom.config import ScenarioConfig
from clau_doom.game import SCENARIOS, Scenario, ScenarioFiles, own_files
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.regular_files import open_regular

__all__ = ["announced_files", "placed_scenario"]


def placed_scenario(config: ScenarioConfig, scenario: Scenario) -> tuple[ScenarioConfig, ScenarioFiles | None]:
    """Return a scenario's configuration and files for local workers. The files of ViZDoom's scenarios are None."""
    bundled = scenario.facts.name in SCENARIOS
    name = scenario.facts.name if bundled else str(scenario.cfg)
    return config.model_copy(update={"name": name}), own_files(scenario)


def announced_files(scenario: Scenario) -> list[tuple[pb.ScenarioFile, Path]]:
    """Return each file's announcement and local path. Empty for ViZDoom's scenarios."""
    own = own_files(scenario)
    if own is None:
        return []
    roles = ((pb.ScenarioFile.ROLE_CFG, scenario.cfg), (pb.ScenarioFile.ROLE_WAD, own.wad))
    named = (*roles, (pb.ScenarioFile.ROLE_GAME, own.game))
    return [(_announced(role, path), path) for role, path in named if path is not None]


def _announced(role: pb.ScenarioFile.Role, path: Path) -> pb.ScenarioFile:
    with open_regular(path) as file:
        digest = file_digest(file, "sha256").digest()
    return pb.ScenarioFile(role=role, sha256=digest, size=path.stat().st_size)
