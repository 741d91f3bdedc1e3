"""Configuration of an experiment: sections, fields, and combinations of values that cannot be used together.

The description of a field is its documentation. Validation is strict: only integers are converted to floats and lists
to tuples.
"""

import inspect
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal, Self, TypeVar, cast

from pydantic import (
    AfterValidator,
    Field,
    create_model,
    model_validator,
)

from clau_doom.config.backend_registry import BackendDescription, BackendSection, registered_backends
from clau_doom.config.base_section import Clash, ConfigSection, FromList, refuse
from clau_doom.config.budget import BudgetConfig, budget_clash, budget_of, without_default_generations
from clau_doom.config.duration import Duration
from clau_doom.config.evolution import (
    CmaEsConfig,
    CustomStrategyConfig,
    EvolutionConfig,
    GeneticConfig,
    MapElitesConfig,
    RandomSearchConfig,
)
from clau_doom.config.execution import ExecutionConfig
from clau_doom.config.experiment_limits import LimitsConfig
from clau_doom.config.fitness import FitnessConfig
from clau_doom.config.holdout import HoldoutConfig
from clau_doom.config.measures import MeasuresConfig, measure_clashes
from clau_doom.config.path_fields import FilePath
from clau_doom.config.policies import NeuralPolicyConfig, PolicyConfig, RemotePolicyConfig, RulesPolicyConfig
from clau_doom.config.scenario import ScenarioConfig
from clau_doom.config.service import SERVICE_SECTIONS, GrpcConfig, MetricsConfig, NatsConfig, ServerConfig, WebConfig
from clau_doom.config.trackers import TrackerConfig
from clau_doom.domain import check_experiment_id
from clau_doom.domain.budget import Budget
from clau_doom.errors import ConfigError
from clau_doom.number_format import counted

__all__ = [
    "EpisodesSeeds",
    "ExperimentConfig",
    "experiment_model",
]

EpisodesSeeds = Literal["fixed", "per_generation"]
VerifiedAgents = Literal["champions", "parents", "all", "none"]
_Section = TypeVar("_Section", bound=BackendSection)
_Experiment = TypeVar("_Experiment", bound="ExperimentConfig")


def _experiment_id(value: str) -> str:
    try:
        return check_experiment_id(value)
    except ConfigError as error:
        raise ValueError(str(error).removeprefix(f"{value!r} ")) from None


class ExperimentConfig(ConfigSection):
    """Experiment."""  # description of the JSON Schema. `experiment_model` adds the sections of backends.

    name: Annotated[str, AfterValidator(_experiment_id)] = Field(
        default="experiment", description="Id of the experiment: at most 40 characters of a-z, 0-9, '_' and '-'."
    )
    seed: int = Field(default=1, ge=0, lt=2**63, description="Random seed of the experiment.")
    generations: int | None = Field(
        default=100, ge=1, le=1_000_000, description="Number of generations; null: `budget` decides."
    )
    population: int = Field(default=50, ge=1, le=100_000, description="Number of agents in each generation.")
    max_duration: Duration | None = Field(
        default=None, description="Maximum running time, such as 90s, 15m or 2h; null: no limit."
    )
    budget: BudgetConfig = Field(
        default_factory=BudgetConfig, description="Episodes or tics of training, instead of `generations`."
    )
    scenario: ScenarioConfig = Field(default_factory=ScenarioConfig, description="Scenario and settings of the game.")
    episodes: int = Field(default=4, ge=1, le=10_000, description="Number of training episodes of each agent.")
    seeds: EpisodesSeeds = Field(
        default="per_generation", description="Use the same seeds in all generations, or new seeds in each."
    )
    import_paths: Annotated[tuple[FilePath, ...], FromList] = Field(
        default=(),
        max_length=16,
        description="Folders to import your own policies, strategies, measures and trackers from; "
        "default: the working folder.",
        examples=[["agents"]],
    )
    policy: PolicyConfig = Field(default_factory=RulesPolicyConfig, description="Policy that a genome parameterises.")
    fitness: FitnessConfig = Field(
        default="reward",
        description="Quantity to maximise: reward, score, kills, survival, a measure of `measures`, or weights of "
        "score and measures.",
        examples=[{"kills": 1.0, "damage_taken": -0.01}],
    )
    measures: MeasuresConfig = Field(
        default_factory=dict,
        description="Measures of your own: names with functions of an episode's record, as module:function.",
        examples=[{"ammo_efficiency": "my_measures:ammo_efficiency"}],
    )
    evolution: EvolutionConfig = Field(default_factory=GeneticConfig, description="Evolution strategy.")
    execution: ExecutionConfig = Field(default_factory=ExecutionConfig, description="Backend, workers and timeouts.")
    holdout: HoldoutConfig = Field(
        default_factory=HoldoutConfig, description="Selection and judgement of the champion."
    )
    grpc: GrpcConfig = Field(default_factory=GrpcConfig, description="gRPC API of `clau-doom serve`.")
    nats: NatsConfig = Field(default_factory=NatsConfig, description="Events over NATS.")
    metrics: MetricsConfig = Field(default_factory=MetricsConfig, description="Prometheus metrics.")
    web: WebConfig = Field(default_factory=WebConfig, description="The dashboard.")
    trackers: Annotated[tuple[TrackerConfig, ...], FromList] = Field(
        default=(),
        max_length=16,
        description="Trackers that the experiment is written to.",
        examples=[[{"kind": "tensorboard"}]],
    )
    server: ServerConfig = Field(default_factory=ServerConfig, description="Allow-lists of `clau-doom serve`.")
    limits: LimitsConfig = Field(default_factory=LimitsConfig, description="Limits on the size of one experiment.")

    def __new__(cls, *_: object, **__: object) -> Self:
        """Create an instance of the subclass that has the sections of the registered backends."""
        return super().__new__(_complete(cls))

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Validate data with the subclass that has the sections of the registered backends."""
        return super(ExperimentConfig, _complete(cls)).model_validate(obj, **options)

    @property
    def evolution_budget(self) -> Budget:
        """Amount of evolution after which a run ends."""
        return budget_of(self.generations, self.budget)

    @property
    def evolution_size(self) -> str:
        """Budget and population as text, such as ``100 generations of 50 agents``."""
        join = " of" if self.generations is not None else ", generations of"
        return f"{self.evolution_budget}{join} {counted(self.population, 'agent')}"

    @property
    def selected_backend(self) -> BackendDescription:
        """Properties of the backend that plays the episodes."""
        return next(each for each in registered_backends() if each.name == self.execution.backend)

    @property
    def verified_agents(self) -> VerifiedAgents:
        """Agents whose episodes are verified by replaying their actions; "none" for a trusted backend."""
        backend = self.selected_backend
        return "none" if backend.trusted else cast("VerifiedAgents", getattr(self, backend.name).verify)

    def without_services(self) -> Self:
        """Return a copy with default services, for the store and for servers.

        Readers do not need the addresses of this machine's services, which may contain passwords.
        """
        defaults = {name: section() for name, section in SERVICE_SECTIONS.items()}
        return self.model_copy(update={**defaults, "trackers": ()})

    def section_of(self, model: type[_Section]) -> _Section:
        """Return the section of a registered backend by its model."""
        return next(section for section in self.__dict__.values() if isinstance(section, model))

    @model_validator(mode="before")
    @classmethod
    def _budget_or_generations(cls, data: object) -> object:
        return without_default_generations(data)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        clashes = (
            budget_clash(self.generations, self.budget),
            *measure_clashes(self.measures, self.fitness, self._behaviours()),
            self._elites(),
            self._immigrants(),
            self._cma_population(),
            self._screen(),
            self._control(),
            self._late(),
            *self._backend_conflicts(),
            self._race(),
            self._steady(),
            self._start(),
            self._proved(),
        )
        refuse([clash for clash in clashes if clash])
        return self

    def _behaviours(self) -> list[str]:
        axes = self.evolution.descriptors if isinstance(self.evolution, MapElitesConfig) else ()
        return [axis.measure for axis in axes]

    def _elites(self) -> Clash | None:
        if not isinstance(self.evolution, GeneticConfig) or self.evolution.elites < self.population:
            return None
        remedy = "leaves no agents to evolve: use fewer elites than the population"
        return "evolution.elites", ("population", "evolution.kind"), f"{remedy} ({self.population})"

    def _immigrants(self) -> Clash | None:
        if self.evolution.immigrants < max(self.population, 2):
            return None
        remedy = "leaves no agents to evolve: use fewer immigrants than the population"
        return "evolution.immigrants", ("population", "evolution.kind"), f"{remedy} ({self.population})"

    def _start(self) -> Clash | None:
        evolution = self.evolution
        given = len(evolution.start.agents)
        if given and isinstance(evolution, RandomSearchConfig):
            remedy = "has no effect on random search, which draws every agent: omit it, or use another kind"
            return "evolution.start.agents", ("evolution.kind",), remedy
        if given and isinstance(evolution, CustomStrategyConfig) and evolution.mode == "steady_state":
            remedy = "is not supported by the steady state of a class: omit it, or use mode generational"
            return "evolution.start.agents", ("evolution.kind", "evolution.mode"), remedy
        if given <= self.population:
            return None
        remedy = f"has {given} agents for a population of {self.population}: name fewer agents"
        return "evolution.start.agents", ("population",), remedy

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

    def _backend_conflicts(self) -> Iterator[Clash]:
        section: BackendSection = getattr(self, self.selected_backend.name)
        yield from section.conflicts(self.policy)

    def _race(self) -> Clash | None:
        racing = getattr(self.evolution, "racing", None)
        if racing is None or racing.rule == "none" or racing.first < self.episodes:
            return None
        remedy = f"leaves no episodes to save: use fewer than the {self.episodes} episodes of each agent"
        return "evolution.racing.first", ("evolution.kind", "evolution.racing.rule", "episodes"), remedy

    def _steady(self) -> Clash | None:
        evolution = self.evolution
        if evolution.mode == "generational":
            return None
        if not isinstance(evolution, GeneticConfig | RandomSearchConfig | CustomStrategyConfig):
            remedy = f"is not supported by {evolution.kind}: use kind genetic, random or class, or mode generational"
            return "evolution.mode", ("evolution.kind",), remedy
        if evolution.racing.rule == "none":
            return None
        remedy = "drops agents at common points of a generation: use none, or evolution.mode generational"
        return "evolution.racing.rule", ("evolution.kind", "evolution.mode"), remedy

    def _proved(self) -> Clash | None:
        held = self.verified_agents in {"champions", "parents"}
        if self.evolution.mode == "generational" or not held:
            return None
        remedy = "verifies agents at the end of a generation, which steady_state does not have: use all, or none"
        return f"{self.execution.backend}.verify", ("evolution.mode", "execution.backend"), remedy

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


def experiment_model() -> type[ExperimentConfig]:
    """Return the class of all configurations, which has a section for each registered backend."""
    return _experiment_model(tuple((backend.name, backend.section) for backend in registered_backends()))


@cache
def _experiment_model(sections: tuple[tuple[str, type[BackendSection]], ...]) -> type[ExperimentConfig]:
    fields: dict[str, Any] = {}
    for name, section in sections:
        if name in ExperimentConfig.model_fields:
            raise ConfigError(f"backend {name} has the name of another section: remove its package")
        fields[name] = (section, Field(default_factory=section, description=inspect.getdoc(section)))
    return create_model(
        "ExperimentConfig", __base__=ExperimentConfig, __doc__=ExperimentConfig.__doc__, __module__=__name__, **fields
    )


def _complete(model: type[_Experiment]) -> type[_Experiment]:
    return cast("type[_Experiment]", experiment_model()) if model is ExperimentConfig else model
