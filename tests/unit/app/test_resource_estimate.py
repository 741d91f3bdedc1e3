"""Tests of the resource estimate and of refusing experiments that exceed a limit before anything is built."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from clau_doom.app.configuration_checks import examine
from clau_doom.app.folder_repository import FolderRepository
from clau_doom.app.resource_estimate import estimate_resources, excesses
from clau_doom.app.run_planning import check_config, plan_config
from clau_doom.config import ExperimentConfig, LimitsConfig, config_from_yaml
from clau_doom.errors import ConfigError

HUGE = {"policy": {"kind": "neural", "layers": [1024] * 4}, "population": 4, "generations": 1}
FULL_SCREEN = {
    "policy": {"kind": "neural", "layers": [1024] * 4, "screen": [640, 480]},
    "scenario": {"resolution": "640x480"},
}


def config(**fields: object) -> ExperimentConfig:
    return ExperimentConfig.model_validate(fields)


def named(found: list[tuple[str, str]]) -> list[str]:
    return [text.partition("limits.")[2].partition(" ")[0] for _, text in found]


def test_estimate_counts_agents_episodes_and_bytes() -> None:
    """The best agent of each generation plays validation episodes. Three players play held-out episodes."""
    resources = estimate_resources(
        config(generations=10, population=20, episodes=3, holdout={"validation": 5, "episodes": 7}), 1000
    )
    assert (resources.agents, resources.episodes) == (200, 200 * 3 + 10 * 5 + 3 * 7)
    assert resources.memory > 200 * 2**20 + 1000 * 20 * 100
    assert resources.disk > 1000 * 200 * 20
    steady = config(evolution={"kind": "genetic", "mode": "steady_state", "lookahead": 5000})
    assert estimate_resources(steady, 1000).memory > 1000 * 5000 * 100


@pytest.mark.parametrize(
    ("fields", "limits"),
    [
        ({"population": 1000, "generations": 1001}, ["agents"]),
        ({"population": 1000, "generations": 1000, "episodes": 20}, ["episodes"]),
        (HUGE, ["genes"]),
        ({"limits": {"genes": 5}, "policy": {"kind": "rules"}}, ["genes"]),
        ({"limits": {"stored": "10m"}}, ["stored"]),
        ({"limits": {"memory": "100m"}}, ["memory"]),
    ],
)
def test_each_exceeded_limit_is_reported(fields: dict[str, object], limits: list[str]) -> None:
    """The error of a plan has a problem for each exceeded limit."""
    with pytest.raises(ConfigError) as caught:
        plan_config(config(**fields), Path("none"))
    assert named([*caught.value.problems]) == limits
    assert not Path("none").exists()


def test_policy_with_too_many_genes_is_refused_before_creation() -> None:
    """The genes are counted without being created."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    problems = examine(config(**FULL_SCREEN), LimitsConfig(), Path("none")).problems
    text = "needs 317,766,659 genes"
    assert any(problem.path == ("policy", "layers") and problem.text.startswith(text) for problem in problems)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_default_limits_admit_a_million_genes() -> None:
    """This is for the default population."""
    assert [
        *excesses(config(generations=10), estimate_resources(config(generations=10), 1_000_000), LimitsConfig())
    ] == []


def test_generation_that_exceeds_the_event_size_is_refused() -> None:
    """SQLite takes no text above 1 GB, so the run would end at its first commit."""
    fitting, larger = config(generations=1, population=91), config(generations=1, population=100)
    assert [*excesses(fitting, estimate_resources(fitting, 1_000_000), LimitsConfig())] == []
    (problem,) = excesses(larger, estimate_resources(larger, 1_000_000), LimitsConfig())
    assert problem.path == ("population",)
    assert problem.text.startswith("needs 100 agents of 1,000,000 genes at once, but the log can store at most 91:")


def test_server_applies_its_own_limits(tmp_path: Path) -> None:
    """The limits in a client's configuration are ignored."""
    lab = FolderRepository(config(limits={"agents": 100}), tmp_path)
    with pytest.raises(ConfigError, match=r"population: needs 120 agents, but limits\.agents is 100: reduce it"):
        lab.plan(config(population=12, generations=10, limits={"agents": 1000}))


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    """Wrong values, an unknown scenario, an unknown policy and exceeded limits are reported, each with its line."""
    file = tmp_path / "c.yaml"
    file.write_text(
        "sed: 1\nscenario: {name: basik}\npopulation: 2000\ngenerations: 1000\n"
        "policy: {kind: class, target: 'no_such_module:Policy'}\nepisodes: 0\n"
    )
    with pytest.raises(ConfigError) as caught:
        check_config(file, tmp_path, environ={})
    assert [path for path, _ in caught.value.problems] == [
        "episodes", "sed", "scenario.name", "policy.target", "population",
    ]  # fmt: skip
    lines = str(caught.value).splitlines()
    assert "  scenario.name (line 2): unknown scenario 'basik': did you mean 'basic'?" in lines[2]
    assert lines[4].startswith("  policy.target (line 5): 'no_such_module:Policy': module")


def test_invalid_section_is_not_estimated_with_its_default(tmp_path: Path) -> None:
    """An invalid scenario section causes one problem."""
    file = tmp_path / "c.yaml"
    file.write_text("scenario: 5\npolicy: {kind: class, target: 'no_such_module:Policy'}\n")
    with pytest.raises(ConfigError) as caught:
        check_config(file, tmp_path, environ={})
    assert [path for path, _ in caught.value.problems] == ["scenario", "policy.target"]


RUN = """
import asyncio, re, sys
from pathlib import Path
from clau_doom.app.resource_estimate import estimate_resources
from clau_doom.config import config_from_yaml, to_yaml
from clau_doom.domain import Fitness, GeneBlock, GenomeSpace
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.orchestration import ExperimentRun, Shutdown
from clau_doom.storage import ExperimentFolders
from clau_doom.testing.scripted_backend import ScriptedBackend
from clau_doom.testing.scripted_run import StoppedClock

def peak():  # not ru_maxrss, which begins with what the parent has
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text()).group(1))

async def main(text, folder, genes):
    config = config_from_yaml(text, name="c")
    space = GenomeSpace([GeneBlock(name="w", shape=(genes,))])
    experiment = Experiment(id=config.name, uuid="4f8", seed=1, config_yaml=text, provenance=Provenance(facts=()))
    found = ExperimentFolders(folder).create(experiment)
    before = peak()
    async with found.write() as store, ScriptedBackend(slots=2) as backend:
        run = ExperimentRun(
            config, text, space=space, fitness=Fitness.named("reward"), store=store, backend=backend,
            shutdown=Shutdown(), clock=StoppedClock(),
        )
        async def follow():
            return [recorded.sequence async for recorded in store.events(follow=True)]
        following = asyncio.ensure_future(follow())
        await run.run()
        await following
        assert len((await store.snapshot()).generations) == config.generations
    used = peak()
    print((used - before) * 1024, used * 1024, sum(path.stat().st_size for path in found.path.rglob("*")))

asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
"""


def test_run_uses_less_than_100_bytes_per_gene_and_agent(tmp_path: Path) -> None:
    """The growth of a process, from strategy to store, log and follower, agrees with the estimate."""
    text = "name: m\ngenerations: 2\npopulation: 16\nepisodes: 1\nholdout: {validation: 1, episodes: 2}\n"
    command = [sys.executable, "-c", RUN, text, str(tmp_path), "100000"]
    message = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    grown, used, stored = map(int, message.split())
    resources = estimate_resources(config_from_yaml(text, name="c"), 100_000)
    assert grown < 100 * 100_000 * resources.agents
    assert used < resources.memory
    assert stored < resources.disk
