"""Summary of the episodes that racing saved."""

from clau_doom.domain.experiment import RaceTally

__all__ = ["racing_sentence"]


def racing_sentence(tally: RaceTally) -> str:
    """Describe the saved episodes and the wrong decisions that the audit found."""
    saved = tally.planned - tally.played
    share = 100.0 * saved / tally.planned if tally.planned else 0.0
    text = f"Racing saved {saved:,} of {tally.planned:,} training episodes ({share:.0f} %)."
    if not tally.audited:
        return f"{text} The audit kept no agents that racing would have dropped."
    agents = "1 agent" if tally.audited == 1 else f"{tally.audited} agents"
    wrong = f"{tally.changed} of them" if tally.changed else "none of them"
    return f"{text} The audit kept {agents} that racing would have dropped; {wrong} belonged to the best in the end."
