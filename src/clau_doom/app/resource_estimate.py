"""Estimate of the agents, episodes, memory and disk space of an experiment, computed before it starts."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from clau_doom.config import (
    ExperimentConfig,
    LimitsConfig,
    MapElitesConfig,
    NeuralPolicyConfig,
    Problem,
    format_size,
)

__all__ = ["ResourceEstimate", "estimate_resources", "excesses", "gigabytes", "most_training_episodes"]

_BASE_MEMORY = 200 << 20
"""Bytes of memory of a run with few agents: the interpreter, its libraries and the store."""
_GENE_MEMORY = 100
"""Bytes of memory per gene and agent of a generation, while the next generation is created and stored."""
_HISTORY_MEMORY = 8
"""Bytes of memory per gene and agent of all generations. The results of a run contain all genomes."""
_AGENT_MEMORY = 1_000
_EPISODE_MEMORY = 2
_GENE_DISK = 20
"""Bytes on disk per gene and agent. A genome is stored in the table of agents and, as text, in the event log."""
_MOST_EVENT = 980_000_000
"""Maximum bytes of a stored event. One event contains a whole generation, and SQLite limits texts to 1 GB."""
_AGENT_DISK = 400
_EPISODE_DISK = 200
_RECORDING_DISK = 2_500
_SHORT_EPISODE = 35
"""Mean tics of an episode that the estimate of a budget in tics assumes: one second."""
_ROLES = 3
"""Contestants on held-out seeds: the champion, generation 0's best agent and the random baseline."""


@dataclass(frozen=True, kw_only=True)
class ResourceEstimate:
    """Maximum resources of an experiment. An experiment with racing plays fewer episodes.

    Attributes:
        genes: Genes of an agent.
        agents: Agents of all generations.
        episodes: Training, validation and held-out episodes.
        memory: Memory of the orchestrator, in bytes, without the workers' memory.
        disk: Size of the experiment's folder, in bytes.
        at_once: Agents whose genomes are in one event of the log.
    """

    genes: int
    agents: int
    episodes: int
    memory: int
    disk: int
    at_once: int


def estimate_resources(config: ExperimentConfig, genes: int, largest_population: int | None = None) -> ResourceEstimate:
    """Estimate the resources of an experiment.

    Args:
        config: The configuration.
        genes: Number of genes of its policy.
        largest_population: Largest number of agents in a generation. None: `population`.
    """
    generations, population = _most_generations(config), largest_population or config.population
    agents = generations * population
    judged = generations * config.holdout.validation + _ROLES * config.holdout.episodes
    episodes = agents * config.episodes + judged
    at_once = max(population, config.evolution.lookahead if config.evolution.mode == "steady_state" else 0)
    kept = 0
    if isinstance(config.evolution, MapElitesConfig):
        kept = min(agents, prod(axis.cells for axis in config.evolution.descriptors))
    recorded = {"none": 0, "champions": generations * config.episodes + judged, "all": episodes}
    return ResourceEstimate(
        genes=genes,
        agents=agents,
        episodes=episodes,
        memory=_BASE_MEMORY
        + genes * (_GENE_MEMORY * at_once + 2 * _HISTORY_MEMORY * kept + _HISTORY_MEMORY * agents)
        + _AGENT_MEMORY * agents
        + _EPISODE_MEMORY * episodes,
        disk=(_GENE_DISK * genes + _AGENT_DISK) * agents
        + _EPISODE_DISK * episodes
        + _RECORDING_DISK * recorded[config.execution.record],
        at_once=at_once,
    )


def _most_generations(config: ExperimentConfig) -> int:
    """Return the number of generations, or for another budget the number without racing and failed agents."""
    if config.generations is not None:
        return config.generations
    episodes = config.budget.episodes or -(-(config.budget.tics or 0) // _SHORT_EPISODE)
    return -(-episodes // (config.population * config.episodes))


def most_training_episodes(config: ExperimentConfig) -> int:
    """Return the number of training episodes of an experiment without racing and failed agents."""
    return _most_generations(config) * config.population * config.episodes


def excesses(config: ExperimentConfig, resources: ResourceEstimate, limits: LimitsConfig) -> Iterator[Problem]:
    """Yield a problem for each exceeded limit, with the value to change, the amount, the limit and the remedy."""
    neural = isinstance(config.policy, NeuralPolicyConfig)
    counts = (
        (("policy", "layers" if neural else "kind"), "genes", resources.genes, limits.genes),
        (("population",), "agents", resources.agents, limits.agents),
        (("episodes",), "episodes", resources.episodes, limits.episodes),
    )
    for path, name, amount, most in counts:
        if amount > most:
            yield _excess(path, name, f"{amount:,} {name}", f"{most:,}")
    sizes = (
        ("memory", "of memory", resources.memory, limits.memory),
        ("stored", "on the disk", resources.disk, limits.stored),
    )
    for name, where, amount, most in sizes:
        if amount > most:
            yield _excess(("population",), name, f"about {gigabytes(amount)} {where}", format_size(most))
    storable = _MOST_EVENT // (resources.genes * 32 // 3 + _AGENT_DISK)  # base64 encodes 3 genes in 32 characters
    if resources.at_once > storable and resources.genes <= limits.genes:
        asked_for = f"{resources.at_once:,} agents of {resources.genes:,} genes at once"
        text = f"needs {asked_for}, but the log can store at most {storable:,}: use fewer agents"
        yield Problem(path=("population",), text=text)


def _excess(path: tuple[str, ...], name: str, amount: str, most: str) -> Problem:
    return Problem(path=path, text=f"needs {amount}, but limits.{name} is {most}: reduce it, or raise limits.{name}")


def gigabytes(size: int) -> str:
    """Format a number of bytes, such as ``1.2 GB`` or ``340 MB``."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 1.0):.0f} MB"
