"""HTML of a loaded agent for notebooks."""

from clau_doom.api.notebook_html import facts_html
from clau_doom.config import kind_label
from clau_doom.replay import ReplayedAgent, Setting

__all__ = ["agent_html"]

_SHOWN_GENES = 20


def agent_html(setting: Setting, agent: ReplayedAgent) -> str:
    """Return the facts of an agent, and its first genes if they are stored."""
    policy, space = setting.policy, setting.space
    facts = {
        "champion": "yes" if agent.champion else None,
        "scenario": setting.scenario.name,
        "policy": "random" if agent.baseline else kind_label(policy),
        "recorded episodes": f"{len(agent.episodes):,}",
    }
    shown = facts_html(f"agent {agent.id}", facts)
    if space is None or agent.baseline:
        return shown
    more = f", first {_SHOWN_GENES} of {len(space.genes):,} genes" if len(space.genes) > _SHOWN_GENES else ""
    return shown + facts_html(f"genome{more}", space.named(agent.genome, _SHOWN_GENES))
