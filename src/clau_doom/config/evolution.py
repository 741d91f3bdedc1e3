"""The section of evolution: how the next generation is made."""

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, model_validator

from clau_doom.config.racing import RacingConfig
from clau_doom.config.section import FromList, Section, refuse

__all__ = [
    "CmaEsConfig",
    "DescriptorConfig",
    "EvolutionConfig",
    "GeneticConfig",
    "MapElitesConfig",
    "RandomSearchConfig",
]

Racing = Annotated[RacingConfig, Field(description="Who need not play all of its episodes.")]


class _StrategyConfig(Section):
    mode: Literal["generational", "steady_state"] = Field(
        default="generational",
        description="Whether a generation ends before the next begins, or agents are bred one by one.",
    )
    lookahead: int = Field(
        default=16,
        ge=1,
        le=100_000,
        description="For steady_state: agents in flight; agent k is bred from the results of 0 to k - lookahead.",
    )
    immigrants: int = Field(
        default=1, ge=0, description="The last agents of a generation that injected genomes may replace."
    )


class GeneticConfig(_StrategyConfig):
    """A genetic algorithm: tournaments, crossover by gene type, mutation that cools, elites that play again."""

    kind: Literal["genetic"] = Field(default="genetic", description="How the next generation is made.")
    elites: int = Field(default=2, ge=0, description="The best agents that enter the next generation unchanged.")
    tournament: int = Field(default=3, ge=1, le=1000, description="Agents drawn for each choice of a parent.")
    crossover: float = Field(default=0.9, ge=0.0, le=1.0, description="Probability that an offspring has two parents.")
    mutation: float = Field(default=0.1, ge=0.0, le=1.0, description="Probability that a gene mutates.")
    sigma: float = Field(default=0.2, gt=0.0, le=1.0, description="Mutation's spread at generation 0, in gene ranges.")
    sigma_end: float = Field(default=0.03, gt=0.0, le=1.0, description="The spread that cooling approaches.")
    half_life: PositiveFloat = Field(default=10.0, description="Generations in which the spread above its end halves.")
    diversity: float = Field(
        default=0.05, ge=0.0, le=1.0, description="Mean gene spread (in ranges) below which mutation rises."
    )
    shrink: bool = Field(
        default=False,
        description="Select by fitness drawn towards the mean, the more the fewer episodes it rests on.",
    )
    racing: Racing = RacingConfig()


class CmaEsConfig(_StrategyConfig):
    """CMA-ES."""

    kind: Literal["cma-es"] = Field(default="cma-es", description="How the next generation is made.")
    sigma: float = Field(default=0.2, gt=0.0, le=1.0, description="The first step, in gene ranges.")
    racing: Racing = RacingConfig()


class DescriptorConfig(Section):
    """One axis of a MAP-Elites archive."""

    measure: Literal["aggression", "movement", "survival", "accuracy", "items", "kills", "health"] = Field(
        description="The behaviour that this axis tells apart."
    )
    low: float = Field(default=0.0, description="The value at which the first cell begins; lower ones count into it.")
    high: float = Field(default=1.0, description="The value at which the last cell ends; higher ones count into it.")
    cells: int = Field(default=10, ge=2, le=100, description="Cells of equal width between low and high.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low >= self.high:
            refuse([("high", ("low",), f"is not above low ({self.low:g}): raise it, or lower low")])
        return self


class MapElitesConfig(_StrategyConfig):
    """MAP-Elites: the best agent of every kind of behaviour."""

    kind: Literal["map-elites"] = Field(default="map-elites", description="How the next generation is made.")
    descriptors: Annotated[tuple[DescriptorConfig, ...], FromList] = Field(
        default=(DescriptorConfig(measure="aggression"), DescriptorConfig(measure="movement")),
        min_length=1,
        max_length=4,
        description="The archive's axes.",
    )
    crossover: float = Field(default=0.5, ge=0.0, le=1.0, description="Probability that an offspring has two parents.")
    sigma: float = Field(default=0.1, gt=0.0, le=1.0, description="Mutation's spread, in gene ranges.")


class RandomSearchConfig(_StrategyConfig):
    """Draws every agent anew: what any other strategy must beat."""

    kind: Literal["random"] = Field(default="random", description="How the next generation is made.")
    racing: Racing = RacingConfig()


EvolutionConfig = Annotated[
    GeneticConfig | CmaEsConfig | MapElitesConfig | RandomSearchConfig, Field(discriminator="kind")
]
