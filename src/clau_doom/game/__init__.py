"""The game: which scenarios there are, and one ViZDoom engine that plays episodes of one of them.

`resolve` turns the configuration's scenario into a frozen `Scenario` without starting anything; `VizdoomEngine` is the
adapter of the `Engine` port that plays it. An engine works in a private folder, leaves nothing behind that `sweep` does
not remove, dies with its parent, and gives the same episode for the same seed and actions whatever it played before.
ViZDoom is imported in this room only.
"""

from clau_doom.game.display import display_opens
from clau_doom.game.engine import View, VizdoomEngine
from clau_doom.game.launcher import launched, sweep
from clau_doom.game.object_kinds import kind_of
from clau_doom.game.processes import has_ended, is_stopped
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

__all__ = [
    "EXCLUDED",
    "SCENARIOS",
    "BundledScenario",
    "Scenario",
    "ScenarioFiles",
    "View",
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
