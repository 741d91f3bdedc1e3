"""Creation of the Ray backend for a plan: settings of the actors, and files for their nodes."""

import sys
from pathlib import Path

from clau_doom.app.plan import Plan
from clau_doom.app.scenario_files import announced_files
from clau_doom.backends.ray import RayBackend, Rules
from clau_doom.config import CustomPolicyConfig
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb

__all__ = ["make_ray_backend"]


def make_ray_backend(plan: Plan) -> RayBackend:
    """Create the Ray backend of a plan, not yet entered."""
    config, files = plan.config, announced_files(plan.scenario)
    setup = pb.Setup(
        scenario_json=config.scenario.model_dump_json(),
        policy_json=config.policy.model_dump_json(),
        record=config.execution.record != "none",
        files=[announced for announced, _ in files],
    )
    hosting = pb.Hosting(
        setup=setup,
        facts=dict(plan.facts.facts),
        episode_timeout=config.execution.episode_timeout,
        stall_timeout=config.ray.stall_timeout,
        pin=config.ray.pin,
    )
    rules = Rules(
        hosting=hosting,
        files=tuple(path for _, path in files),
        config=config.ray,
        modules=_modules(plan),
        resolution=plan.scenario.facts.resolution,
    )
    return RayBackend(rules, workers=config.execution.workers)


def _modules(plan: Plan) -> tuple[Path, ...]:
    """Return the Python files and packages of the policy and of the configuration's modules."""
    config = plan.config
    named = [Path(module).resolve() for module in config.ray.modules]
    if isinstance(config.policy, CustomPolicyConfig):
        named.append(_outermost(config.policy.target.partition(":")[0]))
    return tuple(sorted(set(named)))


def _outermost(module: str) -> Path:
    """Return the file of a module, or the folder of the package that it belongs to."""
    first = sys.modules[module.partition(".")[0]]  # imported when the run was planned
    if first.__file__ is None:  # a package without an __init__
        return Path(next(iter(first.__path__))).resolve()
    file = Path(first.__file__).resolve()
    return file.parent if hasattr(first, "__path__") else file
