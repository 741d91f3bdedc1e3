"""The configuration's sections and fields. Every field's description is its documentation."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt

from clau_doom.config.duration import Duration

__all__ = [
    "CmaEsConfig",
    "CustomPolicyConfig",
    "EpisodesSeeds",
    "EvolutionConfig",
    "ExecutionConfig",
    "ExperimentConfig",
    "FitnessConfig",
    "GeneticConfig",
    "HoldoutConfig",
    "LocalConfig",
    "MapElitesConfig",
    "NeuralPolicyConfig",
    "PolicyConfig",
    "RandomPolicyConfig",
    "RandomSearchConfig",
    "RulesPolicyConfig",
    "ScenarioConfig",
]

EpisodesSeeds = Literal["fixed", "per_generation"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ScenarioConfig(_Section):
    """The game to play."""

    name: str = Field(default="defend_the_center", description="A bundled scenario, or the path of a .cfg file.")
    frame_skip: int = Field(default=4, ge=1, le=35, description="The most tics that one action is held for.")
    doom_skill: int | None = Field(default=None, ge=1, le=5, description="1 (easiest) to 5; default: the .cfg's own.")
    timeout: int | None = Field(
        default=None, ge=1, le=126_000, description="Tics after which an episode ends; default: the .cfg's, else 2100."
    )
    resolution: Literal["160x120", "200x150", "256x192", "320x240", "400x300", "512x384", "640x480"] = Field(
        default="160x120", description="The screen that the policy sees; the smallest is the fastest."
    )


class RandomPolicyConfig(_Section):
    """Presses buttons at random: the baseline."""

    kind: Literal["random"] = "random"


class RulesPolicyConfig(_Section):
    """Hand-written rules with evolvable, named genes."""

    kind: Literal["rules"] = "rules"


class NeuralPolicyConfig(_Section):
    """A small network over what is seen; its weights are the genome."""

    kind: Literal["neural"] = "neural"
    layers: tuple[PositiveInt, ...] = Field(default=(16,), max_length=4, description="Units of each hidden layer.")
    bins: int = Field(default=9, ge=3, le=64, description="Directions into which visible objects are sorted.")
    screen: tuple[PositiveInt, PositiveInt] | None = Field(
        default=None, description="Width and height of a down-sampled screen to see as well."
    )
    weight_limit: PositiveFloat = Field(default=4.0, le=64.0, description="Weights lie between minus and plus this.")


class CustomPolicyConfig(_Section):
    """Any Python class that implements the policy port."""

    kind: Literal["class"] = "class"
    target: str = Field(
        pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$", description="The class, as module:Class; importable from the folder."
    )
    options: dict[str, bool | int | float | str] = Field(
        default_factory=dict, description="Keyword arguments for the class."
    )


PolicyConfig = Annotated[
    RandomPolicyConfig | RulesPolicyConfig | NeuralPolicyConfig | CustomPolicyConfig, Field(discriminator="kind")
]

FitnessName = Literal["reward", "score", "kills", "survival"]
WeightName = Literal[
    "score",
    "kills",
    "deaths",
    "health",
    "armor",
    "shots",
    "hits",
    "damage_dealt",
    "damage_taken",
    "items",
    "tics",
    "reward",
    "distance",
    "decisions",
]
FitnessConfig = FitnessName | Annotated[dict[WeightName, float], Field(min_length=1)]


class GeneticConfig(_Section):
    """A genetic algorithm: tournaments, crossover by gene type, mutation that cools, elites that play again."""

    kind: Literal["genetic"] = "genetic"
    elites: int = Field(default=2, ge=0, description="The best agents that enter the next generation unchanged.")
    tournament: int = Field(default=3, ge=1, description="Agents drawn for each choice of a parent.")
    crossover: float = Field(default=0.7, ge=0.0, le=1.0, description="Probability that an offspring has two parents.")
    mutation: float = Field(default=0.25, ge=0.0, le=1.0, description="Probability that a gene mutates.")
    sigma: float = Field(default=0.2, gt=0.0, le=1.0, description="Mutation's spread at generation 0, in gene ranges.")
    sigma_end: float = Field(default=0.03, gt=0.0, le=1.0, description="The spread that cooling approaches.")
    half_life: PositiveFloat = Field(default=10.0, description="Generations in which the spread above its end halves.")
    diversity: float = Field(
        default=0.05, ge=0.0, le=1.0, description="Mean gene spread (in ranges) below which mutation rises."
    )


class CmaEsConfig(_Section):
    """CMA-ES, on the cma package."""

    kind: Literal["cma-es"] = "cma-es"
    sigma: float = Field(default=0.3, gt=0.0, le=1.0, description="The first step, in gene ranges.")


class DescriptorConfig(_Section):
    """One axis of a MAP-Elites archive."""

    measure: Literal["aggression", "movement", "survival", "accuracy", "items", "kills", "health"]
    low: float = 0.0
    high: float = 1.0
    cells: int = Field(default=10, ge=2, le=100)


class MapElitesConfig(_Section):
    """MAP-Elites: the best agent of every kind of behaviour."""

    kind: Literal["map-elites"] = "map-elites"
    descriptors: tuple[DescriptorConfig, ...] = Field(
        default=(DescriptorConfig(measure="aggression"), DescriptorConfig(measure="movement")),
        min_length=1,
        max_length=4,
        description="The archive's axes.",
    )
    crossover: float = Field(default=0.5, ge=0.0, le=1.0, description="Probability that an offspring has two parents.")
    sigma: float = Field(default=0.1, gt=0.0, le=1.0, description="Mutation's spread, in gene ranges.")


class RandomSearchConfig(_Section):
    """Draws every agent anew: what any other strategy must beat."""

    kind: Literal["random"] = "random"


EvolutionConfig = Annotated[
    GeneticConfig | CmaEsConfig | MapElitesConfig | RandomSearchConfig, Field(discriminator="kind")
]


class ExecutionConfig(_Section):
    """How episodes are played; nothing here changes what happens in them."""

    backend: Literal["local"] = Field(default="local", description="Where episodes are played.")
    workers: int = Field(default=0, ge=0, le=1024, description="Episodes played at once; 0: one for each core.")
    episode_timeout: PositiveFloat = Field(default=60.0, description="Seconds of wall time for one episode.")
    attempts: int = Field(default=3, ge=1, le=100, description="How often an episode lost to infrastructure is begun.")
    on_exhausted: Literal["fail_agent", "stop"] = Field(
        default="fail_agent", description="What follows when all attempts are lost."
    )
    record: Literal["champions", "all", "none"] = Field(
        default="champions", description="Whose recordings are kept: each generation's best, all, or none."
    )


class LocalConfig(_Section):
    """The local backend."""

    pin: bool = Field(default=True, description="Keep each worker on a core of its own (Linux).")
    stall_timeout: PositiveFloat = Field(
        default=10.0, description="Seconds without progress after which an engine counts as hung."
    )


class HoldoutConfig(_Section):
    """How the champion is chosen and judged, on seeds that nothing was selected on."""

    validation: int = Field(default=20, ge=1, le=10_000, description="Episodes that choose among the candidates.")
    episodes: int = Field(default=100, ge=2, le=10_000, description="Held-out episodes that judge the champion.")


class ExperimentConfig(_Section):
    """One experiment."""

    name: str = Field(default="experiment", description="The experiment's id: a-z, 0-9, '_' and '-', at most 40.")
    seed: int = Field(default=1, ge=0, lt=2**63, description="Where all random numbers come from.")
    generations: int = Field(default=100, ge=1, le=1_000_000, description="How many generations to evolve.")
    population: int = Field(default=50, ge=1, le=100_000, description="Agents in each generation.")
    max_duration: Duration | None = Field(default=None, description="Running time, such as 90s, 15m or 2h.")
    scenario: ScenarioConfig = Field(default_factory=ScenarioConfig, description="The game to play.")
    episodes: int = Field(default=4, ge=1, le=10_000, description="Episodes of each agent.")
    seeds: EpisodesSeeds = Field(
        default="per_generation", description="Whether every generation plays the same seeds or its own."
    )
    policy: PolicyConfig = Field(default_factory=RulesPolicyConfig, description="How a genome plays.")
    fitness: FitnessConfig = Field(default="reward", description="What evolution maximises; a name, or weights.")
    evolution: EvolutionConfig = Field(default_factory=GeneticConfig, description="How the next generation is made.")
    execution: ExecutionConfig = Field(default_factory=ExecutionConfig, description="How episodes are played.")
    local: LocalConfig = Field(default_factory=LocalConfig, description="The local backend.")
    holdout: HoldoutConfig = Field(default_factory=HoldoutConfig, description="How the champion is judged.")
