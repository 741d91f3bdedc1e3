"""Warm starts of scripted runs: sources, copies in the experiment's folder, and resumes without the sources."""

import json
import shutil
from pathlib import Path

import pytest

import clau_doom as cd
from clau_doom.app.warm_start import is_start_file
from clau_doom.cli import run_command
from clau_doom.errors import ConfigError, ResumeRefused, StoreCorrupted
from tests.support.scripted_runs import small, workplace

__all__ = ["workplace"]
pytestmark = pytest.mark.usefixtures("workplace")


def warm(*agents: str, **changes: object) -> dict[str, object]:
    return small(**{"name": "warm", "seed": 5, "population": 4, "evolution.start.agents": [*agents], **changes})


def operators(experiment: str) -> list[str]:
    return [row["operator"] for row in cd.open(experiment).agents.to_arrow().to_pylist()]


def history(experiment: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert run_command(["status", experiment, "--json"]) == 0
    return str(json.loads(capsys.readouterr().out)["history_sha256"])


def shown(agent: str, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    capsys.readouterr()
    assert run_command(["agent", "show", agent, "--json"]) == 0
    document: dict[str, object] = json.loads(capsys.readouterr().out)
    return document


@pytest.fixture
def base(workplace: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Return a folder with the experiment `small`, its champion's file and the output of `agent show --json`."""
    cd.run(small())
    assert run_command(["agent", "export", "small", "-o", "champion.json"]) == 0
    (workplace / "shown.json").write_text(json.dumps(shown("small-g000-a002", capsys)))
    return workplace


def test_generation_0_has_the_genomes_of_files_agents_and_champions(
    base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cd.run(warm("champion.json", "shown.json", "small-g000-a001", "small"))
    assert operators("warm")[:4] == ["start"] * 4
    champion = json.loads((base / "champion.json").read_text())["genome"]
    expected = [
        champion,
        shown("small-g000-a002", capsys)["genome"],
        shown("small-g000-a001", capsys)["genome"],
        champion,
    ]
    assert [shown(f"warm-g000-a00{index}", capsys)["genome"] for index in range(4)] == expected
    copy = json.loads((base / "runs/warm/inputs/start.json").read_text())["agents"]
    assert [row["source"] for row in copy] == [
        str(base / "champion.json"),
        str(base / "shown.json"),
        "small-g000-a001",
        "small",
    ]
    assert [row["genome"] for row in copy] == expected


def test_resume_needs_no_source(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The history is that of a longer run, also without the copy of the genomes."""
    cd.run(warm("champion.json", "small-g000-a001", name="long", generations=4))
    whole = history("long", capsys)
    cd.run(warm("champion.json", "small-g000-a001"))
    (base / "champion.json").unlink()
    shutil.rmtree(base / "runs/small")
    cd.resume("warm", generations=3)
    (base / "runs/warm/inputs/start.json").unlink()
    cd.resume("warm", generations=4)
    assert history("warm", capsys) == whole


def test_damaged_copy_is_refused(base: Path) -> None:
    cd.run(warm("champion.json"))
    copy = base / "runs/warm/inputs/start.json"
    text = copy.read_text()
    for damaged in (text.replace("right", "left").replace('"sha256": "', '"sha256": "0'), "{}", "[" * 5000, "null"):
        copy.write_text(damaged)
        with pytest.raises(StoreCorrupted, match=r"start\.json is damaged"):
            cd.resume("warm", generations=3)


def test_other_genes_are_named(base: Path) -> None:
    with pytest.raises(ConfigError, match=r"start\.agents\[0\]: .*champion\.json .* other genes: it lacks 'layer"):
        cd.run(warm("champion.json", policy={"kind": "neural"}))
    with pytest.raises(
        ConfigError, match=r"evolution\.start\.agents\[0\]: small-g000-a001 is not a genome of the policy"
    ):
        cd.run(warm("small-g000-a001", policy={"kind": "neural"}))
    assert not (base / "runs/warm").exists()


def test_genes_of_another_scenario_match_by_name(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cd.run(warm("small", **{"scenario.name": "health_gathering"}))
    assert shown("warm-g000-a000", capsys)["genome"] == json.loads((base / "champion.json").read_text())["genome"]


@pytest.mark.parametrize(
    ("agent", "message"),
    [
        ("missing.json", r"cannot read .*missing\.json"),
        ("nowhere", "nowhere"),
        ("small-g009-a000", "small-g009-a000"),
        ("small-random", "small-random"),
        ("Not an id", "Not an id"),
    ],
)
@pytest.mark.usefixtures("base")
def test_missing_agents_are_refused(agent: str, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"evolution\.start\.agents\[0\]: .*{message}"):
        cd.run(warm(agent))


ALL_PROBLEMS = """name: warm
population: 4
episodes: 0
evolution:
  start:
    agents: [missing.json, small, nowhere, small-g009-a000]
"""


def test_all_agents_are_checked_at_once_with_the_other_problems(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`config check` and `cd.run` report the same, and nothing is written."""
    (base / "c.yaml").write_text(ALL_PROBLEMS)
    with pytest.raises(ConfigError) as refused:
        cd.run("c.yaml")
    assert [path for path, _ in refused.value.problems] == [
        "episodes",
        "evolution.start.agents[0]",
        "evolution.start.agents[2]",
        "evolution.start.agents[3]",
    ]
    assert refused.value.lines == (3, 6, 6, 6)
    assert not (base / "runs/warm").exists()
    capsys.readouterr()
    assert run_command(["config", "check", "c.yaml"]) == 2
    shown = capsys.readouterr().err
    assert "4 problems" in shown
    assert "missing.json" in shown
    assert run_command(["config", "check", "c.yaml", "--output-dir", "elsewhere"]) == 2
    assert "5 problems" in capsys.readouterr().err


def test_unusable_combinations_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"has no effect on random search"):
        cd.run(warm("small", **{"evolution.kind": "random"}))
    with pytest.raises(ConfigError, match=r"has 5 agents for a population of 4: name fewer agents"):
        cd.run(warm(*["small"] * 5))


@pytest.mark.usefixtures("base")
def test_start_of_a_stored_experiment_cannot_change() -> None:
    cd.run(warm("small"))
    with pytest.raises(ResumeRefused, match=r"evolution\.start\.spread: 0\.1 became 0\.2"):
        cd.resume("warm", generations=3, evolution={"start": {"spread": 0.2}})


@pytest.mark.parametrize("mode", ["generational", "steady_state"])
def test_steady_state_resumes_from_the_same_start(mode: str, base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changes = {"evolution.mode": mode, "evolution.lookahead": 2}
    cd.run(warm("champion.json", name="long", generations=3, **changes))
    cd.run(warm("champion.json", **changes))
    (base / "champion.json").unlink()
    cd.resume("warm", generations=3)
    assert history("warm", capsys) == history("long", capsys)


def test_files_are_recognised_by_their_form() -> None:
    assert [is_start_file(name) for name in ("a.json", "A.JSON", "x/y", "quick", "quick-g000-a001")] == [
        *(True, True, True),
        *(False, False),
    ]
