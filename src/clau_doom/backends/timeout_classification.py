"""Timeouts of episodes, classified as policy or infrastructure failures, for all backends."""

from clau_doom.errors import ClauDoomError, EpisodeTimedOut, PolicyTimedOut

__all__ = ["timeout_error"]


def timeout_error(
    worker: str,
    *,
    playing: float,
    idle: float,
    deciding: bool,
    charged: bool = True,
    episode_timeout: float,
    stall_timeout: float,
) -> ClauDoomError | None:
    """Return the reason to end a worker now, or None.

    Args:
        worker: The worker's name in a message.
        playing: Seconds since its episode began.
        idle: Seconds since its last turn.
        deciding: Whether the policy has the turn.
        charged: Whether the policy's time is charged to the agent. Waiting for another program is not charged.
        episode_timeout: Seconds for an episode.
        stall_timeout: Seconds without a turn before the engine counts as hung. A policy may take longer to decide.
    """
    if playing > episode_timeout:
        if deciding and charged:
            return PolicyTimedOut(f"the policy did not decide within the episode's deadline of {episode_timeout:g} s")
        return EpisodeTimedOut(f"the episode did not end within {episode_timeout:g} s")
    if idle > stall_timeout and not deciding:
        return EpisodeTimedOut(f"{worker} made no progress for {stall_timeout:g} s")
    return None
