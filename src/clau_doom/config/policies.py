"""The section of the policy: how a genome plays."""

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PositiveFloat, PositiveInt

from clau_doom.config.paths import expand_address
from clau_doom.config.section import FromList, Section

__all__ = [
    "CustomPolicyConfig",
    "NeuralPolicyConfig",
    "PolicyConfig",
    "RandomPolicyConfig",
    "RemotePolicyConfig",
    "RulesPolicyConfig",
]


def _option(value: object) -> object:
    if isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ValueError("is no option: use text, a finite number, true or false")


Units = Annotated[PositiveInt, Field(le=1024)]


class RandomPolicyConfig(Section):
    """Presses buttons at random: the baseline."""

    kind: Literal["random"] = Field(default="random", description="How a genome plays.")


class RulesPolicyConfig(Section):
    """Hand-written rules with evolvable, named genes."""

    kind: Literal["rules"] = Field(default="rules", description="How a genome plays.")


class NeuralPolicyConfig(Section):
    """A small network over what is seen; its weights are the genome."""

    kind: Literal["neural"] = Field(default="neural", description="How a genome plays.")
    layers: Annotated[tuple[Units, ...], FromList] = Field(
        default=(16,), max_length=4, description="Units of each hidden layer, at most 1024; [] for none."
    )
    bins: int = Field(default=9, ge=3, le=64, description="Directions into which visible objects are sorted.")
    screen: Annotated[tuple[PositiveInt, PositiveInt] | None, FromList] = Field(
        default=None,
        description="Width and height of a down-sampled screen to see as well, no larger than scenario.resolution.",
        examples=[[16, 12]],
    )
    weight_limit: PositiveFloat = Field(default=4.0, le=64.0, description="Weights lie between minus and plus this.")


class CustomPolicyConfig(Section):
    """Any Python class that implements the policy port."""

    kind: Literal["class"] = Field(default="class", description="How a genome plays.")
    target: str = Field(
        pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$",
        description="The class, as module:Class; importable from the folder.",
        examples=["my_policy:MyPolicy"],
    )
    options: dict[str, Annotated[bool | int | float | str, BeforeValidator(_option)]] = Field(
        default_factory=dict, description="Keyword arguments for the class.", examples=[{"caution": 0.5}]
    )


class RemotePolicyConfig(Section):
    """A program in any language behind an AgentService."""

    kind: Literal["remote"] = Field(default="remote", description="How a genome plays.")
    address: Annotated[str, AfterValidator(expand_address)] | None = Field(
        default=None,
        pattern=r"^(unix:.+|[^\s:/]+:\d{1,5}|\[[0-9A-Fa-f:]+\]:\d{1,5})$",
        description="Where the agent's program listens: host:port, or unix:PATH; none for one in containers.",
        examples=["localhost:50061"],
    )
    deadline: float = Field(default=1.0, gt=0.0, le=600.0, description="Seconds of wall time for each decision.")
    on_missed: Literal["retry", "repeat"] = Field(
        default="retry",
        description="What follows when it is missed: play the episode again, or repeat the last action (a deviation).",
    )


PolicyConfig = Annotated[
    RandomPolicyConfig | RulesPolicyConfig | NeuralPolicyConfig | CustomPolicyConfig | RemotePolicyConfig,
    Field(discriminator="kind"),
]
