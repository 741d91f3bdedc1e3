"""Display name of a policy or strategy."""

from clau_doom.config.evolution import CustomStrategyConfig, EvolutionConfig
from clau_doom.config.policies import CustomPolicyConfig, PolicyConfig

__all__ = ["kind_label"]


def kind_label(section: PolicyConfig | EvolutionConfig) -> str:
    """Return the kind of a policy or strategy, such as ``genetic``, or the target of a class, such as ``my_es:ES``."""
    return section.target if isinstance(section, CustomPolicyConfig | CustomStrategyConfig) else section.kind
