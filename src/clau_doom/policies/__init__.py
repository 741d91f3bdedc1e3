"""Policies: how a genome turns observations into actions.

`random` is the baseline, `rules` has an interpretable genome, `neural` is a small network in exact arithmetic, any
class that implements the policy port can be named in the configuration, and `remote` asks a program in any language. A
policy plays inside the worker, thousands of times a second, and the same genome, generator and observations give the
same actions on every machine.
"""

from clau_doom.policies.custom import custom_source
from clau_doom.policies.factory import make_policy, source_facts
from clau_doom.policies.neural import NeuralPolicy
from clau_doom.policies.random_policy import RandomPolicy
from clau_doom.policies.rules import GENES, RulesPolicy

__all__ = ["GENES", "NeuralPolicy", "RandomPolicy", "RulesPolicy", "custom_source", "make_policy", "source_facts"]
