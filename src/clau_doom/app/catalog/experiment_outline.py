"""Stored experiments with an outline of their configuration, for lists and for the status.

The stored configuration is parsed, but not validated: its schema takes a quarter of a second of processor time to
import. Only a configuration with missing or invalid values of the outline is validated.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clau_doom.app.catalog.stored_state import check_origin, read_state
from clau_doom.domain.budget import Budget, BudgetUnit
from clau_doom.domain.event_consumer_failure import LogReaderFailure
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import ConfigError
from clau_doom.storage import ExperimentFolders
from clau_doom.strict_yaml import parse_document

if TYPE_CHECKING:
    from clau_doom.config import ExperimentConfig
    from clau_doom.ports import StoredExperiment

__all__ = ["ConfigurationOutline", "ExperimentOutline", "outline_of", "read_outline"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigurationOutline:
    """Values of a configuration that lists and the status show.

    Attributes:
        scenario: Name of the scenario.
        policy: Kind of the policy, or target of a class.
        strategy: Kind of the evolution strategy, or target of a class.
        budget: Amount of evolution after which the experiment ends.
        population: Agents in each generation.
        episodes: Training episodes of each agent.
    """

    scenario: str
    policy: str
    strategy: str
    budget: Budget
    population: int
    episodes: int


@dataclass(frozen=True, kw_only=True)
class ExperimentOutline:
    """Current state of a stored experiment, with the outline of its configuration.

    Attributes:
        snapshot: Content of the store. Measures of training episodes may be missing.
        configuration: Outline of the configuration of the latest run.
        state: State of the snapshot, but `INTERRUPTED` if a killed process left `RUNNING`.
        last_activity: Time of the latest event, in seconds since the epoch.
        reader_failures: Failures of log readers, such as the metrics, in the process of the experiment.
    """

    snapshot: Snapshot
    configuration: ConfigurationOutline
    state: ExperimentState
    last_activity: float
    reader_failures: tuple[LogReaderFailure, ...] = ()


def outline_of(stored: "StoredExperiment") -> ExperimentOutline:
    """Return the outline of an experiment with a validated configuration."""
    return ExperimentOutline(
        snapshot=stored.snapshot,
        configuration=_of_config(stored.config),
        state=stored.state,
        last_activity=stored.last_activity,
        reader_failures=stored.reader_failures,
    )


async def read_outline(output_dir: Path, experiment: str) -> ExperimentOutline:
    """Return the outline of a stored experiment.

    Args:
        output_dir: Folder of experiments.
        experiment: Id of the experiment.

    Raises:
        ExperimentNotFound: No experiment has that id.
        StorageFailed: The experiment cannot be read.
    """
    found = await read_state(ExperimentFolders(output_dir).open(experiment), measured=False)
    return ExperimentOutline(
        snapshot=found.snapshot,
        configuration=await asyncio.to_thread(_stored_outline, found.snapshot, experiment),
        state=found.state,
        last_activity=found.last_activity,
    )


def _stored_outline(snapshot: Snapshot, folder: str) -> ConfigurationOutline:
    if outline := _parsed_outline(snapshot, folder):
        return outline
    # A configuration of an older version, whose missing fields have defaults, or a damaged one.
    from clau_doom.app.catalog.stored_experiments import stored_config  # noqa: PLC0415 - pydantic

    return _of_config(stored_config(snapshot.experiment, snapshot.config_yaml, folder))


def _of_config(config: "ExperimentConfig") -> ConfigurationOutline:
    from clau_doom.config import kind_label  # noqa: PLC0415 - pydantic

    return ConfigurationOutline(
        scenario=config.scenario.name,
        policy=kind_label(config.policy),
        strategy=kind_label(config.evolution),
        budget=config.evolution_budget,
        population=config.population,
        episodes=config.episodes,
    )


def _parsed_outline(snapshot: Snapshot, folder: str) -> ConfigurationOutline | None:
    """Return the outline from the text of the configuration, or None if a value is missing or invalid."""
    try:
        data = parse_document(snapshot.config_yaml, name=f"the stored configuration of {folder}").data
    except ConfigError:
        return None
    match data:
        case {
            "name": str(name),
            "seed": int(seed),
            "population": int(population),
            "scenario": {"name": str(scenario)},
            "episodes": int(episodes),
            "policy": dict(policy),
            "evolution": dict(strategy),
        } if min(population, episodes) > 0 and (budget := _budget(data)) and _label(policy) and _label(strategy):
            check_origin(snapshot.experiment, folder, name, seed)
            return ConfigurationOutline(
                scenario=scenario,
                policy=_label(policy),
                strategy=_label(strategy),
                budget=budget,
                population=population,
                episodes=episodes,
            )
    return None


def _label(section: dict[str, object]) -> str:
    """Return the name of a policy or strategy as `kind_label` does, or an empty text if it is missing."""
    match section:
        case {"kind": "class", "target": str(target)}:
            return target
        case {"kind": str(kind)} if kind != "class":
            return kind
    return ""


def _budget(data: dict[str, object]) -> Budget | None:
    match data:
        case {"generations": int(amount), "budget": {"episodes": None, "tics": None}} if amount > 0:
            return Budget(amount)
        case {"generations": None, "budget": {"episodes": int(amount), "tics": None}} if amount > 0:
            return Budget(amount, BudgetUnit.EPISODES)
        case {"generations": None, "budget": {"episodes": None, "tics": int(amount)}} if amount > 0:
            return Budget(amount, BudgetUnit.TICS)
    return None
