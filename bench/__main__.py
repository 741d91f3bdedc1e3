"""``python -m bench``: everything that clau-doom promises about speed, measured side by side, in one table.

A round plays each contestant once, so that whatever else the machine does meets them all; ratios are taken within a
round, and the table shows their median with the least and the greatest.
"""

import argparse
import os
import platform
import signal
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.bare import Job, bare_loops
from bench.containers import EVALUATIONS, ContainerRound, container_round, start_seconds
from bench.looking import looking_rounds
from bench.parts import PARTS
from bench.product import product_run
from bench.remote import RemoteRound, RoundTrip, agents, remote_round, round_trip
from bench.samples import Sample, Spread
from bench.scripted import scripted_episodes
from bench.streams import CLIENTS, stream_events
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
from clau_doom.testing import DockerHost

_POLICIES: dict[str, Callable[[], PolicyConfig]] = {
    "random": RandomPolicyConfig,
    "rules": RulesPolicyConfig,
    "neural": NeuralPolicyConfig,
}
_EPISODES = {"random": 12, "rules": 4, "neural": 4}
"""Episodes an agent: random play dies young, and would be over before it can be measured."""
_VECTOR_SECONDS = 5.0
_REMOTE_WORKERS = 3
"""Workers a core that ask a remote agent: while one waits for an answer, another plays."""
_WIDTH = 130  # where no terminal says, wide enough for the table


@dataclass(frozen=True, kw_only=True)
class Round:
    """One round with one policy: the same episodes by a run, by bare loops, and replayed; random play by Gymnasium."""

    run: Sample
    bare: Sample
    replay: Sample
    vector: Sample


@dataclass(frozen=True, kw_only=True)
class Contained:
    """One round of agents in containers: by evaluation, and what a start took."""

    rounds: dict[str, ContainerRound]
    starts: list[float]


def main() -> None:
    """Measure and print."""
    # Told to end, it ends what it has started as well.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    options = _options()
    if options.only == "containers":
        _containers_alone(options)
        return
    if options.only == "arena":
        _arena_alone(options)
        return
    if options.only in PARTS:
        _print(_machine(), PARTS[options.only](options))
        return
    _runs(options)
    if options.only is None:
        for part in PARTS.values():  # each as it is measured: all of them take longer than anybody wants to wait
            _print(part(options))


def _runs(options: argparse.Namespace) -> None:
    """Measure and print what a run is beside bare loops, and what stands around it."""
    cores = tuple(sorted(os.sched_getaffinity(0)))[: options.workers]
    rounds: dict[str, list[Round]] = {policy: [] for policy in options.policies}
    scripted, remote, contained = [], [], []
    streams: dict[int, list[float]] = {clients: [] for clients in CLIENTS}
    trips: list[dict[tuple[str, str], RoundTrip]] = []
    with tempfile.TemporaryDirectory(prefix="clau-doom-bench-") as name:
        for number in range(options.rounds):
            folder = Path(name) / str(number)
            folder.mkdir()
            vector = _vector(options, len(cores), folder)
            for policy in options.policies:
                config = _config(options, policy, seed=1 + number, workers=len(cores))
                rounds[policy].append(_round(config, cores, vector, folder / policy))
            for clients in CLIENTS:
                streams[clients].append(stream_events(folder, clients))
            scripted.append(scripted_episodes(folder, generations=20, population=50, episodes=4, slots=len(cores)))
            config = _config(options, "rules", seed=1 + number, workers=len(cores))
            (folder / "remote").mkdir()
            remote.append(remote_round(config, folder / "remote", workers=_REMOTE_WORKERS * len(cores)))
            trips.append(_trips(config, folder / "remote"))
            if DockerHost().answers:
                contained.append(_contained(folder / "containers", len(cores)))
            print(f"round {number + 1} of {options.rounds} is over", file=sys.stderr)
    _print(
        _machine(),
        _table(rounds, scripted, options, len(cores)),
        _service_table(streams),
        _remote_table(remote, trips),
        _container_table(contained) if contained else "no Docker daemon answers: containers are left out",
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure clau-doom beside bare ViZDoom loops.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--policies", nargs="+", choices=_POLICIES, default=["random", "rules"])
    parser.add_argument("--scenario", default="defend_the_center", help="a bundled one")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--generations", type=int, default=4)
    parser.add_argument("--population", type=int, default=40)
    parser.add_argument("--only", choices=["runs", "containers", "arena", *PARTS], help="measure nothing else")
    parser.add_argument("--most", type=int, default=10_000, help="workers that are simulated at most")
    parser.add_argument("--scripted", type=int, default=1_000_000, help="scripted episodes for --only million")
    parser.add_argument("--record", choices=["champions", "all", "none"], default="champions")
    return parser.parse_args()


def _containers_alone(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="clau-doom-bench-") as name:
        rounds = [_contained(Path(name) / str(number), options.workers) for number in range(options.rounds)]
    _print(_machine(), _container_table(rounds))


def _arena_alone(options: argparse.Namespace) -> None:
    rounds = looking_rounds(options.rounds)
    table = Table(title="looking at what is played", title_justify="left", header_style="bold")
    for heading in ("who looks", "decisions/s", "of those where nobody can", "goal"):
        table.add_column(heading, justify="left" if heading == "who looks" else "right", no_wrap=True)
    for name, samples, goal in (
        ("nobody can", [each.closed for each in rounds], ""),
        ("nobody does", [each.unseen for each in rounds], ">= 0.99"),
        ("ten times a second", [each.seen for each in rounds], ""),
    ):
        pairs = zip(samples, rounds, strict=True)
        ratios = tuple(sample.decisions_per_second / each.closed.decisions_per_second for sample, each in pairs)
        rates = Spread(tuple(sample.decisions_per_second for sample in samples))
        table.add_row(name, rates.text(), Spread(ratios).text(".3f"), goal)
    _print(_machine(), table)


def _print(*found: Table | str) -> None:
    console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
    for each in found:
        console.print(each, highlight=False)


def _contained(folder: Path, workers: int) -> Contained:
    rounds = {
        name: container_round(folder / name.replace(" ", ""), population=population, episodes=episodes, workers=workers)
        for name, (population, episodes) in EVALUATIONS.items()
    }
    return Contained(rounds=rounds, starts=start_seconds(folder))


def _container_table(measured: Sequence[Contained]) -> Table:
    """Return what playing in containers costs, beside local workers."""
    table = Table(title="agents in containers", title_justify="left", header_style="bold")
    rates = ("local, episodes/s", "docker, episodes/s", "docker / local")
    for heading in ("evaluations of", "measured, s", *rates, "goal"):
        table.add_column(heading, justify="left" if heading == "evaluations of" else "right", no_wrap=True)
    for name, goal in (("2 s", ">= 0.6"), ("20 s", ">= 0.9")):
        rounds = [each.rounds[name] for each in measured]
        table.add_row(
            name,
            Spread(tuple(each.evaluation for each in rounds)).text(".1f"),
            Spread(tuple(each.episodes / each.local.seconds for each in rounds)).text(".1f"),
            Spread(tuple(each.episodes / each.docker.seconds for each in rounds)).text(".1f"),
            Spread(tuple(each.ratio for each in rounds)).text(".3f"),
            goal,
        )
    starts = Spread(tuple(seconds for each in measured for seconds in each.starts))
    table.add_row("start to first result, s", starts.text(".2f"), "", "", "", "")
    return table


def _vector(options: argparse.Namespace, environments: int, folder: Path) -> Sample:
    defaults = ScenarioConfig(name=options.scenario)
    job = VectorJob(
        scenario=defaults.name,
        resolution=defaults.resolution,
        frame_skip=defaults.frame_skip,
        environments=environments,
        seconds=_VECTOR_SECONDS,
    )
    return vector_env(job, folder)


def _config(options: argparse.Namespace, policy: str, *, seed: int, workers: int) -> ExperimentConfig:
    return ExperimentConfig(
        name="bench",
        seed=seed,
        generations=options.generations,
        population=options.population,
        episodes=_EPISODES[policy],
        scenario=ScenarioConfig(name=options.scenario),
        policy=_POLICIES[policy](),
        execution=ExecutionConfig(workers=workers, record=options.record),
        holdout=HoldoutConfig(validation=1, episodes=2),
    )


def _round(config: ExperimentConfig, cores: tuple[int, ...], vector: Sample, folder: Path) -> Round:
    folder.mkdir()
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
    return Round(run=run.sample, bare=bare, replay=replay, vector=vector)


def _trips(config: ExperimentConfig, folder: Path) -> dict[tuple[str, str], RoundTrip]:
    return {
        (language, method): round_trip(command, folder, config, streams=method == "Play")
        for language, command in agents().items()
        for method in ("GetAction", "Play")
    }


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
    title = f"{options.scenario}, {workers} workers, {options.rounds} rounds: median (least - greatest)"
    table = Table(title=title, title_justify="left", header_style="bold")
    for heading in ("policy", "what", "decisions/s", "tics/s", "run / this", "goal"):
        table.add_column(heading, justify="left" if heading in {"policy", "what"} else "right", no_wrap=True)
    for policy, played in rounds.items():
        _rows(table, policy, played)
        table.add_section()
    rates = Spread(tuple(sample.decisions_per_second for sample in scripted))
    table.add_row("", "scripted episodes/s, orchestrator and store", rates.text(), "", "", ">= 2,000")
    return table


def _service_table(streams: dict[int, list[float]]) -> Table:
    table = Table(title="the service", title_justify="left", header_style="bold")
    for heading in ("what", "events/s to all"):
        table.add_column(heading, justify="left" if heading == "what" else "right", no_wrap=True)
    for clients, rates in streams.items():
        table.add_row(f"StreamEvents to {clients} clients", Spread(tuple(rates)).text())
    return table


def _remote_table(rounds: Sequence[RemoteRound], trips: Sequence[dict[tuple[str, str], RoundTrip]]) -> Table:
    """Return what asking a remote agent costs, beside the same agent in the workers."""
    table = Table(title="a remote agent", title_justify="left", header_style="bold")
    for heading in ("agent", "what", "decisions/s", "median, us", "p99, us", "this / inside", "goal"):
        table.add_column(heading, justify="left" if heading in {"agent", "what"} else "right", no_wrap=True)
    inside = Spread(tuple(each.inside.decisions_per_second for each in rounds))
    table.add_row("Python", "inside the worker", inside.text(), "", "", "", "")
    for language in rounds[0].remote:
        played = [each.remote[language].decisions_per_second for each in rounds]
        ratios = [rate / each.inside.decisions_per_second for rate, each in zip(played, rounds, strict=True)]
        table.add_row(
            language, "a run by Play", Spread((*played,)).text(), "", "", Spread((*ratios,)).text(".3f"), ">= 0.6"
        )
        for method in ("GetAction", "Play"):
            taken = [each[language, method] for each in trips]
            middle, slow = (f"{1e6 * statistics.median(values):,.0f}" for values in _quantiles(taken))
            table.add_row(language, f"one {method}", "", middle, slow, "", "")
    return table


def _quantiles(trips: Sequence[RoundTrip]) -> tuple[list[float], list[float]]:
    return [trip.median for trip in trips], [trip.p99 for trip in trips]


def _rows(table: Table, policy: str, played: Sequence[Round]) -> None:
    """Add a policy's rows; ratios are of game time, because actions may be held for fewer tics than Gymnasium does."""
    # Random play holds every action for the whole frame skip, as Gymnasium does: there the two are alike.
    contestants: tuple[tuple[str, str, Callable[[Round], Sample]], ...] = (
        ("clau-doom run", "", lambda each: each.run),
        ("bare loops", ">= 0.95", lambda each: each.bare),
        ("bare loops, replaying actions", "", lambda each: each.replay),
        ("AsyncVectorEnv, random play", ">= 3" if policy == "random" else "", lambda each: each.vector),
    )
    for name, goal, pick in contestants:
        ratios = Spread(tuple(each.run.tics_per_second / pick(each).tics_per_second for each in played))
        table.add_row(
            policy,
            name,
            Spread(tuple(pick(each).decisions_per_second for each in played)).text(),
            f"{statistics.median(pick(each).tics_per_second for each in played):,.0f}",
            ratios.text(".3f"),
            goal,
        )


if __name__ == "__main__":
    main()
