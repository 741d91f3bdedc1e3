"""When an episode has taken too long, and whose doing that is; the same wherever it is played."""

from clau_doom.errors import ClauDoomError, EpisodeTimedOut, PolicyTimedOut

__all__ = ["overdue"]


def overdue(
    worker: str,
    *,
    playing: float,
    still: float,
    deciding: bool,
    charged: bool = True,
    episode_timeout: float,
    stall_timeout: float,
) -> ClauDoomError | None:
    """Return why a worker must be ended now, or None.

    Args:
        worker: What it is called in a message.
        playing: Seconds since its episode began.
        still: Seconds since its last turn.
        deciding: Whether its policy has the turn.
        charged: Whether the policy's time is the agent's own: one that waits for another program is not charged.
        episode_timeout: Seconds for an episode.
        stall_timeout: Seconds without a turn after which it counts as hung; a policy may think for longer.
    """
    if playing > episode_timeout:
        if deciding and charged:
            return PolicyTimedOut(f"the policy was still deciding at the episode's deadline of {episode_timeout:g} s")
        return EpisodeTimedOut(f"the episode was not over after {episode_timeout:g} s")
    if still > stall_timeout and not deciding:
        return EpisodeTimedOut(f"{worker} made no progress for {stall_timeout:g} s")
    return None
