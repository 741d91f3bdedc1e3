"""Summary of the episodes that racing saved."""

from clau_doom.domain.experiment import RaceTally

__all__ = ["racing_sentence"]


def racing_sentence(tally: RaceTally) -> str:
    """Describe the saved episodes and the audit's wrong decisions, without a full stop."""
    saved = tally.planned - tally.played
    share = 100.0 * saved / tally.planned if tally.planned else 0.0
    text = f"racing saved {saved:,} of {tally.planned:,} training episodes ({share:.0f} %)"
    if not tally.audited:
        return f"{text}; no candidate for dropping was audited"
    audited = "1 agent" if tally.audited == 1 else f"{tally.audited} agents"
    found = "none of them" if tally.changed == 0 else f"{tally.changed}"
    return f"{text}; of {audited} that continued after the decision to drop them, {found} belonged to the best"
