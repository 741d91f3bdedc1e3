"""An episode played again: proved to be the one that is recorded, and shown.

`choose` finds the episode. `perform` plays it as it was played, by its policy or by the actions that are kept of it,
and `check` compares what came of it with the record: that is the proof. `Rerun` then has another engine perform the
same actions tic by tic, in colour, and sees at each decision that it is still the same episode; its frames go to a
window (`InRealTime`) or, with an `Overlay` of what the policy saw and did, to a file (`film`). `agent_text` and
`read_agent` are an agent as a file, which needs its experiment no more.
"""

from clau_doom.replay.agent_file import SUFFIX, Setting, agent_text, read_agent
from clau_doom.replay.encoder import FORMATS, check_place, check_target
from clau_doom.replay.episode_selection import Choice, Contestant, choose, contestant
from clau_doom.replay.overlay import Overlay
from clau_doom.replay.rendering_pass import Rerun
from clau_doom.replay.verification import Decision, Performance, check, differs, perform
from clau_doom.replay.video import TICS_A_SECOND, Clip, Film, InRealTime, Reported, film, film_size

__all__ = [
    "FORMATS",
    "SUFFIX",
    "TICS_A_SECOND",
    "Choice",
    "Clip",
    "Contestant",
    "Decision",
    "Film",
    "InRealTime",
    "Overlay",
    "Performance",
    "Reported",
    "Rerun",
    "Setting",
    "agent_text",
    "check",
    "check_place",
    "check_target",
    "choose",
    "contestant",
    "differs",
    "film",
    "film_size",
    "perform",
    "read_agent",
]
