"""Tests of replays of real runs: verification of recorded episodes, and refusals."""

import json
import sqlite3
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clau_doom.app.replay import open_rendering_pass, plan_replay, stored_actions, verify
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
    RandomPolicyConfig,
    RemotePolicyConfig,
    RulesPolicyConfig,
    ScenarioConfig,
)
from clau_doom.domain import Genome, Purpose
from clau_doom.error_description import describe
from clau_doom.errors import ConfigError, ReplayDiffers
from clau_doom.game import ViewSettings, VizdoomEngine, resolve
from clau_doom.orchestration import Shutdown
from clau_doom.policies import RandomPolicy
from clau_doom.ports import Action, Needs, Observation, Policy
from clau_doom.replay import Performance, RenderingPass, SelectedEpisode, Setting, perform, select_episode
from clau_doom.testing.scripted_agent_server import ScriptedAgent, turning
from clau_doom.worker import ProgressPage

pytestmark = pytest.mark.engine

POLICIES: dict[str, PolicyConfig] = {
    "random": RandomPolicyConfig(),
    "rules": RulesPolicyConfig(),
    "neural": NeuralPolicyConfig(layers=(4,), screen=(16, 12)),
    "class": CustomPolicyConfig(target="clau_doom.policies:RulesPolicy"),
}
VIEW = ViewSettings(resolution=(640, 480))
SCENARIOS = (
    "basic",
    "deadly_corridor",
    "deathmatch",
    "defend_the_center",
    "defend_the_line",
    "health_gathering",
    "my_way_home",
    "predict_position",
    "take_cover",
)


async def evolve(folder: Path, name: str, policy: PolicyConfig) -> None:
    """Evolve two agents, a champion among them, in short episodes."""
    config = ExperimentConfig(
        name=name,
        generations=1,
        population=3,
        episodes=1,
        scenario=ScenarioConfig(name="defend_the_center", timeout=200),
        policy=policy,
        holdout=HoldoutConfig(validation=1, episodes=2),
        execution=ExecutionConfig(workers=2),
    )
    async with open_run(plan_config(config, folder), Shutdown()) as (_, experiment):
        await experiment.begin()
        await experiment.run()


@pytest.fixture(scope="module")
async def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a finished experiment of each kind of policy."""
    folder = tmp_path_factory.mktemp("runs")
    for name, policy in POLICIES.items():
        await evolve(folder, name, policy)
    return folder


async def found(
    runs: Path, name: str, purpose: Purpose | None = None, number: int | None = None
) -> tuple[Setting, SelectedEpisode]:
    setting, agent = await find_agent(name, None, runs)
    return setting, select_episode(agent, purpose=purpose, number=number)


def proved(setting: Setting, choice: SelectedEpisode, actions: bytes | None = None) -> Performance:
    return verify(plan_replay(setting, choice, actions))


def seen_again(setting: Setting, choice: SelectedEpisode, performance: Performance) -> int:
    """Perform an episode for its pictures, and return how many there are."""
    with open_rendering_pass(plan_replay(setting, choice, None), performance, VIEW.resolution) as again:
        shapes = [frame.pixels.shape for frame in again.frames()]
    assert set(shapes) == {(480, 640, 3)}
    return len(shapes)


@pytest.mark.parametrize("kind", POLICIES)
async def test_episodes_of_every_policy_kind_are_verified(runs: Path, kind: str) -> None:
    """This covers all purposes. A rendering pass has one frame for each tic."""
    setting, agent = await find_agent(kind, None, runs)
    assert {episode.purpose for episode in agent.episodes} == set(Purpose)
    for episode in agent.episodes:
        choice = select_episode(agent, purpose=episode.purpose, number=episode.number)
        performance = proved(setting, choice)
        assert performance.outcome == episode.outcome
        assert len(performance.decisions) == episode.outcome.measures.decisions
    assert seen_again(setting, choice, performance) == performance.outcome.measures.tics


async def test_baseline_episode_is_verified(runs: Path) -> None:
    """The baseline's id selects its episodes."""
    setting, choice = await found(runs, "rules-random")
    performance = proved(setting, choice)
    assert choice.episode is not None
    assert performance.outcome == choice.episode.outcome
    assert all(decision.objects == () for decision in performance.decisions)


async def test_objects_of_the_policy_are_kept(runs: Path) -> None:
    """The objects have the coordinates of the policy's resolution."""
    setting, choice = await found(runs, "rules")
    objects = [seen for decision in proved(setting, choice).decisions for seen in decision.objects]
    assert {seen.kind for seen in objects} >= {"enemy"}
    assert all(0 <= seen.x < 160 and seen.x + seen.width <= 160 and seen.y + seen.height <= 120 for seen in objects)


@pytest.mark.parametrize("kind", ["rules", "neural"])
async def test_exported_agent_is_verified_without_its_experiment(runs: Path, tmp_path: Path, kind: str) -> None:
    """The file has the held-out episodes of the champion."""
    setting, champion = await find_agent(kind, None, runs)
    file = tmp_path / "champion.json"
    file.write_text(export_agent(setting, champion))
    there, agent = await find_agent(str(file), None, tmp_path / "nothing")
    alone = replace(setting, space=None, inputs=None, fitness=None)
    assert (agent.id, agent.genome, there) == (champion.id, champion.genome, alone)
    assert {episode.purpose for episode in agent.episodes} == {Purpose.HELD_OUT}
    for number in (0, 1):
        choice = select_episode(agent, number=number)
        assert choice.episode is not None
        assert proved(there, choice).outcome == choice.episode.outcome


async def test_edited_genome_fails_verification(runs: Path, tmp_path: Path) -> None:
    """The edited agent never fires."""
    file = tmp_path / "edited.json"
    document = json.loads(export_agent(*await find_agent("rules", None, runs)))
    document["genome"]["fire_range"] = 0.0
    file.write_text(json.dumps(document))
    setting, agent = await find_agent(str(file), None, tmp_path)
    with pytest.raises(ReplayDiffers, match="differs from the record"):
        proved(setting, select_episode(agent, number=0))


async def test_output_of_a_policy_is_suppressed(runs: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Output of a policy at each decision appears on no stream."""

    class Loud:
        def __init__(self, policy: Policy) -> None:
            self.needs, self.space, self._policy = policy.needs, policy.space, policy

        def begin(self, genome: Genome, rng: np.random.Generator) -> Callable[[Observation], Action]:
            decide = self._policy.begin(genome, rng)

            def loud(observation: Observation) -> Action:
                print("deciding")
                print("deciding", file=sys.stderr)
                return decide(observation)

            return loud

    setting, choice = await found(runs, "rules")
    plan = plan_replay(setting, choice, None)
    assert choice.episode is not None
    assert verify(replace(plan, policy=Loud(plan.policy))).outcome == choice.episode.outcome
    assert "deciding" not in "".join(capfd.readouterr())


async def test_unrecorded_seed_is_played_without_verification(runs: Path) -> None:
    """Two replays are equal."""
    setting, agent = await find_agent("rules", None, runs)
    choice = select_episode(agent, seed=12345)
    assert choice.episode is None
    assert proved(setting, choice).outcome == proved(setting, choice).outcome


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("trajectory = zeroblob(32)", "its trajectory's SHA-256 is"),
        ("kills = kills + 1", "its kills is"),
        ("seed = seed + 1", "differs from the record"),
    ],
)
async def test_changed_record_fails_verification(runs: Path, tmp_path: Path, change: str, message: str) -> None:
    """The error names the difference and the changed record as its cause."""
    await evolve(tmp_path, "rules", POLICIES["rules"])
    with closing(sqlite3.connect(tmp_path / "rules" / "results.sqlite")) as database, database:
        database.execute(f"UPDATE played SET {change} WHERE purpose = 2 AND number = 1")
    setting, choice = await found(tmp_path, "rules", Purpose.HELD_OUT, 0)
    proved(setting, choice)
    setting, choice = await found(tmp_path, "rules", Purpose.HELD_OUT, 1)
    with pytest.raises(ReplayDiffers, match=message) as refused:
        proved(setting, choice)
    assert "the record was changed" in str(refused.value)


async def test_edited_policy_is_named_as_the_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This holds if the episode differs and if it cannot be played."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    source = tmp_path / "replayed_policy.py"
    source.write_text("from clau_doom.policies import RulesPolicy\n\n\nclass Mine(RulesPolicy):\n    pass\n")
    await evolve(tmp_path / "runs", "mine", CustomPolicyConfig(target="replayed_policy:Mine"))
    with source.open("a") as file:
        file.write("\n    def begin(self, genome, rng):\n        raise ValueError('edited')\n")
    monkeypatch.delitem(sys.modules, "replayed_policy")  # as another process would begin
    setting, choice = await found(tmp_path / "runs", "mine")
    with pytest.raises(ReplayDiffers, match=r"cannot be played to its end here; it was recorded with source\.policy"):
        proved(setting, choice)


async def test_stored_actions_replace_a_missing_policy(runs: Path) -> None:
    """The stored actions verify the episode. Without them the replay is an error."""
    setting, choice = await found(runs, "rules")
    performance = proved(setting, choice)
    rows = (struct.pack(f"<{len(d.buttons)}dq", *d.buttons, d.tics) for d in performance.decisions)
    which = "SELECT sequence, ? FROM episodes WHERE purpose = 'held_out' AND agent = ? AND number = 0"
    with closing(sqlite3.connect(runs / "rules" / "results.sqlite")) as database, database:
        kept = (zlib.compress(b"".join(rows)), choice.agent.id)
        database.execute(f"INSERT INTO actions (episode, deflated) {which}", kept)
    actions = await stored_actions(choice, runs)
    assert actions is not None
    gone = CustomPolicyConfig(target="no_such_module:Policy")
    elsewhere = replace(setting, policy=gone)
    with pytest.raises(ConfigError, match="its actions are not stored"):
        plan_replay(elsewhere, choice, None)
    plan = plan_replay(elsewhere, choice, actions)
    assert plan.by_actions
    again = verify(plan)
    assert again.outcome == performance.outcome
    assert all(decision.objects == () for decision in again.decisions)
    with pytest.raises(ReplayDiffers, match="cannot be played to its end"):
        proved(elsewhere, choice, zlib.compress(b""))


async def test_policy_of_an_image_is_not_imported(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The policy is untrusted, even if this process could import it."""
    (tmp_path / "untrusted_policy.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    setting, choice = await found(runs, "rules")
    contained = replace(setting, policy=CustomPolicyConfig(target="untrusted_policy:Policy"), contained=True)
    with pytest.raises(ConfigError, match="runs in containers only"):
        plan_replay(contained, choice, None)


async def test_episode_of_a_remote_agent_is_verified(tmp_path: Path) -> None:
    """After the agent's end, the error reports the agent as unreachable."""
    with ScriptedAgent(f"unix:{tmp_path}/agent") as agent:
        agent.script = turning
        policy = RemotePolicyConfig(address=agent.address, deadline=5.0)
        await evolve(tmp_path / "runs", "remote", policy)
        setting, choice = await found(tmp_path / "runs", "remote")
        assert choice.episode is not None
        assert proved(setting, choice).outcome == choice.episode.outcome
    with ScriptedAgent(f"unix:{tmp_path}/moved") as agent:
        agent.script = turning
        moved = plan_replay(setting, choice, None, address=agent.address)
        assert verify(moved).outcome == choice.episode.outcome
    with pytest.raises(ConfigError) as refused:
        plan_replay(setting, choice, None)
    assert "its actions are not stored" in describe(refused.value)
    assert "no agent answered" in describe(refused.value)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[ProgressPage]:
    with ProgressPage(tmp_path / "phase", create=True) as page:
        yield page


@pytest.mark.parametrize("name", SCENARIOS)
def test_rendering_pass_plays_the_same_episode(tmp_path: Path, page: ProgressPage, name: str) -> None:
    """The pass has a frame for each tic, in every scenario."""
    scenario = resolve(ScenarioConfig(name=name, timeout=300))
    policy = RandomPolicy(scenario.facts)
    first = VizdoomEngine(scenario, tmp_path / "first")
    second = VizdoomEngine(scenario, tmp_path / "second", view=VIEW)
    try:
        first.start(Needs(objects=True), record=False)
        performance = perform(first, policy, Genome(()), 77, page)
        second.start(Needs(screen=True), record=False)
        frames = [(frame.tic, frame.pixels.shape) for frame in RenderingPass(second, performance).frames()]
        tics = int(second.measures().tics)
    finally:
        first.close()
        second.close()
    assert frames == [(tic, (480, 640, 3)) for tic in range(tics)]
    assert performance.decisions[-1].tic < tics <= performance.outcome.measures.tics
