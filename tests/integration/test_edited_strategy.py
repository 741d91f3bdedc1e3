"""An experiment resumes after its strategy's prose was edited, and does not after its code was edited."""

import sys
from pathlib import Path

import pytest

from clau_doom.app.run import open_run
from clau_doom.app.run_plan import Plan
from clau_doom.app.run_planning import plan_config, plan_resume
from clau_doom.config import CustomStrategyConfig, ExecutionConfig, ExperimentConfig, HoldoutConfig, ScenarioConfig
from clau_doom.errors import ResumeRefused
from clau_doom.orchestration import Shutdown

pytestmark = pytest.mark.engine

STRATEGY = """
from clau_doom.domain import Genome
from clau_doom.evolution import Offspring, Strategy

class Corner(Strategy):
    '''A strategy.'''

    def _ask(self):
        return [Offspring(Genome(self.space.low), (), "corner")] * self.population

    def _tell(self, results):
        pass

    def _immigrate(self, index, genome):
        pass
"""


async def run(plan: Plan) -> None:
    async with open_run(plan, Shutdown()) as (_, experiment):
        await experiment.begin()
        await experiment.run()


async def test_resume_after_an_edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers without the strategy play its agents. Another docstring is accepted; other code or options are not."""
    file, runs = tmp_path / "edited_strategy.py", tmp_path / "runs"
    file.write_text(STRATEGY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    config = ExperimentConfig(
        name="lab",
        generations=1,
        population=3,
        episodes=1,
        scenario=ScenarioConfig(name="basic", timeout=100),
        evolution=CustomStrategyConfig(target="edited_strategy:Corner"),
        holdout=HoldoutConfig(validation=1, episodes=2),
        execution=ExecutionConfig(workers=1),
    )
    await run(plan_config(config, runs))
    file.write_text(STRATEGY.replace("A strategy.", "Agents in the corner.") + "# the end\n")
    await run(await plan_resume("lab", runs, environ={}, overrides={"generations": 2}))
    with pytest.raises(ResumeRefused, match=r"evolution\.options: .* it affects the results"):
        await plan_resume("lab", runs, environ={}, overrides={"generations": 3, "evolution.options": {"a": 1}})
    file.write_text(STRATEGY.replace("space.low", "space.high"))
    with pytest.raises(ResumeRefused, match=r"it was started with source\.strategy"):
        await plan_resume("lab", runs, environ={}, overrides={"generations": 3})
