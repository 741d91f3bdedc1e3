"""Tests of reading, replaying and resuming an experiment after its scenario and policy were moved."""

import shutil
import sys
from pathlib import Path

import pytest
import vizdoom as vzd

from clau_doom.app.catalog.folder_source import FolderSource
from clau_doom.app.export import export_experiment
from clau_doom.app.gene_space import space_of
from clau_doom.app.input_copies import same_files
from clau_doom.app.replay import plan_replay, stored_actions, verify
from clau_doom.app.replay_agent_lookup import export_agent, find_agent
from clau_doom.app.run import open_run
from clau_doom.app.run_plan import Plan
from clau_doom.app.run_planning import plan_config, plan_resume, plan_run
from clau_doom.config import CustomPolicyConfig, ExecutionConfig, ExperimentConfig, HoldoutConfig, ScenarioConfig
from clau_doom.domain import Purpose
from clau_doom.errors import ConfigError, ResumeRefused
from clau_doom.orchestration import Shutdown
from clau_doom.replay import select_episode

pytestmark = pytest.mark.engine

POLICY = """
from clau_doom.policies import RulesPolicy

class Moved(RulesPolicy):
    pass
"""


async def played(plan: Plan) -> None:
    async with open_run(plan, Shutdown()) as (_, experiment):
        await experiment.begin()
        await experiment.run()


async def resumed(folder: Path, generations: int, **environ: str) -> Plan:
    overrides = {"generations": generations}
    return await plan_resume("lab", folder, environ=environ, overrides=overrides)


async def test_moved_scenario_and_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The experiment's folder is enough to read and to replay. A resume needs the policy, and accepts a new path."""
    here, runs, there = tmp_path / "here", tmp_path / "runs", tmp_path / "there"
    here.mkdir()
    (here / "moved_policy.py").write_text(POLICY)
    bundled = Path(vzd.scenarios_path)
    (here / "s.cfg").write_text((bundled / "basic.cfg").read_text().replace("basic.wad", "mine.wad"))
    shutil.copy(bundled / "basic.wad", here / "mine.wad")
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "path", [*sys.path])
    config = ExperimentConfig(
        name="lab",
        generations=1,
        population=3,
        episodes=1,
        scenario=ScenarioConfig(name="s.cfg", timeout=100),
        policy=CustomPolicyConfig(target="moved_policy:Moved"),
        holdout=HoldoutConfig(validation=1, episodes=2),
        execution=ExecutionConfig(workers=1),
    )
    await played(plan_config(config, runs))

    here.rename(there)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "moved_policy")
    sys.path.remove(str(here))
    stored = await FolderSource(runs).experiment("lab")
    assert "aim_gain" in space_of(stored).named(stored.snapshot.generations[0][0].agent.genome)
    assert await export_experiment(FolderSource(runs), "lab", tmp_path / "tables", "csv")
    setting, agent = await find_agent("lab", None, runs)
    assert '"aim_gain"' in export_agent(setting, agent)
    choice = select_episode(agent, purpose=Purpose.HELD_OUT, number=0, seed=None)
    plan = plan_replay(setting, choice, await stored_actions(choice, runs))
    assert plan.by_actions
    assert choice.episode is not None
    assert verify(plan).outcome == choice.episode.outcome
    with pytest.raises(ConfigError, match="module 'moved_policy' not found"):
        await resumed(runs, 2)

    monkeypatch.chdir(there)
    assert same_files((await resumed(runs, 2)).scenario, setting.provenance)
    plan_of_copy = await resumed(runs, 2)
    assert plan_of_copy.scenario.cfg.parent.name == "inputs"
    await played(plan_of_copy)
    plan_of_path = await resumed(runs, 3, CLAU_DOOM_SCENARIO_NAME="s.cfg")
    assert plan_of_path.config.scenario.name == str(there / "s.cfg")
    with (there / "s.cfg").open("a") as file:
        file.write("kill_reward = 5\n")
    with pytest.raises(ResumeRefused, match=r"it was started with scenario\.cfg"):
        await resumed(runs, 3, CLAU_DOOM_SCENARIO_NAME="s.cfg")


OWN = {
    "paths_policy.py": """
from clau_doom.policies import RulesPolicy
from paths_helper import VALUE

class Own(RulesPolicy):
    pass
""",
    "paths_helper.py": "VALUE = 1\n",
    "paths_strategy.py": """
from clau_doom.config import RandomSearchConfig
from clau_doom.evolution.random_search import RandomSearch

class Own(RandomSearch):
    def __init__(self, space, population, seed):
        super().__init__(RandomSearchConfig(), space, population, seed)
""",
    "paths_measures.py": "def half(record): return record.measures.tics / 2\n",
}


async def test_import_paths_replace_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was started in one folder is resumed and replayed in another one, which has a wrong module."""
    project, other, runs = tmp_path / "project", tmp_path / "other", tmp_path / "runs"
    (project / "agents").mkdir(parents=True)
    other.mkdir()
    for name, text in OWN.items():
        (project / "agents" / name).write_text(text)
        (other / name).write_text("raise ValueError('the wrong folder')\n")
    (project / "lab.yaml").write_text(
        "{name: lab, generations: 1, population: 2, episodes: 1, import_paths: [agents], scenario: {timeout: 100},"
        " policy: {kind: class, target: 'paths_policy:Own'}, measures: {half: 'paths_measures:half'},"
        " evolution: {kind: class, target: 'paths_strategy:Own'}, fitness: half,"
        " holdout: {validation: 1, episodes: 2}, execution: {workers: 1}}"
    )
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    plan = plan_run(project / "lab.yaml", runs, environ={})
    assert plan.config.import_paths == (str(project / "agents"),)
    await played(plan)

    monkeypatch.chdir(other)
    for name in OWN:
        monkeypatch.delitem(sys.modules, name.removesuffix(".py"))
    await played(await resumed(runs, 2))
    setting, agent = await find_agent("lab", None, runs)
    choice = select_episode(agent, purpose=Purpose.HELD_OUT, number=0, seed=None)
    replayed = plan_replay(setting, choice, await stored_actions(choice, runs))
    assert not replayed.by_actions
    assert choice.episode is not None
    assert verify(replayed).outcome == choice.episode.outcome
    environments = (await FolderSource(runs).experiment("lab")).snapshot.environments
    assert [each.folder for run in environments for each in run.commits] == ["import_paths[0]"] * 2

    (project / "agents").rename(project / "moved")
    moved = await plan_resume(
        "lab", runs, environ={}, overrides={"generations": 3, "import_paths": [str(project / "moved")]}
    )
    assert moved.config.import_paths == (str(project / "moved"),)
