"""Tests that an agent in a Gymnasium loop of the user repeats the recorded episodes of real runs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import clau_doom as cd
from clau_doom.api.loaded_agent import LoadedAgent
from clau_doom.api.stored_agent_loading import load_stored_agent
from clau_doom.app.catalog.folder_source import FolderSource
from clau_doom.app.replay_agent_lookup import export_agent, find_agent
from clau_doom.app.run import open_run
from clau_doom.app.run_planning import plan_config
from clau_doom.config import (
    CustomPolicyConfig,
    ExecutionConfig,
    ExperimentConfig,
    HoldoutConfig,
    NeuralPolicyConfig,
    PolicyConfig,
    RulesPolicyConfig,
    ScenarioConfig,
)
from clau_doom.domain import Episode, EpisodeOutcome, Measures, Purpose
from clau_doom.errors import AgentNotFound, PolicyFailed
from clau_doom.orchestration import Shutdown
from tests.support.films import take_apart

pytestmark = pytest.mark.engine
ROOT = Path(__file__).parents[2]

POLICY = """
from clau_doom.domain import Gene, GenomeSpace
from clau_doom.ports import Action, Needs


class Drawing:
    '''Draws from its generator, and uses names, boxes and velocities of objects and the screen.'''

    def __init__(self, facts):
        self.facts = facts

    needs = Needs(objects=True, screen=True)
    space = GenomeSpace([Gene(name="bias", low=0.0, high=1.0)])

    def begin(self, genome, rng):
        bias = genome.array()[0]

        def decide(seen):
            sum_of_names = sum(sum(map(ord, thing.name)) + thing.x + thing.velocity[0] for thing in seen.objects)
            state = (sum_of_names + float(seen.screen.sum()) + seen.tic) % 7 / 7 + bias
            buttons = [float(rng.random() < state / 2) for _ in self.facts.buttons]
            return Action(buttons, int(rng.integers(0, self.facts.frame_skip + 1)))

        return decide
"""

RUNS: dict[str, tuple[ScenarioConfig, PolicyConfig]] = {
    "rules": (ScenarioConfig(name="defend_the_center", timeout=250), RulesPolicyConfig()),
    "network": (ScenarioConfig(name="health_gathering", timeout=200), NeuralPolicyConfig(layers=(4,))),
    "pixels": (
        ScenarioConfig(name="take_cover", timeout=200, resolution="200x150", frame_skip=5),
        NeuralPolicyConfig(layers=(3,), screen=(16, 12)),
    ),
    "deltas": (ScenarioConfig(name="deathmatch", timeout=200), NeuralPolicyConfig(layers=(3,))),
    "short": (ScenarioConfig(name="basic"), RulesPolicyConfig()),
    "class": (ScenarioConfig(name="defend_the_line", timeout=200), CustomPolicyConfig(target="drawing:Drawing")),
}


class ServedFolder:
    """Source that is not a folder of the user, as a server."""

    def __init__(self, folder: Path) -> None:
        self._folder = FolderSource(folder)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._folder, name)


async def evolve(folder: Path, name: str) -> None:
    scenario, policy = RUNS[name]
    config = ExperimentConfig(
        name=name,
        generations=1,
        population=3,
        episodes=2,
        scenario=scenario,
        policy=policy,
        holdout=HoldoutConfig(validation=1, episodes=2),
        execution=ExecutionConfig(workers=2),
    )
    async with open_run(plan_config(config, folder), Shutdown()) as (_, experiment):
        await experiment.begin()
        await experiment.run()


@pytest.fixture(scope="module")
async def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an experiment for each policy, all of which have workers and held-out episodes."""
    folder, patch = tmp_path_factory.mktemp("runs"), pytest.MonkeyPatch()
    (folder / "drawing.py").write_text(POLICY)
    with patch.context() as context:
        context.chdir(folder)
        context.syspath_prepend(folder)
        for name in RUNS:
            await evolve(folder, name)
    return folder


@pytest.fixture
def importable(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(runs)
    return runs


async def recorded(runs: Path, name: str) -> tuple[Episode, ...]:
    """Return the episodes in the experiment's store."""
    return (await find_agent(name, None, runs))[1].episodes


def played(agent: LoadedAgent, seed: int, *, picture: bool = False) -> tuple[EpisodeOutcome, float]:
    """Play one episode in a loop as users write it; return the outcome and the sum of the rewards."""
    env = agent.make_env(render_mode="rgb_array" if picture else None)
    observation, info = env.reset(seed=seed)
    agent.reset(seed)
    total, done = 0.0, False
    while not done:
        observation, reward, terminated, truncated, info = env.step(agent.act(observation))
        total, done = total + reward, terminated or truncated
    env.close()
    measures = Measures(**info["measures"])
    return EpisodeOutcome(seed=seed, measures=measures, trajectory_sha256=info["trajectory_sha256"]), total


@pytest.mark.parametrize("name", RUNS)
async def test_loop_of_the_user_repeats_recorded_episodes(importable: Path, name: str) -> None:
    """All measures, the trajectory's hash and the return equal those of each recorded episode of the champion."""
    agent = cd.load_agent(name, output_dir=importable)
    episodes = await recorded(importable, name)
    assert {episode.purpose for episode in episodes} == set(Purpose)
    for episode in episodes:
        outcome, total = played(agent, episode.outcome.seed)
        assert outcome == episode.outcome
        assert total == episode.outcome.measures.reward


async def test_loop_repeats_the_random_baseline(importable: Path) -> None:
    agent = cd.load_agent("deltas-random", output_dir=importable)
    assert agent.genes == {}
    for episode in await recorded(importable, "deltas-random"):
        assert played(agent, episode.outcome.seed, picture=True)[0] == episode.outcome


async def test_loop_repeats_an_exported_agent(importable: Path, tmp_path: Path) -> None:
    """The file needs consent to the policy's class, in one line with the remedy."""
    file = tmp_path / "agent.json"
    setting, champion = await find_agent("class", None, importable)
    file.write_text(export_agent(setting, champion))
    with pytest.raises(cd.ClauDoomError, match=r"drawing:Drawing.*trust=\['drawing:Drawing'\]"):
        cd.load_agent(file)
    agent = cd.load_agent(file, trust=["drawing:Drawing"])
    assert agent.genes == {"bias": champion.genome.array()[0]}
    for episode in champion.episodes:
        assert played(agent, episode.outcome.seed)[0] == episode.outcome


async def test_another_seed_of_the_agent_is_noticed(importable: Path) -> None:
    """The policy draws from the episode's stream: with another seed, the trajectory differs."""
    agent = cd.load_agent("class", output_dir=importable)
    episode = (await recorded(importable, "class"))[0]
    env = agent.make_env()
    observation, info = env.reset(seed=episode.outcome.seed)
    agent.reset(episode.outcome.seed + 1)
    done = False
    while not done:
        observation, _, terminated, truncated, info = env.step(agent.act(observation))
        done = terminated or truncated
    env.close()
    assert info["trajectory_sha256"] != episode.outcome.trajectory_sha256


async def test_played_episodes_equal_the_recorded_ones(importable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers play the given seeds, in order. The table has the columns and the fitness of the experiment's."""
    monkeypatch.chdir(importable)  # workers import the policy from the current folder
    agent, experiment = cd.load_agent("class", output_dir=importable), cd.open("class", output_dir=importable)
    records = [row for row in experiment.episodes if row["agent"] == agent.id][::-1]
    table = agent.play(seeds=[row["seed"] for row in records], workers=2)
    assert table.columns == experiment.episodes.columns
    assert table["number"] == list(range(len(records)))
    changed = {"purpose", "number", *(name for name in table.columns if name.startswith("timing_"))}
    for row, record in zip(table, records, strict=True):
        assert {key: row[key] for key in row if key not in changed} == {
            key: record[key] for key in record if key not in changed
        }
    assert set(table["purpose"]) == {None}
    assert agent.episodes["seed"] == [episode.outcome.seed for episode in await recorded(importable, "class")]


async def test_agents_of_an_experiment_are_loaded_from_it(importable: Path) -> None:
    experiment = cd.open(importable / "rules")
    assert experiment.champion is not None
    for champion in (
        experiment.load_agent(),
        experiment.load_agent(experiment.champion),
        cd.load_agent(importable / "rules"),
    ):
        assert (champion.id, champion.genes) == (experiment.champion.id, experiment.champion.genome)
        assert set(champion.episodes["purpose"]) == {"training", "validation", "held_out"}
        assert None not in champion.episodes["fitness"]
    other = experiment.load_agent((0, 1))
    assert (other.id, other.genes) == ("rules-g000-a001", experiment.agent((0, 1)).genome)
    with pytest.raises(AgentNotFound, match="rules-g007-a000"):
        experiment.load_agent((7, 0))


async def test_class_of_a_server_needs_consent(importable: Path) -> None:
    """The same experiment in the folder of the user does not need it."""
    source: Any = ServedFolder(importable)
    with pytest.raises(cd.ClauDoomError, match=r"^the server uses .* drawing:Drawing.*trust=\['drawing:Drawing'\]"):
        load_stored_agent(source, "class")
    agent = load_stored_agent(source, "class", trust=["drawing:Drawing"])
    agent.reset(1)
    load_stored_agent(FolderSource(importable), "class").reset(1)


async def test_failure_of_the_policy_ends_further_episodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "raising.py").write_text(POLICY.replace("buttons =", "1 / 0; buttons ="))
    document = json.loads((ROOT / "examples/champions/basic.json").read_text())
    changed = {"policy": {"kind": "class", "target": "raising:Drawing"}, "genome": {"bias": 0.5}}
    (tmp_path / "agent.json").write_text(json.dumps(document | changed))
    monkeypatch.chdir(tmp_path)
    agent = cd.load_agent("agent.json", trust=["raising:Drawing"])
    with pytest.raises(PolicyFailed, match="the policy raised ZeroDivisionError"):
        agent.play(3, workers=1)


async def test_film_of_a_recorded_episode(importable: Path, tmp_path: Path) -> None:
    """The film has one frame for each tic of the chosen episode."""
    agent = cd.load_agent("short", output_dir=importable)
    episode = (await recorded(importable, "short"))[-1]
    film = agent.film(tmp_path / "film.mp4", episode=episode.number, purpose="held_out", overlay=True)
    assert film.frames == episode.outcome.measures.tics
    assert len(take_apart(film.path).pictures) == film.frames
    with pytest.raises(cd.ClauDoomError, match=r"film.mp4 exists already: .*force=True"):
        agent.film(tmp_path / "film.mp4")
    again = agent.film(tmp_path / "film.mp4", seed=episode.outcome.seed, force=True)
    assert again.frames == film.frames


def test_example_repeats_the_record_of_the_champion() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "examples/gymnasium_loop.py"], check=True, capture_output=True, text=True
    )
    lines = done.stdout.splitlines()
    records = json.loads((ROOT / "examples/champions/defend_the_center.json").read_text())["episodes"][:3]
    assert len(lines) == 3
    for line, record in zip(lines, records, strict=True):
        reward = f"{record['measures']['reward']:g}"
        assert line.startswith(f"seed {record['seed']}: return {reward} (record: {reward}), ")
        assert line.endswith("same trajectory: True")
