"""Configuration section of the evolution strategies."""

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, model_validator

from clau_doom.config.base_section import ConfigSection, FromList, refuse
from clau_doom.config.class_options import Options
from clau_doom.config.racing import RacingConfig
from clau_doom.config.start import StartConfig
from clau_doom.config.target_import import TARGET_PATTERN

__all__ = [
    "CmaEsConfig",
    "CustomStrategyConfig",
    "DescriptorConfig",
    "EvolutionConfig",
    "GeneticConfig",
    "MapElitesConfig",
    "RandomSearchConfig",
]

Start = Annotated[StartConfig, Field(description="Warm start: genomes of earlier agents in generation 0.")]
Racing = Annotated[RacingConfig, Field(description="Racing: early stopping of an agent's evaluation.")]


class _StrategyConfig(ConfigSection):
    mode: Literal["generational", "steady_state"] = Field(
        default="generational",
        description="Breed whole generations, or one agent at a time.",
    )
    lookahead: int = Field(
        default=16,
        ge=1,
        le=100_000,
        description="For steady_state: agents in flight; agent k is bred from results 0 to k - lookahead.",
    )
    immigrants: int = Field(
        default=1, ge=0, description="Number of agents at a generation's end that injected genomes may replace."
    )
    start: Start = StartConfig()


class GeneticConfig(_StrategyConfig):
    """Genetic algorithm: tournament selection, crossover by gene type, cooling mutation, re-evaluated elites."""

    kind: Literal["genetic"] = Field(default="genetic", description="Evolution strategy.")
    elites: int = Field(default=2, ge=0, description="Number of best agents copied unchanged into the next generation.")
    tournament: int = Field(default=3, ge=1, le=1000, description="Agents drawn for each tournament.")
    crossover: float = Field(default=0.9, ge=0.0, le=1.0, description="Probability that an offspring has two parents.")
    mutation: float = Field(default=0.1, ge=0.0, le=1.0, description="Probability that a gene mutates.")
    sigma: float = Field(default=0.2, gt=0.0, le=1.0, description="Mutation's standard deviation at generation 0.")
    sigma_end: float = Field(default=0.03, gt=0.0, le=1.0, description="Standard deviation that cooling approaches.")
    half_life: PositiveFloat = Field(default=10.0, description="Generations in which the distance to sigma_end halves.")
    diversity: float = Field(
        default=0.05, ge=0.0, le=1.0, description="Mean spread of genes, in gene ranges, below which mutation rises."
    )
    shrink: bool = Field(
        default=False,
        description="Select by fitness shrunk towards the mean, more strongly for fewer episodes.",
    )
    racing: Racing = RacingConfig()


class CmaEsConfig(_StrategyConfig):
    """CMA-ES."""

    kind: Literal["cma-es"] = Field(default="cma-es", description="Evolution strategy.")
    sigma: float = Field(default=0.2, gt=0.0, le=1.0, description="Initial step size, in gene ranges.")
    racing: Racing = RacingConfig()


class DescriptorConfig(ConfigSection):
    """One axis of a MAP-Elites archive."""

    measure: str = Field(
        description="Behaviour descriptor of this axis: aggression, movement, survival, accuracy, items, kills, "
        "health, or a measure of `measures`."
    )
    low: float = Field(default=0.0, description="Lower end of the first cell, which also takes lower values.")
    high: float = Field(default=1.0, description="Upper end of the last cell, which also takes higher values.")
    cells: int = Field(default=10, ge=2, le=100, description="Cells of equal width between low and high.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low >= self.high:
            refuse([("high", ("low",), f"is not above low ({self.low:g}): raise it, or lower low")])
        return self


class MapElitesConfig(_StrategyConfig):
    """MAP-Elites: the best agent of each cell of behaviour."""

    kind: Literal["map-elites"] = Field(default="map-elites", description="Evolution strategy.")
    descriptors: Annotated[tuple[DescriptorConfig, ...], FromList] = Field(
        default=(DescriptorConfig(measure="aggression"), DescriptorConfig(measure="movement")),
        min_length=1,
        max_length=4,
        description="Axes of the archive.",
    )
    crossover: float = Field(default=0.5, ge=0.0, le=1.0, description="Probability that an offspring has two parents.")
    sigma: float = Field(default=0.1, gt=0.0, le=1.0, description="Mutation's standard deviation, in gene ranges.")


class RandomSearchConfig(_StrategyConfig):
    """Random search: a baseline for other strategies."""

    kind: Literal["random"] = Field(default="random", description="Evolution strategy.")
    racing: Racing = RacingConfig()


class CustomStrategyConfig(_StrategyConfig):
    """Python class that implements the strategy port."""

    kind: Literal["class"] = Field(default="class", description="Evolution strategy.")
    target: str = Field(
        pattern=TARGET_PATTERN,
        description="Strategy class as module:Class, importable from import_paths; or the name of a plugin.",
        examples=["my_es:OpenAIES"],
    )
    options: Options = Field(
        default_factory=dict, description="Keyword arguments of the class.", examples=[{"sigma": 0.1}]
    )
    racing: Racing = RacingConfig()


EvolutionConfig = Annotated[
    GeneticConfig | CmaEsConfig | MapElitesConfig | RandomSearchConfig | CustomStrategyConfig,
    Field(discriminator="kind"),
]
