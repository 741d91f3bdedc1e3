"""Configuration section of the policy."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from clau_doom.config.base_section import ConfigSection, FromList
from clau_doom.config.class_options import Options
from clau_doom.config.path_fields import AgentAddress
from clau_doom.config.target_import import TARGET_PATTERN

__all__ = [
    "CustomPolicyConfig",
    "NeuralPolicyConfig",
    "PolicyConfig",
    "RandomPolicyConfig",
    "RemotePolicyConfig",
    "RulesPolicyConfig",
]


Units = Annotated[PositiveInt, Field(le=1024)]


class RandomPolicyConfig(ConfigSection):
    """Presses buttons at random; the baseline."""

    kind: Literal["random"] = Field(default="random", description="Policy that a genome parameterises.")


class RulesPolicyConfig(ConfigSection):
    """Hand-written rules with evolvable, named genes."""

    kind: Literal["rules"] = Field(default="rules", description="Policy that a genome parameterises.")


class NeuralPolicyConfig(ConfigSection):
    """Small neural network over observations; its weights are the genome."""

    kind: Literal["neural"] = Field(default="neural", description="Policy that a genome parameterises.")
    layers: Annotated[tuple[Units, ...], FromList] = Field(
        default=(16,), max_length=4, description="Units of each hidden layer, at most 1024; [] for no hidden layer."
    )
    bins: int = Field(default=9, ge=3, le=64, description="Number of directions for visible objects.")
    screen: Annotated[tuple[PositiveInt, PositiveInt] | None, FromList] = Field(
        default=None,
        description="Width and height of a down-sampled screen as input, no larger than scenario.resolution.",
        examples=[[16, 12]],
    )
    weight_limit: PositiveFloat = Field(default=4.0, le=64.0, description="Bound of the absolute value of weights.")


class CustomPolicyConfig(ConfigSection):
    """Python class that implements the policy port."""

    kind: Literal["class"] = Field(default="class", description="Policy that a genome parameterises.")
    target: str = Field(
        pattern=TARGET_PATTERN,
        description="Policy class as module:Class, importable from import_paths; or the name of a plugin.",
        examples=["my_policy:MyPolicy"],
    )
    options: Options = Field(
        default_factory=dict, description="Keyword arguments of the class.", examples=[{"caution": 0.5}]
    )


class RemotePolicyConfig(ConfigSection):
    """Program in any language that serves AgentService."""

    kind: Literal["remote"] = Field(default="remote", description="Policy that a genome parameterises.")
    address: AgentAddress | None = Field(
        default=None,
        pattern=r"^(unix:.+|[^\s:/]+:\d{1,5}|\[[0-9A-Fa-f:]+\]:\d{1,5})$",
        description="Address of the agent's program: host:port or unix:PATH; null for agents in containers.",
        examples=["localhost:50061"],
    )
    deadline: float = Field(default=1.0, gt=0.0, le=600.0, description="Wall-clock seconds for each decision.")
    on_missed: Literal["retry", "repeat"] = Field(
        default="retry",
        description="Reaction to a missed deadline: retry the episode, or repeat the last action (a deviation).",
    )


PolicyConfig = Annotated[
    RandomPolicyConfig | RulesPolicyConfig | NeuralPolicyConfig | CustomPolicyConfig | RemotePolicyConfig,
    Field(discriminator="kind"),
]
