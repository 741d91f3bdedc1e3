"""Replay of recorded episodes, with verification and rendering.

`select_episode` selects the episode. `perform` plays it again, by its policy or by the stored actions, and `check`
verifies the outcome against the record. `RenderingPass` then performs the same actions tic by tic in another engine,
in colour, and checks each decision. Its frames go to a window (`RealTimeFrames`) or, with an `Overlay` of observations
and actions, to a video (`film`). `agent_text` and `read_agent` write and read an agent's file, which is independent
of its experiment.
"""

from clau_doom.replay.agent_file import SUFFIX, Setting, agent_text, read_agent
from clau_doom.replay.encoder import FORMATS, check_place, check_target
from clau_doom.replay.episode_selection import ReplayedAgent, SelectedEpisode, select_agent, select_episode
from clau_doom.replay.overlay import Overlay
from clau_doom.replay.rendering_pass import RenderingPass
from clau_doom.replay.verification import Decision, Performance, check, differs, perform
from clau_doom.replay.video import TICS_A_SECOND, Clip, Film, RealTimeFrames, ReportedFrames, film, film_size

__all__ = [
    "FORMATS",
    "SUFFIX",
    "TICS_A_SECOND",
    "Clip",
    "Decision",
    "Film",
    "Overlay",
    "Performance",
    "RealTimeFrames",
    "RenderingPass",
    "ReplayedAgent",
    "ReportedFrames",
    "SelectedEpisode",
    "Setting",
    "agent_text",
    "check",
    "check_place",
    "check_target",
    "differs",
    "film",
    "film_size",
    "perform",
    "read_agent",
    "select_agent",
    "select_episode",
]
