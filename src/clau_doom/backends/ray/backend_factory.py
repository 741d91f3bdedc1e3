"""Creation of a Ray backend: settings of the actors, and files for their nodes."""

import json
import sys
from pathlib import Path

from clau_doom.backends.provider import BackendContext
from clau_doom.backends.ray.actor_handle import ActorSettings
from clau_doom.backends.ray.backend import RayBackend
from clau_doom.backends.ray.configuration import RayConfig
from clau_doom.backends.scenario_files import announced_files
from clau_doom.config import CustomPolicyConfig, import_paths
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.worker import load_measures

__all__ = ["create_ray_backend"]


def create_ray_backend(context: BackendContext) -> RayBackend:
    """Return a Ray backend. The caller enters it."""
    config, files = context.config, announced_files(context.scenario)
    ray = config.section_of(RayConfig)
    setup = pb.Setup(
        scenario_json=config.scenario.model_dump_json(),
        policy_json=config.policy.model_dump_json(),
        measures_json=json.dumps(config.measures),
        import_paths=import_paths(),  # a node without these folders has copies of the modules
        record=config.execution.record != "none",
        files=[announced for announced, _ in files],
    )
    hosting = pb.Hosting(
        setup=setup,
        facts=dict(context.facts.facts),
        episode_timeout=config.execution.episode_timeout,
        stall_timeout=ray.stall_timeout,
        pin=ray.pin,
    )
    settings = ActorSettings(
        hosting=hosting,
        files=tuple(path for _, path in files),
        config=ray,
        modules=_modules(context),
        resolution=context.scenario.facts.resolution,
        measures={each.name: each.declaration for each in load_measures(config.measures)},
    )
    return RayBackend(settings, workers=config.execution.workers)


def _modules(context: BackendContext) -> tuple[Path, ...]:
    """Return the Python files and packages of the policy, of the measures and of the configuration's modules.

    The package of a plugin is not copied, because its entry point is in the metadata of its installation.
    """
    config = context.config
    named = [Path(module).resolve() for module in config.section_of(RayConfig).modules]
    if isinstance(config.policy, CustomPolicyConfig) and ":" in config.policy.target:
        named.append(_outermost(config.policy.target.partition(":")[0]))
    named += [_outermost(target.partition(":")[0]) for target in config.measures.values() if ":" in target]
    return tuple(sorted(set(named)))


def _outermost(module: str) -> Path:
    """Return the file of a module, or the folder of the package that it belongs to."""
    first = sys.modules[module.partition(".")[0]]  # imported when the run was planned
    if first.__file__ is None:  # a package without an __init__
        return Path(next(iter(first.__path__))).resolve()
    file = Path(first.__file__).resolve()
    return file.parent if hasattr(first, "__path__") else file
