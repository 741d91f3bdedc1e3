"""Command line of the benchmarks (``python -m bench``), with one table of results.

A round measures each contestant once, so that other load on the machine affects all contestants alike. Ratios are
computed within a round. The table shows their median with the minimum and maximum.
"""

import argparse
import contextlib
import os
import platform
import signal
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from bench.bare_loops import Job, bare_loops
from bench.benchmark_registry import BENCHMARKS
from bench.clau_doom_run import MeasuredRun, measured_run
from bench.containers import EVALUATIONS, ContainerRound, container_round, start_seconds
from bench.event_stream_throughput import CLIENTS, event_stream_throughput
from bench.live_view_cost import live_view_rounds
from bench.measurement_journal import Journal, Play, check_same_episodes
from bench.orchestrator_throughput import orchestrator_throughput
from bench.remote import RemoteRound, RoundTrip, agents, remote_round, round_trip
from bench.throughput_sample import MeasurementFailed, Sample, Spread
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
from tests.support.docker_host import DockerHost

_T = TypeVar("_T")
_POLICIES: dict[str, Callable[[], PolicyConfig]] = {
    "random": RandomPolicyConfig,
    "rules": RulesPolicyConfig,
    "neural": NeuralPolicyConfig,
}
_EPISODES = {"random": 12, "rules": 4, "neural": 4}
"""Episodes of each agent. Episodes of the random policy are short, so it plays more of them."""
_VECTOR_SECONDS = 5.0
_REMOTE_WORKERS = 3
"""Workers per core that call a remote agent: while one worker waits for an answer, another plays."""
_WIDTH = 130  # width of the table if the terminal's width is unknown


@dataclass(frozen=True, kw_only=True)
class Round:
    """One round with one policy: the same episodes in a run, in bare loops and as replays; random play with Gymnasium.

    A measurement that failed is None.
    """

    run: Sample
    bare: Sample | None
    replay: Sample | None
    vector: Sample | None


@dataclass(frozen=True, kw_only=True)
class Contained:
    """One round of agents in containers: results by duration of evaluations, and start times."""

    rounds: dict[str, ContainerRound]
    starts: list[float]


def main() -> None:
    """Measure and print."""
    # Exit on SIGTERM in the normal way, so that child processes are ended too.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    options = _options()
    _print(_machine(), f"measurements are appended to {options.results}")
    with Journal(options.results) as journal:
        parts = {"runs": _runs, **BENCHMARKS, "containers": _containers_alone, "live-view": _live_view_alone}
        chosen = [options.only] if options.only else ["runs", *BENCHMARKS]
        try:
            for name in chosen:  # print each table at once, because all parts together take hours
                _print_part(parts[name], options, journal)
        finally:
            if journal.failures:
                _print(journal.table())
    sys.exit(1 if journal.failures else 0)


def _print_part(
    part: Callable[[argparse.Namespace, Journal], Table | None], options: argparse.Namespace, journal: Journal
) -> None:
    with contextlib.suppress(MeasurementFailed):  # every round failed; the journal's table lists the failures
        table = part(options, journal)
        if table:
            _print(table)


@dataclass(frozen=True)
class _Runs:
    """Results of a run's rounds and of the related measurements so far."""

    rounds: dict[str, list[Round]]
    streams: dict[int, list[float]]
    scripted: list[Sample]
    remote: list[RemoteRound]
    trips: list[dict[tuple[str, str], RoundTrip]]
    contained: list[Contained]


def _runs(options: argparse.Namespace, journal: Journal) -> None:
    """Run the selected benchmarks and print their results, also after an interruption."""
    cores = tuple(sorted(os.sched_getaffinity(0)))[: options.workers]
    found = _Runs({policy: [] for policy in options.policies}, {clients: [] for clients in CLIENTS}, [], [], [], [])
    try:
        with tempfile.TemporaryDirectory(prefix="clau-doom-bench-") as name:
            for number in range(options.rounds):
                folder = Path(name) / str(number)
                folder.mkdir()
                _measure_runs(options, cores, found, Play(journal, number, folder))
                print(f"round {number + 1} of {options.rounds} is over", file=sys.stderr)
    finally:
        _print(
            _table(found.rounds, found.scripted, options, len(cores)),
            _service_table(found.streams),
            _remote_table(found.remote, found.trips),
            _container_table(found.contained) if found.contained else "containers: not measured",
        )


def _measure_runs(options: argparse.Namespace, cores: tuple[int, ...], found: _Runs, play: Play) -> None:
    """Take the measurements of one round; failed measurements are omitted."""
    folder, seed = play.folder, 1 + play.number

    def keep(kept: list[_T], what: str, take: Callable[[], _T]) -> None:
        taken = play.measure(what, take)
        if taken is not None:
            kept.append(taken)

    vector = play.measure("AsyncVectorEnv", lambda: _vector(options, len(cores), folder))
    for policy in options.policies:
        config = _config(options, policy, seed=seed, workers=len(cores))
        played = _round(config, cores, vector, Play(play.journal, play.number, folder / policy))
        if played:
            found.rounds[policy].append(played)
    for clients in CLIENTS:
        keep(found.streams[clients], f"events to {clients} clients", partial(event_stream_throughput, folder, clients))
    keep(
        found.scripted,
        "scripted episodes",
        lambda: orchestrator_throughput(folder, generations=20, population=50, episodes=4, slots=len(cores)),
    )
    config = _config(options, "rules", seed=seed, workers=len(cores))
    (folder / "remote").mkdir()
    workers = _REMOTE_WORKERS * len(cores)
    keep(found.remote, "remote agent", lambda: remote_round(config, folder / "remote", workers=workers))
    keep(found.trips, "round trips", lambda: _trips(config, folder / "remote"))
    if DockerHost().answers:
        keep(found.contained, "containers", lambda: _contained(folder / "containers", len(cores)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Compare clau-doom with bare ViZDoom loops.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--policies", nargs="+", choices=_POLICIES, default=["random", "rules"])
    parser.add_argument("--scenario", default="defend_the_center", help="a bundled one")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--generations", type=int, default=4)
    parser.add_argument("--population", type=int, default=40)
    parser.add_argument("--only", choices=["runs", "containers", "live-view", *BENCHMARKS], help="measure nothing else")
    parser.add_argument("--most", type=int, default=10_000, help="workers that are simulated at most")
    parser.add_argument("--scripted", type=int, default=1_000_000, help="scripted episodes for --only million")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the table for --only table")
    parser.add_argument("--record", choices=["champions", "all", "none"], default="champions")
    parser.add_argument("--results", type=Path, default=Path("bench-results.jsonl"), help="file for each measurement")
    return parser.parse_args()


def _containers_alone(options: argparse.Namespace, journal: Journal) -> Table:
    with tempfile.TemporaryDirectory(prefix="clau-doom-bench-") as name:
        taken = [
            journal.measure(number, "containers", partial(_contained, Path(name) / str(number), options.workers))
            for number in range(options.rounds)
        ]
    return _container_table([each for each in taken if each is not None])


def _live_view_alone(options: argparse.Namespace, journal: Journal) -> Table:
    rounds = journal.measure(0, "live view", lambda: live_view_rounds(options.rounds)) or []
    table = Table(title="cost of the live view", title_justify="left", header_style="bold")
    for heading in ("live view", "decisions/s", "relative to none", "goal"):
        table.add_column(heading, justify="left" if heading == "live view" else "right", no_wrap=True)
    for name, samples, goal in (
        ("none", [each.closed for each in rounds], ""),
        ("unused", [each.unseen for each in rounds], ">= 0.99"),
        ("ten frames a second", [each.seen for each in rounds], ""),
    ):
        pairs = zip(samples, rounds, strict=True)
        ratios = tuple(sample.decisions_per_second / each.closed.decisions_per_second for sample, each in pairs)
        rates = Spread(tuple(sample.decisions_per_second for sample in samples))
        table.add_row(name, rates.text(), Spread(ratios).text(".3f"), goal)
    return table


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
    """Measure containers against local workers."""
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


def _round(config: ExperimentConfig, cores: tuple[int, ...], vector: Sample | None, play: Play) -> Round | None:
    folder, policy = play.folder, config.policy.kind
    folder.mkdir()
    runs: list[MeasuredRun] = []

    def whole() -> Sample:
        runs.append(measured_run(config, folder))
        return runs[0].sample

    sample = play.measure(f"{policy}: run", whole)
    if sample is None:
        return None
    run = runs[0]
    job = Job(
        folder=str(folder),
        scenario=config.scenario.model_dump_json(),
        policy=config.policy.model_dump_json(),
        episodes=run.episodes,
        cores=cores,
        seconds=sample.seconds,
    )

    def loops() -> tuple[Sample, Sample]:
        bare, replay = bare_loops(job)
        return check_same_episodes(bare, sample), replay

    bare, replay = play.measure(f"{policy}: bare loops", loops) or (None, None)
    return Round(run=sample, bare=bare, replay=replay, vector=vector)


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
    """Measure a remote agent against the same agent in the workers."""
    table = Table(title="a remote agent", title_justify="left", header_style="bold")
    for heading in ("agent", "what", "decisions/s", "median, us", "p99, us", "this / inside", "goal"):
        table.add_column(heading, justify="left" if heading in {"agent", "what"} else "right", no_wrap=True)
    inside = Spread(tuple(each.inside.decisions_per_second for each in rounds))
    table.add_row("Python", "inside the worker", inside.text(), "", "", "", "")
    for language in agents():
        played = [each.remote[language].decisions_per_second for each in rounds]
        ratios = [rate / each.inside.decisions_per_second for rate, each in zip(played, rounds, strict=True)]
        table.add_row(
            language, "a run by Play", Spread((*played,)).text(), "", "", Spread((*ratios,)).text(".3f"), ">= 0.6"
        )
        for method in ("GetAction", "Play"):
            taken = [each[language, method] for each in trips]
            middle, slow = (f"{1e6 * statistics.median(values):,.0f}" if taken else "-" for values in _quantiles(taken))
            table.add_row(language, f"one {method}", "", middle, slow, "", "")
    return table


def _quantiles(trips: Sequence[RoundTrip]) -> tuple[list[float], list[float]]:
    return [trip.median for trip in trips], [trip.p99 for trip in trips]


def _rows(table: Table, policy: str, played: Sequence[Round]) -> None:
    """Add the rows of a policy. Ratios refer to game time, because actions may be shorter than those of Gymnasium."""
    # Random play holds each action for the whole frame skip, like Gymnasium, so decisions are comparable too.
    contestants: tuple[tuple[str, str, Callable[[Round], Sample | None]], ...] = (
        ("clau-doom run", "", lambda each: each.run),
        ("bare loops", ">= 0.95", lambda each: each.bare),
        ("bare loops, replaying actions", "", lambda each: each.replay),
        ("AsyncVectorEnv, random play", ">= 3" if policy == "random" else "", lambda each: each.vector),
    )
    for name, goal, pick in contestants:
        pairs = [(each.run, taken) for each in played if (taken := pick(each))]
        tics = [taken.tics_per_second for _, taken in pairs]
        table.add_row(
            policy,
            name,
            Spread(tuple(taken.decisions_per_second for _, taken in pairs)).text(),
            f"{statistics.median(tics):,.0f}" if tics else "-",
            Spread(tuple(run.tics_per_second / taken.tics_per_second for run, taken in pairs)).text(".3f"),
            goal,
        )


if __name__ == "__main__":
    main()
