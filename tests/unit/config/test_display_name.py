"""Tests of the display names of policies and strategies."""

from clau_doom.config import CustomPolicyConfig, CustomStrategyConfig, GeneticConfig, RulesPolicyConfig, kind_label


def test_class_is_named_by_its_target() -> None:
    assert kind_label(CustomStrategyConfig(kind="class", target="my_es:OpenAIES")) == "my_es:OpenAIES"
    assert kind_label(CustomPolicyConfig(kind="class", target="hasty:Hasty")) == "hasty:Hasty"
    assert kind_label(GeneticConfig(kind="genetic")) == "genetic"
    assert kind_label(RulesPolicyConfig()) == "rules"
