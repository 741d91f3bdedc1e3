"""Utilisation of cores during an evolution, and overhead of an instant episode."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.table import Table

from bench.bare_loops import Job, bare_loops
from bench.clau_doom_run import measured_run
from bench.measurement_journal import Play
from bench.throughput_sample import MeasurementFailed, Spread
from bench.utilisation_bound import utilisation_bounds
from clau_doom.config import (
    ExecutionConfig,
    ExperimentConfig,
    GeneticConfig,
    HoldoutConfig,
    RandomPolicyConfig,
    RulesPolicyConfig,
    ScenarioConfig,
)

__all__ = ["UtilisationRound", "utilisation_round", "utilisation_table"]

_HOLDOUT = HoldoutConfig(validation=1, episodes=2)
_GENERATIONS, _STEADY = GeneticConfig(), GeneticConfig(mode="steady_state")
_SIZES = {
    "quickstart's: 40 agents, 4 episodes": (40, 4, _GENERATIONS),
    "the same in a steady state": (40, 4, _STEADY),
    "100 agents, 8 episodes": (100, 8, _GENERATIONS),
    "these in a steady state": (100, 8, _STEADY),
}
"""Population, episodes of each agent, and evolution settings, by name."""
_INSTANT = (20, 100)
"""Population of each of two generations, and episodes of each agent. An episode has one decision."""


@dataclass(frozen=True, kw_only=True)
class Evolved:
    """Result of one evolution.

    Attributes:
        playing: Share of the workers' wall time in which an episode was begun or played, between the start of the first
            generation and the end of the last.
        shortest: 5th percentile of the episodes' lengths, in tics.
        longest: 95th percentile of the episodes' lengths, in tics.
    """

    playing: float
    shortest: float
    longest: float


@dataclass(frozen=True, kw_only=True)
class UtilisationRound:
    """Results of one round.

    Attributes:
        evolved: Result of each evolution, by name of its size.
        overhead: Additional milliseconds of a worker's time for an instant episode, compared with a bare loop, by
            number of workers.

    A measurement that failed is None.
    """

    evolved: dict[str, Evolved | None]
    overhead: dict[int, float | None]


def utilisation_round(play: Play, cores: tuple[int, ...]) -> UtilisationRound:
    """Measure one round on a number of cores; failed measurements are omitted."""
    seed, folder = 1 + play.number, play.folder
    evolved = {}
    for number, (name, (population, episodes, evolution)) in enumerate(_SIZES.items()):
        config = ExperimentConfig(
            name="bench",
            seed=seed,
            generations=3,
            population=population,
            episodes=episodes,
            scenario=ScenarioConfig(name="defend_the_center"),
            policy=RulesPolicyConfig(),
            evolution=evolution,
            execution=ExecutionConfig(workers=len(cores)),
            holdout=_HOLDOUT,
        )
        evolved[name] = play.measure(name, partial(_evolved, config, folder / str(number)))
    overhead = {}
    for count in dict.fromkeys([1, len(cores)]):
        instant = partial(_overhead, folder / f"instant-{count}", cores[:count], seed)
        overhead[count] = play.measure(f"instant episodes, workers: {count}", instant)
    return UtilisationRound(evolved=evolved, overhead=overhead)


def _evolved(config: ExperimentConfig, folder: Path) -> Evolved:
    folder.mkdir()
    run = measured_run(config, folder)
    tics = sorted(run.tics)
    return Evolved(
        playing=sum(run.lengths) / (run.sample.seconds * config.execution.workers),
        shortest=tics[len(tics) // 20],
        longest=tics[-1 - len(tics) // 20],
    )


def _overhead(folder: Path, cores: tuple[int, ...], seed: int) -> float:
    """Return the additional milliseconds per episode of a run, compared with bare loops that play the same decision."""
    folder.mkdir()
    population, episodes = _INSTANT
    config = ExperimentConfig(
        name="bench",
        seed=seed,
        generations=2,
        population=population,
        episodes=episodes,
        scenario=ScenarioConfig(name="defend_the_center", timeout=1),
        policy=RandomPolicyConfig(),
        execution=ExecutionConfig(workers=len(cores), record="none"),
        holdout=_HOLDOUT,
    )
    run = measured_run(config, folder)
    job = Job(
        folder=str(folder),
        scenario=config.scenario.model_dump_json(),
        policy=config.policy.model_dump_json(),
        episodes=run.episodes,
        cores=cores,
        seconds=run.sample.seconds,
    )
    bare, _ = bare_loops(job)
    if (run.sample.decisions, run.sample.tics) != (bare.decisions, bare.tics):
        raise MeasurementFailed(f"the run and the bare loops played different episodes: {run.sample} and {bare}")
    return 1000 * len(cores) * (run.sample.seconds - bare.seconds) / len(run.episodes)


def utilisation_table(rounds: Sequence[UtilisationRound]) -> Table:
    """Return the results as a table."""
    table = Table(title="cores that play, of an evolution's wall time", title_justify="left", header_style="bold")
    for heading in ("what", "measured", "goal", "tics: 5 % below", "5 % above"):
        table.add_column(heading, justify="left" if heading == "what" else "right", no_wrap=True)
    for name in rounds[0].evolved:
        found = [taken for each in rounds if (taken := each.evolved[name])]
        shares = Spread(tuple(100 * each.playing for each in found)).text(".1f")
        ends = [f"{statistics.median(values):,.0f}" if found else "-" for values in _ends(found)]
        table.add_row(name, f"{shares} %", ">= 97 %", *ends)
    for name, share in utilisation_bounds().items():
        table.add_row(name, f"{100 * share:.1f} %", ">= 97 %", "", "")
    for workers in rounds[0].overhead:
        costs = [each.overhead[workers] for each in rounds]
        middle = Spread(tuple(cost for cost in costs if cost is not None)).text(".3f")
        name = f"an instant episode, above a bare loop's, {workers} worker{'s' * (workers > 1)}"
        table.add_row(name, f"{middle} ms", "<= 0.2 ms", "", "")
    return table


def _ends(found: Sequence[Evolved]) -> tuple[list[float], list[float]]:
    return [each.shortest for each in found], [each.longest for each in found]
