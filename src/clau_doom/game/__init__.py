"""ViZDoom scenarios and the engine that plays them.

`resolve` converts the scenario of a configuration into a frozen `Scenario` without starting an engine. `VizdoomEngine`
implements the `Engine` port. An engine works in a private folder and ends with its parent; `sweep` removes its shared
memory. The same seed and actions give the same episode, independent of earlier episodes. Only this package imports
ViZDoom.
"""

from clau_doom.game.engine import ViewSettings, VizdoomEngine
from clau_doom.game.engine_launch_script import launched, sweep
from clau_doom.game.object_kinds import kind_of
from clau_doom.game.process_liveness import has_ended, is_stopped
from clau_doom.game.scenario_trial import try_scenario
from clau_doom.game.scenarios import (
    EXCLUDED,
    SCENARIOS,
    BundledScenario,
    Scenario,
    ScenarioFiles,
    own_files,
    resolve,
    scenario_facts,
)
from clau_doom.game.transition import Transition
from clau_doom.game.x_display_check import display_opens

__all__ = [
    "EXCLUDED",
    "SCENARIOS",
    "BundledScenario",
    "Scenario",
    "ScenarioFiles",
    "Transition",
    "ViewSettings",
    "VizdoomEngine",
    "display_opens",
    "has_ended",
    "is_stopped",
    "kind_of",
    "launched",
    "own_files",
    "resolve",
    "scenario_facts",
    "sweep",
    "try_scenario",
]
