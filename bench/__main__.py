"""``python -m bench``: everything that clau-doom promises about speed, measured side by side, in one table.

A round plays each contestant once, so that whatever else the machine does meets them all; ratios are taken within a
round, and the table shows their median with the least and the greatest.
"""

import argparse
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.bare import Job, bare_loops
from bench.product import product_run
from bench.samples import Sample, Spread
from bench.scripted import scripted_episodes
from bench.vector_env import VectorJob, vector_env
from clau_doom.config import (
    ExecutionConfig,
    ExperimentConfig,
    HoldoutConfig,
    NeuralPolicyConfig,
    PolicyConfig,
    RandomPolicyConfig,
    RulesPolicyConfig,
    ScenarioConfig,
)

_POLICIES: dict[str, Callable[[], PolicyConfig]] = {
    "random": RandomPolicyConfig,
    "rules": RulesPolicyConfig,
    "neural": NeuralPolicyConfig,
}
_VECTOR_SECONDS = 5.0
_WIDTH = 150  # where no terminal says, wide enough for the table


@dataclass(frozen=True, kw_only=True)
class Round:
    """One round with one policy: the same episodes by a run, by bare loops and replayed; Gymnasium's random play."""

    run: Sample
    bare: Sample
    replay: Sample
    vector: Sample


def main() -> None:
    """Measure and print."""
    options = _options()
    cores = tuple(sorted(os.sched_getaffinity(0)))[: options.workers]
    policies = options.policies.split(",")
    rounds: dict[str, list[Round]] = {policy: [] for policy in policies}
    scripted = []
    with tempfile.TemporaryDirectory(prefix="clau-doom-bench-") as name:
        for number in range(options.rounds):
            for policy in policies:
                folder = Path(name) / f"{number}-{policy}"
                folder.mkdir()
                rounds[policy].append(_round(options, policy, number, cores, folder))
                shutil.rmtree(folder)
            folder = Path(name) / f"{number}-scripted"
            scripted.append(scripted_episodes(folder, generations=20, population=50, episodes=4, slots=len(cores)))
    console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
    console.print(_machine(), highlight=False)
    console.print(_table(rounds, scripted, options, len(cores)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure clau-doom beside bare ViZDoom loops.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--policies", default="random,rules", help="of random, rules, neural; separated by commas")
    parser.add_argument("--scenario", default="defend_the_center")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--generations", type=int, default=3)
    parser.add_argument("--population", type=int, default=40)
    parser.add_argument("--record", choices=["champions", "all", "none"], default="champions")
    return parser.parse_args()


def _round(options: argparse.Namespace, policy: str, number: int, cores: tuple[int, ...], folder: Path) -> Round:
    config = ExperimentConfig(
        name="bench",
        seed=1 + number,
        generations=options.generations,
        population=options.population,
        scenario=ScenarioConfig(name=options.scenario),
        policy=_POLICIES[policy](),
        execution=ExecutionConfig(workers=len(cores), record=options.record),
        holdout=HoldoutConfig(validation=1, episodes=2),
    )
    run = product_run(config, folder)
    job = Job(
        folder=str(folder),
        scenario=config.scenario.model_dump_json(),
        policy=config.policy.model_dump_json(),
        episodes=run.episodes,
        cores=cores,
    )
    bare, replay = bare_loops(job)
    if (run.sample.decisions, run.sample.tics) != (bare.decisions, bare.tics):
        raise SystemExit(f"the run and the bare loops played different episodes: {run.sample} and {bare}")
    vector = VectorJob(
        scenario=options.scenario,
        resolution=config.scenario.resolution,
        frame_skip=config.scenario.frame_skip,
        environments=len(cores),
        seconds=_VECTOR_SECONDS,
    )
    return Round(run=run.sample, bare=bare, replay=replay, vector=vector_env(vector, folder))


def _machine() -> str:
    names = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    model = names[0] if names else platform.processor()
    return f"{len(names)} x {model}, Python {platform.python_version()}, {platform.system()} {platform.release()}"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _table(
    rounds: dict[str, list[Round]], scripted: Sequence[Sample], options: argparse.Namespace, workers: int
) -> Table:
    title = f"{options.scenario}, {workers} workers, {options.rounds} rounds: median (least to greatest)"
    table = Table(title=title, title_justify="left", header_style="bold")
    for heading in ("what", "decisions/s", "tics/s", "run / this", "goal"):
        table.add_column(heading, justify="left" if heading == "what" else "right", no_wrap=True)
    for policy, played in rounds.items():
        for name, goal, pick in _CONTESTANTS:
            _row(table, f"{name}, {policy} policy", goal, [(each.run, pick(each)) for each in played])
        table.add_section()
    rates = Spread(tuple(sample.decisions_per_second for sample in scripted))
    table.add_row("scripted episodes through orchestrator and store", f"{rates.text()} episodes/s", "", "", "2,000")
    return table


_CONTESTANTS: tuple[tuple[str, str, Callable[[Round], Sample]], ...] = (
    ("clau-doom run", "", lambda each: each.run),
    ("bare loops", "0.95", lambda each: each.bare),
    ("bare loops replaying actions", "", lambda each: each.replay),
    ("AsyncVectorEnv, random play, beside", "3 by tics", lambda each: each.vector),
)


def _row(table: Table, name: str, goal: str, pairs: Sequence[tuple[Sample, Sample]]) -> None:
    own = all(run is other for run, other in pairs)
    # Actions may be held for fewer tics than Gymnasium holds them: game time is what the two have in common.
    ratios = Spread(tuple(run.tics_per_second / other.tics_per_second for run, other in pairs))
    table.add_row(
        name,
        Spread(tuple(other.decisions_per_second for _, other in pairs)).text(),
        Spread(tuple(other.tics_per_second for _, other in pairs)).text(),
        "" if own else ratios.text(".3f"),
        goal,
    )


if __name__ == "__main__":
    main()
