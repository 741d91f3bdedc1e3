"""Checks of a valid configuration: missing scenarios or policies, and exceeded limits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from clau_doom.app.policy_output_suppression import contained_output
from clau_doom.app.resource_estimate import estimate_resources, excesses
from clau_doom.config import CustomPolicyConfig, ExperimentConfig, LimitsConfig, Problem, RemotePolicyConfig
from clau_doom.errors import ConfigError
from clau_doom.game import Scenario
from clau_doom.game import resolve as resolve_scenario
from clau_doom.policies import custom_source, make_policy
from clau_doom.ports import Policy

__all__ = ["ConfigurationCheck", "examine"]

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class ConfigurationCheck:
    """Result of an examination.

    Attributes:
        scenario: The scenario, or None if it cannot be used.
        policy: The policy, or None if it cannot be used or runs in another program or image.
        problems: All problems that would prevent a run.
    """

    scenario: Scenario | None
    policy: Policy | None
    problems: tuple[Problem, ...]


def examine(config: ExperimentConfig, limits: LimitsConfig) -> ConfigurationCheck:
    """Load the scenario and the policy of a configuration, and compare its estimate with limits.

    Remote agents, images and clusters are checked by the plan, not here.
    """
    problems: list[Problem] = []
    scenario = _found(("scenario", "name"), lambda: resolve_scenario(config.scenario), problems)
    with contained_output():
        policy = _policy(config, scenario, problems)
        genes = len(policy.space) if policy else 0
    problems += excesses(config, estimate_resources(config, genes), limits)
    return ConfigurationCheck(scenario=scenario, policy=policy, problems=tuple(problems))


def _policy(config: ExperimentConfig, scenario: Scenario | None, problems: list[Problem]) -> Policy | None:
    chosen = config.policy
    custom = isinstance(chosen, CustomPolicyConfig)
    if isinstance(chosen, RemotePolicyConfig) or (custom and config.selected_backend.isolates_policies):
        return None
    path = ("policy", "target" if custom else "kind")
    if scenario is not None:
        return _found(path, lambda: make_policy(chosen, scenario.facts), problems)
    if isinstance(chosen, CustomPolicyConfig):  # cannot be created without a scenario, but the class can be missing
        _found(path, lambda: custom_source(chosen), problems)
    return None


def _found(path: tuple[str, ...], make: Callable[[], _T], problems: list[Problem]) -> _T | None:
    """Return the result of `make`. If `make` rejects the value at `path`, add the problem and return None."""
    try:
        return make()
    except ConfigError as error:
        problems.append(Problem(path=path, text=str(error).removeprefix(f"{'.'.join(path)} ")))
        return None
