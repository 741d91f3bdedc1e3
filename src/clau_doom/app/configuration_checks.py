"""Checks of a valid configuration: missing scenarios, policies, strategies or start agents, and exceeded limits."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from clau_doom.app.policy_output_suppression import contained_output
from clau_doom.app.resource_estimate import estimate_resources, excesses
from clau_doom.app.strategy_description import check_strategy_class, describe_strategy
from clau_doom.app.warm_start import StartAgent, resolve_start
from clau_doom.config import (
    CustomPolicyConfig,
    ExperimentConfig,
    LimitsConfig,
    Problem,
    RemotePolicyConfig,
    importing_from,
)
from clau_doom.domain import GenomeSpace
from clau_doom.errors import ConfigError
from clau_doom.game import Scenario
from clau_doom.game import resolve as resolve_scenario
from clau_doom.policies import custom_source, make_policy
from clau_doom.ports import Policy
from clau_doom.trackers import check_tracker_config
from clau_doom.worker import load_measures

__all__ = ["ConfigurationCheck", "examine"]

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class ConfigurationCheck:
    """Result of an examination.

    Attributes:
        scenario: The scenario, or None if it cannot be used.
        policy: The policy, or None if it cannot be used or runs in another program or image.
        start: Genomes of a warm start, or None if the genes of the policy are not known here.
        problems: All problems that would prevent a run.
    """

    scenario: Scenario | None
    policy: Policy | None
    start: tuple[StartAgent, ...] | None
    problems: tuple[Problem, ...]


def examine(config: ExperimentConfig, limits: LimitsConfig, output_dir: Path) -> ConfigurationCheck:
    """Load scenario, policy, strategy and start agents of a configuration, and compare its estimate with limits.

    Remote agents, images and clusters are checked by the plan, not here.

    Args:
        config: The configuration.
        limits: Limits of its estimate.
        output_dir: Folder of the experiments that `evolution.start` names.
    """
    with importing_from(config.import_paths):
        return _examine(config, limits, output_dir)


def _examine(config: ExperimentConfig, limits: LimitsConfig, output_dir: Path) -> ConfigurationCheck:
    problems: list[Problem] = []
    problems += _missing_folders(config)
    scenario = _found(("scenario", "name"), lambda: resolve_scenario(config.scenario), problems)
    with contained_output():
        policy = _policy(config, scenario, problems)
        space = policy.space if policy else None
        for name, target in config.measures.items():
            _found(("measures", name), partial(load_measures, {name: target}), problems)
    largest = _largest_population(config, space, problems)
    for index, tracker in enumerate(config.trackers):
        _found(("trackers", index), partial(check_tracker_config, tracker), problems)
    problems += excesses(config, estimate_resources(config, len(space) if space else 0, largest), limits)
    start, missing = (None, ()) if space is None else resolve_start(config, output_dir, space)
    return ConfigurationCheck(scenario=scenario, policy=policy, start=start, problems=(*problems, *missing))


def _missing_folders(config: ExperimentConfig) -> Iterator[Problem]:
    for index, folder in enumerate(config.import_paths):
        if not Path(folder).is_dir():
            yield Problem(path=("import_paths", index), text=f"{folder!r} is not a folder: correct the path")


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


def _largest_population(config: ExperimentConfig, space: GenomeSpace | None, problems: list[Problem]) -> int:
    """Return the largest population, and add a problem if the strategy cannot be used."""
    path = ("evolution", "target")
    if space is None:  # a class cannot be created without genes, but it can be missing
        _found(path, lambda: check_strategy_class(config), problems)
        return config.population
    found = _found(path, lambda: describe_strategy(config, space), problems)
    return found.largest_population if found else config.population


def _found(path: tuple[str | int, ...], make: Callable[[], _T], problems: list[Problem]) -> _T | None:
    """Return the result of `make`. If `make` rejects the value at `path`, add the problem and return None."""
    try:
        return make()
    except ConfigError as error:
        problems.append(Problem(path=path, text=str(error).removeprefix(f"{'.'.join(map(str, path))} ")))
        return None
