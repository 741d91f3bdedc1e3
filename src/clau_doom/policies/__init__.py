"""Policies, which map observations to actions, parameterised by a genome.

`random` is the baseline. `rules` has an interpretable genome. `neural` is a small network in exact arithmetic. `class`
uses any class that implements the policy port. `remote` calls a program in any language. A policy runs in the worker
and decides thousands of times a second. The same genome, generator and observations give the same actions on all
machines.
"""

from clau_doom.policies.custom import custom_source
from clau_doom.policies.factory import make_policy, source_facts
from clau_doom.policies.neural import NeuralPolicy
from clau_doom.policies.random_policy import RandomPolicy
from clau_doom.policies.rules import GENES, RulesPolicy
from clau_doom.policies.source_digest import digest_sources

__all__ = [
    "GENES",
    "NeuralPolicy",
    "RandomPolicy",
    "RulesPolicy",
    "custom_source",
    "digest_sources",
    "make_policy",
    "source_facts",
]
