from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExperimentConfig(_message.Message):
    __slots__ = ("name", "seed", "generations", "population", "max_duration", "scenario", "episodes", "seeds", "policy", "fitness", "evolution", "execution", "local", "holdout", "docker", "ray", "other_backends", "budget", "measures", "import_paths")
    class Seeds(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SEEDS_UNSPECIFIED: _ClassVar[ExperimentConfig.Seeds]
        SEEDS_FIXED: _ClassVar[ExperimentConfig.Seeds]
        SEEDS_PER_GENERATION: _ClassVar[ExperimentConfig.Seeds]
    SEEDS_UNSPECIFIED: ExperimentConfig.Seeds
    SEEDS_FIXED: ExperimentConfig.Seeds
    SEEDS_PER_GENERATION: ExperimentConfig.Seeds
    class OtherBackendsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Struct
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
    class MeasuresEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    GENERATIONS_FIELD_NUMBER: _ClassVar[int]
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    MAX_DURATION_FIELD_NUMBER: _ClassVar[int]
    SCENARIO_FIELD_NUMBER: _ClassVar[int]
    EPISODES_FIELD_NUMBER: _ClassVar[int]
    SEEDS_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    FITNESS_FIELD_NUMBER: _ClassVar[int]
    EVOLUTION_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FIELD_NUMBER: _ClassVar[int]
    HOLDOUT_FIELD_NUMBER: _ClassVar[int]
    DOCKER_FIELD_NUMBER: _ClassVar[int]
    RAY_FIELD_NUMBER: _ClassVar[int]
    OTHER_BACKENDS_FIELD_NUMBER: _ClassVar[int]
    BUDGET_FIELD_NUMBER: _ClassVar[int]
    MEASURES_FIELD_NUMBER: _ClassVar[int]
    IMPORT_PATHS_FIELD_NUMBER: _ClassVar[int]
    name: str
    seed: int
    generations: int
    population: int
    max_duration: str
    scenario: ScenarioConfig
    episodes: int
    seeds: ExperimentConfig.Seeds
    policy: PolicyConfig
    fitness: FitnessConfig
    evolution: EvolutionConfig
    execution: ExecutionConfig
    local: LocalConfig
    holdout: HoldoutConfig
    docker: DockerConfig
    ray: RayConfig
    other_backends: _containers.MessageMap[str, _struct_pb2.Struct]
    budget: BudgetConfig
    measures: _containers.ScalarMap[str, str]
    import_paths: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., seed: _Optional[int] = ..., generations: _Optional[int] = ..., population: _Optional[int] = ..., max_duration: _Optional[str] = ..., scenario: _Optional[_Union[ScenarioConfig, _Mapping]] = ..., episodes: _Optional[int] = ..., seeds: _Optional[_Union[ExperimentConfig.Seeds, str]] = ..., policy: _Optional[_Union[PolicyConfig, _Mapping]] = ..., fitness: _Optional[_Union[FitnessConfig, _Mapping]] = ..., evolution: _Optional[_Union[EvolutionConfig, _Mapping]] = ..., execution: _Optional[_Union[ExecutionConfig, _Mapping]] = ..., local: _Optional[_Union[LocalConfig, _Mapping]] = ..., holdout: _Optional[_Union[HoldoutConfig, _Mapping]] = ..., docker: _Optional[_Union[DockerConfig, _Mapping]] = ..., ray: _Optional[_Union[RayConfig, _Mapping]] = ..., other_backends: _Optional[_Mapping[str, _struct_pb2.Struct]] = ..., budget: _Optional[_Union[BudgetConfig, _Mapping]] = ..., measures: _Optional[_Mapping[str, str]] = ..., import_paths: _Optional[_Iterable[str]] = ...) -> None: ...

class BudgetConfig(_message.Message):
    __slots__ = ("episodes", "tics")
    EPISODES_FIELD_NUMBER: _ClassVar[int]
    TICS_FIELD_NUMBER: _ClassVar[int]
    episodes: int
    tics: int
    def __init__(self, episodes: _Optional[int] = ..., tics: _Optional[int] = ...) -> None: ...

class ScenarioConfig(_message.Message):
    __slots__ = ("name", "frame_skip", "doom_skill", "timeout", "resolution")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FRAME_SKIP_FIELD_NUMBER: _ClassVar[int]
    DOOM_SKILL_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    RESOLUTION_FIELD_NUMBER: _ClassVar[int]
    name: str
    frame_skip: int
    doom_skill: int
    timeout: int
    resolution: str
    def __init__(self, name: _Optional[str] = ..., frame_skip: _Optional[int] = ..., doom_skill: _Optional[int] = ..., timeout: _Optional[int] = ..., resolution: _Optional[str] = ...) -> None: ...

class PolicyConfig(_message.Message):
    __slots__ = ("random", "rules", "neural", "remote")
    RANDOM_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    NEURAL_FIELD_NUMBER: _ClassVar[int]
    CLASS_FIELD_NUMBER: _ClassVar[int]
    REMOTE_FIELD_NUMBER: _ClassVar[int]
    random: RandomPolicyConfig
    rules: RulesPolicyConfig
    neural: NeuralPolicyConfig
    remote: RemotePolicyConfig
    def __init__(self, random: _Optional[_Union[RandomPolicyConfig, _Mapping]] = ..., rules: _Optional[_Union[RulesPolicyConfig, _Mapping]] = ..., neural: _Optional[_Union[NeuralPolicyConfig, _Mapping]] = ..., remote: _Optional[_Union[RemotePolicyConfig, _Mapping]] = ..., **kwargs) -> None: ...

class RandomPolicyConfig(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RulesPolicyConfig(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class NeuralPolicyConfig(_message.Message):
    __slots__ = ("layers", "bins", "screen", "weight_limit")
    LAYERS_FIELD_NUMBER: _ClassVar[int]
    BINS_FIELD_NUMBER: _ClassVar[int]
    SCREEN_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_LIMIT_FIELD_NUMBER: _ClassVar[int]
    layers: HiddenLayers
    bins: int
    screen: _containers.RepeatedScalarFieldContainer[int]
    weight_limit: float
    def __init__(self, layers: _Optional[_Union[HiddenLayers, _Mapping]] = ..., bins: _Optional[int] = ..., screen: _Optional[_Iterable[int]] = ..., weight_limit: _Optional[float] = ...) -> None: ...

class HiddenLayers(_message.Message):
    __slots__ = ("units",)
    UNITS_FIELD_NUMBER: _ClassVar[int]
    units: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, units: _Optional[_Iterable[int]] = ...) -> None: ...

class CustomPolicyConfig(_message.Message):
    __slots__ = ("target", "options")
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: OptionValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[OptionValue, _Mapping]] = ...) -> None: ...
    TARGET_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    target: str
    options: _containers.MessageMap[str, OptionValue]
    def __init__(self, target: _Optional[str] = ..., options: _Optional[_Mapping[str, OptionValue]] = ...) -> None: ...

class OptionValue(_message.Message):
    __slots__ = ("flag", "integer", "number", "text")
    FLAG_FIELD_NUMBER: _ClassVar[int]
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    flag: bool
    integer: int
    number: float
    text: str
    def __init__(self, flag: bool = ..., integer: _Optional[int] = ..., number: _Optional[float] = ..., text: _Optional[str] = ...) -> None: ...

class RemotePolicyConfig(_message.Message):
    __slots__ = ("address", "deadline", "on_missed")
    class OnMissed(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ON_MISSED_UNSPECIFIED: _ClassVar[RemotePolicyConfig.OnMissed]
        ON_MISSED_RETRY: _ClassVar[RemotePolicyConfig.OnMissed]
        ON_MISSED_REPEAT: _ClassVar[RemotePolicyConfig.OnMissed]
    ON_MISSED_UNSPECIFIED: RemotePolicyConfig.OnMissed
    ON_MISSED_RETRY: RemotePolicyConfig.OnMissed
    ON_MISSED_REPEAT: RemotePolicyConfig.OnMissed
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    ON_MISSED_FIELD_NUMBER: _ClassVar[int]
    address: str
    deadline: float
    on_missed: RemotePolicyConfig.OnMissed
    def __init__(self, address: _Optional[str] = ..., deadline: _Optional[float] = ..., on_missed: _Optional[_Union[RemotePolicyConfig.OnMissed, str]] = ...) -> None: ...

class FitnessConfig(_message.Message):
    __slots__ = ("name", "weights")
    NAME_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    weights: FitnessWeights
    def __init__(self, name: _Optional[str] = ..., weights: _Optional[_Union[FitnessWeights, _Mapping]] = ...) -> None: ...

class FitnessWeights(_message.Message):
    __slots__ = ("weights",)
    class WeightsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    weights: _containers.ScalarMap[str, float]
    def __init__(self, weights: _Optional[_Mapping[str, float]] = ...) -> None: ...

class EvolutionConfig(_message.Message):
    __slots__ = ("genetic", "cma_es", "map_elites", "random")
    class Mode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        MODE_UNSPECIFIED: _ClassVar[EvolutionConfig.Mode]
        MODE_GENERATIONAL: _ClassVar[EvolutionConfig.Mode]
        MODE_STEADY_STATE: _ClassVar[EvolutionConfig.Mode]
    MODE_UNSPECIFIED: EvolutionConfig.Mode
    MODE_GENERATIONAL: EvolutionConfig.Mode
    MODE_STEADY_STATE: EvolutionConfig.Mode
    GENETIC_FIELD_NUMBER: _ClassVar[int]
    CMA_ES_FIELD_NUMBER: _ClassVar[int]
    MAP_ELITES_FIELD_NUMBER: _ClassVar[int]
    RANDOM_FIELD_NUMBER: _ClassVar[int]
    CLASS_FIELD_NUMBER: _ClassVar[int]
    genetic: GeneticConfig
    cma_es: CmaEsConfig
    map_elites: MapElitesConfig
    random: RandomSearchConfig
    def __init__(self, genetic: _Optional[_Union[GeneticConfig, _Mapping]] = ..., cma_es: _Optional[_Union[CmaEsConfig, _Mapping]] = ..., map_elites: _Optional[_Union[MapElitesConfig, _Mapping]] = ..., random: _Optional[_Union[RandomSearchConfig, _Mapping]] = ..., **kwargs) -> None: ...

class GeneticConfig(_message.Message):
    __slots__ = ("immigrants", "elites", "tournament", "crossover", "mutation", "sigma", "sigma_end", "half_life", "diversity", "racing", "shrink", "mode", "lookahead", "start")
    IMMIGRANTS_FIELD_NUMBER: _ClassVar[int]
    ELITES_FIELD_NUMBER: _ClassVar[int]
    TOURNAMENT_FIELD_NUMBER: _ClassVar[int]
    CROSSOVER_FIELD_NUMBER: _ClassVar[int]
    MUTATION_FIELD_NUMBER: _ClassVar[int]
    SIGMA_FIELD_NUMBER: _ClassVar[int]
    SIGMA_END_FIELD_NUMBER: _ClassVar[int]
    HALF_LIFE_FIELD_NUMBER: _ClassVar[int]
    DIVERSITY_FIELD_NUMBER: _ClassVar[int]
    RACING_FIELD_NUMBER: _ClassVar[int]
    SHRINK_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    LOOKAHEAD_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    immigrants: int
    elites: int
    tournament: int
    crossover: float
    mutation: float
    sigma: float
    sigma_end: float
    half_life: float
    diversity: float
    racing: RacingConfig
    shrink: bool
    mode: EvolutionConfig.Mode
    lookahead: int
    start: StartConfig
    def __init__(self, immigrants: _Optional[int] = ..., elites: _Optional[int] = ..., tournament: _Optional[int] = ..., crossover: _Optional[float] = ..., mutation: _Optional[float] = ..., sigma: _Optional[float] = ..., sigma_end: _Optional[float] = ..., half_life: _Optional[float] = ..., diversity: _Optional[float] = ..., racing: _Optional[_Union[RacingConfig, _Mapping]] = ..., shrink: bool = ..., mode: _Optional[_Union[EvolutionConfig.Mode, str]] = ..., lookahead: _Optional[int] = ..., start: _Optional[_Union[StartConfig, _Mapping]] = ...) -> None: ...

class StartConfig(_message.Message):
    __slots__ = ("agents", "spread")
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    SPREAD_FIELD_NUMBER: _ClassVar[int]
    agents: _containers.RepeatedScalarFieldContainer[str]
    spread: float
    def __init__(self, agents: _Optional[_Iterable[str]] = ..., spread: _Optional[float] = ...) -> None: ...

class RacingConfig(_message.Message):
    __slots__ = ("rule", "first", "growth", "keep", "alpha", "audit")
    class Rule(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        RULE_UNSPECIFIED: _ClassVar[RacingConfig.Rule]
        RULE_NONE: _ClassVar[RacingConfig.Rule]
        RULE_HALVING: _ClassVar[RacingConfig.Rule]
        RULE_TEST: _ClassVar[RacingConfig.Rule]
    RULE_UNSPECIFIED: RacingConfig.Rule
    RULE_NONE: RacingConfig.Rule
    RULE_HALVING: RacingConfig.Rule
    RULE_TEST: RacingConfig.Rule
    RULE_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    GROWTH_FIELD_NUMBER: _ClassVar[int]
    KEEP_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    AUDIT_FIELD_NUMBER: _ClassVar[int]
    rule: RacingConfig.Rule
    first: int
    growth: float
    keep: float
    alpha: float
    audit: float
    def __init__(self, rule: _Optional[_Union[RacingConfig.Rule, str]] = ..., first: _Optional[int] = ..., growth: _Optional[float] = ..., keep: _Optional[float] = ..., alpha: _Optional[float] = ..., audit: _Optional[float] = ...) -> None: ...

class CmaEsConfig(_message.Message):
    __slots__ = ("immigrants", "sigma", "racing", "mode", "lookahead", "start")
    IMMIGRANTS_FIELD_NUMBER: _ClassVar[int]
    SIGMA_FIELD_NUMBER: _ClassVar[int]
    RACING_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    LOOKAHEAD_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    immigrants: int
    sigma: float
    racing: RacingConfig
    mode: EvolutionConfig.Mode
    lookahead: int
    start: StartConfig
    def __init__(self, immigrants: _Optional[int] = ..., sigma: _Optional[float] = ..., racing: _Optional[_Union[RacingConfig, _Mapping]] = ..., mode: _Optional[_Union[EvolutionConfig.Mode, str]] = ..., lookahead: _Optional[int] = ..., start: _Optional[_Union[StartConfig, _Mapping]] = ...) -> None: ...

class MapElitesConfig(_message.Message):
    __slots__ = ("immigrants", "descriptors", "crossover", "sigma", "mode", "lookahead", "start")
    IMMIGRANTS_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTORS_FIELD_NUMBER: _ClassVar[int]
    CROSSOVER_FIELD_NUMBER: _ClassVar[int]
    SIGMA_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    LOOKAHEAD_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    immigrants: int
    descriptors: _containers.RepeatedCompositeFieldContainer[DescriptorConfig]
    crossover: float
    sigma: float
    mode: EvolutionConfig.Mode
    lookahead: int
    start: StartConfig
    def __init__(self, immigrants: _Optional[int] = ..., descriptors: _Optional[_Iterable[_Union[DescriptorConfig, _Mapping]]] = ..., crossover: _Optional[float] = ..., sigma: _Optional[float] = ..., mode: _Optional[_Union[EvolutionConfig.Mode, str]] = ..., lookahead: _Optional[int] = ..., start: _Optional[_Union[StartConfig, _Mapping]] = ...) -> None: ...

class DescriptorConfig(_message.Message):
    __slots__ = ("measure", "low", "high", "cells")
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    CELLS_FIELD_NUMBER: _ClassVar[int]
    measure: str
    low: float
    high: float
    cells: int
    def __init__(self, measure: _Optional[str] = ..., low: _Optional[float] = ..., high: _Optional[float] = ..., cells: _Optional[int] = ...) -> None: ...

class RandomSearchConfig(_message.Message):
    __slots__ = ("immigrants", "racing", "mode", "lookahead", "start")
    IMMIGRANTS_FIELD_NUMBER: _ClassVar[int]
    RACING_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    LOOKAHEAD_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    immigrants: int
    racing: RacingConfig
    mode: EvolutionConfig.Mode
    lookahead: int
    start: StartConfig
    def __init__(self, immigrants: _Optional[int] = ..., racing: _Optional[_Union[RacingConfig, _Mapping]] = ..., mode: _Optional[_Union[EvolutionConfig.Mode, str]] = ..., lookahead: _Optional[int] = ..., start: _Optional[_Union[StartConfig, _Mapping]] = ...) -> None: ...

class CustomStrategyConfig(_message.Message):
    __slots__ = ("immigrants", "target", "options", "racing", "mode", "lookahead", "start")
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: OptionValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[OptionValue, _Mapping]] = ...) -> None: ...
    IMMIGRANTS_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    RACING_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    LOOKAHEAD_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    immigrants: int
    target: str
    options: _containers.MessageMap[str, OptionValue]
    racing: RacingConfig
    mode: EvolutionConfig.Mode
    lookahead: int
    start: StartConfig
    def __init__(self, immigrants: _Optional[int] = ..., target: _Optional[str] = ..., options: _Optional[_Mapping[str, OptionValue]] = ..., racing: _Optional[_Union[RacingConfig, _Mapping]] = ..., mode: _Optional[_Union[EvolutionConfig.Mode, str]] = ..., lookahead: _Optional[int] = ..., start: _Optional[_Union[StartConfig, _Mapping]] = ...) -> None: ...

class ExecutionConfig(_message.Message):
    __slots__ = ("backend", "workers", "episode_timeout", "attempts", "on_exhausted", "record", "start_patience")
    class OnExhausted(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ON_EXHAUSTED_UNSPECIFIED: _ClassVar[ExecutionConfig.OnExhausted]
        ON_EXHAUSTED_FAIL_AGENT: _ClassVar[ExecutionConfig.OnExhausted]
        ON_EXHAUSTED_STOP: _ClassVar[ExecutionConfig.OnExhausted]
    ON_EXHAUSTED_UNSPECIFIED: ExecutionConfig.OnExhausted
    ON_EXHAUSTED_FAIL_AGENT: ExecutionConfig.OnExhausted
    ON_EXHAUSTED_STOP: ExecutionConfig.OnExhausted
    class Record(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        RECORD_UNSPECIFIED: _ClassVar[ExecutionConfig.Record]
        RECORD_CHAMPIONS: _ClassVar[ExecutionConfig.Record]
        RECORD_ALL: _ClassVar[ExecutionConfig.Record]
        RECORD_NONE: _ClassVar[ExecutionConfig.Record]
    RECORD_UNSPECIFIED: ExecutionConfig.Record
    RECORD_CHAMPIONS: ExecutionConfig.Record
    RECORD_ALL: ExecutionConfig.Record
    RECORD_NONE: ExecutionConfig.Record
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    EPISODE_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    ON_EXHAUSTED_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    START_PATIENCE_FIELD_NUMBER: _ClassVar[int]
    backend: str
    workers: int
    episode_timeout: float
    attempts: int
    on_exhausted: ExecutionConfig.OnExhausted
    record: ExecutionConfig.Record
    start_patience: float
    def __init__(self, backend: _Optional[str] = ..., workers: _Optional[int] = ..., episode_timeout: _Optional[float] = ..., attempts: _Optional[int] = ..., on_exhausted: _Optional[_Union[ExecutionConfig.OnExhausted, str]] = ..., record: _Optional[_Union[ExecutionConfig.Record, str]] = ..., start_patience: _Optional[float] = ...) -> None: ...

class LocalConfig(_message.Message):
    __slots__ = ("pin", "stall_timeout", "log_size")
    PIN_FIELD_NUMBER: _ClassVar[int]
    STALL_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    LOG_SIZE_FIELD_NUMBER: _ClassVar[int]
    pin: bool
    stall_timeout: float
    log_size: str
    def __init__(self, pin: bool = ..., stall_timeout: _Optional[float] = ..., log_size: _Optional[str] = ...) -> None: ...

class DockerConfig(_message.Message):
    __slots__ = ("image", "network", "listen", "advertise", "memory", "cpus", "pin", "pids", "tmpfs", "verify", "start_timeout", "stall_timeout", "port")
    class Verify(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        VERIFY_UNSPECIFIED: _ClassVar[DockerConfig.Verify]
        VERIFY_CHAMPIONS: _ClassVar[DockerConfig.Verify]
        VERIFY_PARENTS: _ClassVar[DockerConfig.Verify]
        VERIFY_ALL: _ClassVar[DockerConfig.Verify]
        VERIFY_NONE: _ClassVar[DockerConfig.Verify]
    VERIFY_UNSPECIFIED: DockerConfig.Verify
    VERIFY_CHAMPIONS: DockerConfig.Verify
    VERIFY_PARENTS: DockerConfig.Verify
    VERIFY_ALL: DockerConfig.Verify
    VERIFY_NONE: DockerConfig.Verify
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    LISTEN_FIELD_NUMBER: _ClassVar[int]
    ADVERTISE_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FIELD_NUMBER: _ClassVar[int]
    CPUS_FIELD_NUMBER: _ClassVar[int]
    PIN_FIELD_NUMBER: _ClassVar[int]
    PIDS_FIELD_NUMBER: _ClassVar[int]
    TMPFS_FIELD_NUMBER: _ClassVar[int]
    VERIFY_FIELD_NUMBER: _ClassVar[int]
    START_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    STALL_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    image: str
    network: str
    listen: str
    advertise: str
    memory: str
    cpus: float
    pin: bool
    pids: int
    tmpfs: str
    verify: DockerConfig.Verify
    start_timeout: float
    stall_timeout: float
    port: int
    def __init__(self, image: _Optional[str] = ..., network: _Optional[str] = ..., listen: _Optional[str] = ..., advertise: _Optional[str] = ..., memory: _Optional[str] = ..., cpus: _Optional[float] = ..., pin: bool = ..., pids: _Optional[int] = ..., tmpfs: _Optional[str] = ..., verify: _Optional[_Union[DockerConfig.Verify, str]] = ..., start_timeout: _Optional[float] = ..., stall_timeout: _Optional[float] = ..., port: _Optional[int] = ...) -> None: ...

class RayConfig(_message.Message):
    __slots__ = ("address", "cpus", "memory", "resources", "placement", "modules", "pin", "connect_timeout", "start_timeout", "stall_timeout")
    class Placement(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PLACEMENT_UNSPECIFIED: _ClassVar[RayConfig.Placement]
        PLACEMENT_SPREAD: _ClassVar[RayConfig.Placement]
        PLACEMENT_PACK: _ClassVar[RayConfig.Placement]
    PLACEMENT_UNSPECIFIED: RayConfig.Placement
    PLACEMENT_SPREAD: RayConfig.Placement
    PLACEMENT_PACK: RayConfig.Placement
    class ResourcesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    CPUS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_FIELD_NUMBER: _ClassVar[int]
    MODULES_FIELD_NUMBER: _ClassVar[int]
    PIN_FIELD_NUMBER: _ClassVar[int]
    CONNECT_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    START_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    STALL_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    address: str
    cpus: float
    memory: str
    resources: _containers.ScalarMap[str, float]
    placement: RayConfig.Placement
    modules: _containers.RepeatedScalarFieldContainer[str]
    pin: bool
    connect_timeout: float
    start_timeout: float
    stall_timeout: float
    def __init__(self, address: _Optional[str] = ..., cpus: _Optional[float] = ..., memory: _Optional[str] = ..., resources: _Optional[_Mapping[str, float]] = ..., placement: _Optional[_Union[RayConfig.Placement, str]] = ..., modules: _Optional[_Iterable[str]] = ..., pin: bool = ..., connect_timeout: _Optional[float] = ..., start_timeout: _Optional[float] = ..., stall_timeout: _Optional[float] = ...) -> None: ...

class HoldoutConfig(_message.Message):
    __slots__ = ("validation", "episodes")
    VALIDATION_FIELD_NUMBER: _ClassVar[int]
    EPISODES_FIELD_NUMBER: _ClassVar[int]
    validation: int
    episodes: int
    def __init__(self, validation: _Optional[int] = ..., episodes: _Optional[int] = ...) -> None: ...
