"""The configuration's sections and fields. Every field's description is its documentation.

Validation is strict: whole numbers are taken for real ones and lists for tuples, and nothing else is converted.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    PositiveFloat,
    Tag,
    model_validator,
)

from clau_doom.config.docker import DockerConfig
from clau_doom.config.duration import Duration
from clau_doom.config.evolution import CmaEsConfig, EvolutionConfig, GeneticConfig, RandomSearchConfig
from clau_doom.config.limits import LimitsConfig
from clau_doom.config.policies import NeuralPolicyConfig, PolicyConfig, RemotePolicyConfig, RulesPolicyConfig
from clau_doom.config.ray import RayConfig
from clau_doom.config.section import Clash, Section, refuse
from clau_doom.config.service import GrpcConfig, MetricsConfig, NatsConfig, ServerConfig, WebConfig
from clau_doom.config.size import Size
from clau_doom.domain import check_experiment_id
from clau_doom.errors import ConfigError

__all__ = [
    "EpisodesSeeds",
    "ExecutionConfig",
    "ExperimentConfig",
    "FitnessConfig",
    "HoldoutConfig",
    "LocalConfig",
    "ScenarioConfig",
]

EpisodesSeeds = Literal["fixed", "per_generation"]


def _experiment_id(value: str) -> str:
    try:
        return check_experiment_id(value)
    except ConfigError as error:
        raise ValueError(str(error).removeprefix(f"{value!r} ")) from None


class ScenarioConfig(Section):
    """The game to play."""

    name: str = Field(
        default="defend_the_center", min_length=1, description="A bundled scenario, or the path of a .cfg file."
    )
    frame_skip: int = Field(default=4, ge=1, le=35, description="The most tics that one action is held for.")
    doom_skill: int | None = Field(default=None, ge=1, le=5, description="1 (easiest) to 5; default: the .cfg's own.")
    timeout: int | None = Field(
        default=None, ge=1, le=126_000, description="Tics after which an episode ends; default: the .cfg's, else 2100."
    )
    resolution: Literal["160x120", "200x150", "256x192", "320x240", "400x300", "512x384", "640x480"] = Field(
        default="160x120", description="The screen that the policy sees; the smallest is the fastest."
    )


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


def _fitness_form(value: object) -> str:
    return "weights" if isinstance(value, Mapping) else "name"


FitnessConfig = Annotated[
    Annotated[FitnessName, Tag("name")] | Annotated[dict[WeightName, float], Field(min_length=1), Tag("weights")],
    Discriminator(_fitness_form),
]


class ExecutionConfig(Section):
    """How episodes are played; nothing here changes what happens in them."""

    backend: Literal["local", "docker", "ray"] = Field(default="local", description="Where episodes are played.")
    workers: int = Field(default=0, ge=0, le=1024, description="Episodes played at once; 0: one for each core.")
    episode_timeout: PositiveFloat = Field(default=60.0, description="Seconds of wall time for one episode.")
    attempts: int = Field(default=3, ge=1, le=100, description="How often an episode lost to infrastructure is begun.")
    on_exhausted: Literal["fail_agent", "stop"] = Field(
        default="fail_agent", description="What follows when all attempts are lost."
    )
    start_patience: PositiveFloat = Field(
        default=60.0, description="Seconds without a worker that can be started, after which the run is interrupted."
    )
    record: Literal["champions", "all", "none"] = Field(
        default="champions", description="Whose recordings are kept: each generation's best, all, or none."
    )


class LocalConfig(Section):
    """The local backend."""

    pin: bool = Field(default=True, description="Keep each worker on a core of its own (Linux).")
    stall_timeout: PositiveFloat = Field(
        default=10.0, description="Seconds without progress after which an engine counts as hung."
    )
    log_size: Size = Field(
        default=8 << 20, description="Size of logs/workers.log before it is rotated; one older file is kept."
    )


class HoldoutConfig(Section):
    """How the champion is chosen and judged, on seeds that nothing was selected on."""

    validation: int = Field(default=20, ge=1, le=10_000, description="Episodes that choose among the candidates.")
    episodes: int = Field(default=100, ge=2, le=10_000, description="Held-out episodes that judge the champion.")


class ExperimentConfig(Section):
    """One experiment."""

    name: Annotated[str, AfterValidator(_experiment_id)] = Field(
        default="experiment", description="The experiment's id: a-z, 0-9, '_' and '-', at most 40."
    )
    seed: int = Field(default=1, ge=0, lt=2**63, description="Where all random numbers come from.")
    generations: int = Field(default=100, ge=1, le=1_000_000, description="How many generations to evolve.")
    population: int = Field(default=50, ge=1, le=100_000, description="Agents in each generation.")
    max_duration: Duration | None = Field(
        default=None, description="The most running time, such as 90s, 15m or 2h; null: no limit."
    )
    scenario: ScenarioConfig = Field(default_factory=ScenarioConfig, description="The game to play.")
    episodes: int = Field(default=4, ge=1, le=10_000, description="Episodes of each agent.")
    seeds: EpisodesSeeds = Field(
        default="per_generation", description="Whether every generation plays the same seeds or its own."
    )
    policy: PolicyConfig = Field(default_factory=RulesPolicyConfig, description="How a genome plays.")
    fitness: FitnessConfig = Field(
        default="reward",
        description="What evolution maximises: reward, score, kills, survival, or weights over score and measures.",
        examples=[{"kills": 1.0, "damage_taken": -0.01}],
    )
    evolution: EvolutionConfig = Field(default_factory=GeneticConfig, description="How the next generation is made.")
    execution: ExecutionConfig = Field(default_factory=ExecutionConfig, description="How episodes are played.")
    local: LocalConfig = Field(default_factory=LocalConfig, description="The local backend.")
    docker: DockerConfig = Field(default_factory=DockerConfig, description="The Docker backend.")
    ray: RayConfig = Field(default_factory=RayConfig, description="The Ray backend.")
    holdout: HoldoutConfig = Field(default_factory=HoldoutConfig, description="How the champion is judged.")
    grpc: GrpcConfig = Field(default_factory=GrpcConfig, description="The gRPC API of `clau-doom serve`.")
    nats: NatsConfig = Field(default_factory=NatsConfig, description="Events over NATS.")
    metrics: MetricsConfig = Field(default_factory=MetricsConfig, description="Prometheus metrics.")
    web: WebConfig = Field(default_factory=WebConfig, description="The dashboard.")
    server: ServerConfig = Field(default_factory=ServerConfig, description="What `clau-doom serve` allows.")
    limits: LimitsConfig = Field(default_factory=LimitsConfig, description="What one experiment may ask for.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        clashes = (
            self._elites(),
            self._immigrants(),
            self._cma_population(),
            self._screen(),
            self._control(),
            self._late(),
            self._where(),
            self._race(),
            self._steady(),
            self._proved(),
        )
        refuse([clash for clash in clashes if clash])
        return self

    def _elites(self) -> Clash | None:
        if not isinstance(self.evolution, GeneticConfig) or self.evolution.elites < self.population:
            return None
        remedy = "leaves nothing to evolve: use fewer elites than the population"
        return "evolution.elites", ("population", "evolution.kind"), f"{remedy} ({self.population})"

    def _immigrants(self) -> Clash | None:
        if self.evolution.immigrants < max(self.population, 2):
            return None
        remedy = "leaves nothing to evolve: use fewer immigrants than the population"
        return "evolution.immigrants", ("population", "evolution.kind"), f"{remedy} ({self.population})"

    def _control(self) -> Clash | None:
        nats = self.nats
        if not nats.control or nats.credentials or "@" in nats.url:
            return None
        remedy = "needs NATS credentials: set nats.credentials, or a user and a password in nats.url"
        return "nats.control", ("nats.credentials", "nats.url"), remedy

    def _late(self) -> Clash | None:
        late, limit = self.policy, self.execution.episode_timeout
        if not isinstance(late, RemotePolicyConfig) or late.deadline < limit:
            return None
        remedy = f"is not below execution.episode_timeout ({limit:g} s), which would end the episode first: lower it"
        return "policy.deadline", ("policy.kind", "execution.episode_timeout"), remedy

    def _where(self) -> Clash | None:
        # An address that is missing elsewhere is told when the agent is asked for.
        served = isinstance(self.policy, RemotePolicyConfig) and self.execution.backend == "docker"
        if not served or self.docker.port:
            return None
        remedy = "is where the image's AgentService listens, for a policy of kind remote: set it"
        return "docker.port", ("policy.kind", "execution.backend"), remedy

    def _race(self) -> Clash | None:
        racing = getattr(self.evolution, "racing", None)
        if racing is None or racing.rule == "none" or racing.first < self.episodes:
            return None
        remedy = f"leaves nothing to race for: use fewer than the {self.episodes} episodes of each agent"
        return "evolution.racing.first", ("evolution.kind", "evolution.racing.rule", "episodes"), remedy

    def _steady(self) -> Clash | None:
        evolution = self.evolution
        if evolution.mode == "generational":
            return None
        if not isinstance(evolution, GeneticConfig | RandomSearchConfig):
            remedy = f"is nothing that {evolution.kind} can do: use kind genetic or random, or mode generational"
            return "evolution.mode", ("evolution.kind",), remedy
        if evolution.racing.rule == "none":
            return None
        remedy = "drops agents at rungs that a generation plays together: use none, or evolution.mode generational"
        return "evolution.racing.rule", ("evolution.kind", "evolution.mode"), remedy

    def _proved(self) -> Clash | None:
        held = self.execution.backend == "docker" and self.docker.verify in {"champions", "parents"}
        if self.evolution.mode == "generational" or not held:
            return None
        remedy = "proves agents at a generation's end, which steady_state does not wait for: use all, or none"
        return "docker.verify", ("evolution.mode", "execution.backend"), remedy

    def _cma_population(self) -> Clash | None:
        if not isinstance(self.evolution, CmaEsConfig) or self.population >= 2:
            return None
        return "population", ("evolution.kind",), "is too small for cma-es: use 2 or more"

    def _screen(self) -> Clash | None:
        screen = self.policy.screen if isinstance(self.policy, NeuralPolicyConfig) else None
        width, height = (int(part) for part in self.scenario.resolution.split("x"))
        if screen is None or (screen[0] <= width and screen[1] <= height):
            return None
        remedy = f"is larger than scenario.resolution ({self.scenario.resolution}): use a smaller one"
        return "policy.screen", ("policy.kind", "scenario.resolution"), remedy
