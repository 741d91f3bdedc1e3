"""An experiment resumes after its policy's prose was edited, and does not after its code was edited."""

import sys
from pathlib import Path

import pytest

from clau_doom.app.run import open_run
from clau_doom.app.run_plan import Plan
from clau_doom.app.run_planning import plan_config, plan_resume
from clau_doom.config import CustomPolicyConfig, ExecutionConfig, ExperimentConfig, HoldoutConfig, ScenarioConfig
from clau_doom.errors import ResumeRefused
from clau_doom.orchestration import Shutdown

pytestmark = pytest.mark.engine

POLICY = """
from clau_doom.policies import RulesPolicy

class Edited(RulesPolicy):
    '''A policy.'''

    limit = 3
"""


async def run(plan: Plan) -> None:
    async with open_run(plan, Shutdown()) as (_, experiment):
        await experiment.begin()
        await experiment.run()


async def test_resume_after_an_edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers and the resume accept another docstring. Another constant is refused."""
    file, runs = tmp_path / "edited_policy.py", tmp_path / "runs"
    file.write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    config = ExperimentConfig(
        name="lab",
        generations=1,
        population=3,
        episodes=1,
        scenario=ScenarioConfig(name="basic", timeout=100),
        policy=CustomPolicyConfig(target="edited_policy:Edited"),
        holdout=HoldoutConfig(validation=1, episodes=2),
        execution=ExecutionConfig(workers=1),
    )
    await run(plan_config(config, runs))
    file.write_text(POLICY.replace("A policy.", "Rules with a limit.") + "# the end\n")
    await run(await plan_resume("lab", runs, environ={}, overrides={"generations": 2}))
    file.write_text(POLICY.replace("limit = 3", "limit = 4"))
    with pytest.raises(ResumeRefused, match=r"it was started with source\.policy"):
        await plan_resume("lab", runs, environ={}, overrides={"generations": 3})
