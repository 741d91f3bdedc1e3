"""All mapping between protobuf messages and the domain: what goes over a wire is made here and checked here.

What arrives is a claim: a message that does not parse, is too long or does not fit its task is refused by one error,
`MalformedMessage`, whatever was wrong with it.
"""

from clau_doom.wire.framing import MAX_FRAME, PREFIX, frame, frame_size
from clau_doom.wire.worker import MalformedMessage, episode_from_played, parse, play_episode, played

__all__ = [
    "MAX_FRAME",
    "PREFIX",
    "MalformedMessage",
    "episode_from_played",
    "frame",
    "frame_size",
    "parse",
    "play_episode",
    "played",
]
