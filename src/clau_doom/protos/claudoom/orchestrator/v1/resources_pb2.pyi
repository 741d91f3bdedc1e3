import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExperimentState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EXPERIMENT_STATE_UNSPECIFIED: _ClassVar[ExperimentState]
    EXPERIMENT_STATE_PENDING: _ClassVar[ExperimentState]
    EXPERIMENT_STATE_RUNNING: _ClassVar[ExperimentState]
    EXPERIMENT_STATE_PAUSED: _ClassVar[ExperimentState]
    EXPERIMENT_STATE_INTERRUPTED: _ClassVar[ExperimentState]
    EXPERIMENT_STATE_COMPLETED: _ClassVar[ExperimentState]
    EXPERIMENT_STATE_FAILED: _ClassVar[ExperimentState]
    EXPERIMENT_STATE_CANCELLED: _ClassVar[ExperimentState]

class AgentStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AGENT_STATUS_UNSPECIFIED: _ClassVar[AgentStatus]
    AGENT_STATUS_PENDING: _ClassVar[AgentStatus]
    AGENT_STATUS_PAUSED: _ClassVar[AgentStatus]
    AGENT_STATUS_COMPLETED: _ClassVar[AgentStatus]
    AGENT_STATUS_FAILED: _ClassVar[AgentStatus]
    AGENT_STATUS_DROPPED: _ClassVar[AgentStatus]

class Purpose(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PURPOSE_UNSPECIFIED: _ClassVar[Purpose]
    PURPOSE_TRAINING: _ClassVar[Purpose]
    PURPOSE_VALIDATION: _ClassVar[Purpose]
    PURPOSE_HELD_OUT: _ClassVar[Purpose]
EXPERIMENT_STATE_UNSPECIFIED: ExperimentState
EXPERIMENT_STATE_PENDING: ExperimentState
EXPERIMENT_STATE_RUNNING: ExperimentState
EXPERIMENT_STATE_PAUSED: ExperimentState
EXPERIMENT_STATE_INTERRUPTED: ExperimentState
EXPERIMENT_STATE_COMPLETED: ExperimentState
EXPERIMENT_STATE_FAILED: ExperimentState
EXPERIMENT_STATE_CANCELLED: ExperimentState
AGENT_STATUS_UNSPECIFIED: AgentStatus
AGENT_STATUS_PENDING: AgentStatus
AGENT_STATUS_PAUSED: AgentStatus
AGENT_STATUS_COMPLETED: AgentStatus
AGENT_STATUS_FAILED: AgentStatus
AGENT_STATUS_DROPPED: AgentStatus
PURPOSE_UNSPECIFIED: Purpose
PURPOSE_TRAINING: Purpose
PURPOSE_VALIDATION: Purpose
PURPOSE_HELD_OUT: Purpose

class Experiment(_message.Message):
    __slots__ = ("id", "uuid", "state", "reason", "seed", "scenario", "generations_planned", "generations_finished", "population", "best_fitness", "champion", "history_sha256", "deviations", "running_seconds", "last_sequence", "last_activity", "config_yaml", "provenance", "generations", "reader_failures", "gene_space_json", "budget")
    class ProvenanceEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    UUID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SCENARIO_FIELD_NUMBER: _ClassVar[int]
    GENERATIONS_PLANNED_FIELD_NUMBER: _ClassVar[int]
    GENERATIONS_FINISHED_FIELD_NUMBER: _ClassVar[int]
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    BEST_FITNESS_FIELD_NUMBER: _ClassVar[int]
    CHAMPION_FIELD_NUMBER: _ClassVar[int]
    HISTORY_SHA256_FIELD_NUMBER: _ClassVar[int]
    DEVIATIONS_FIELD_NUMBER: _ClassVar[int]
    RUNNING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    LAST_ACTIVITY_FIELD_NUMBER: _ClassVar[int]
    CONFIG_YAML_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    GENERATIONS_FIELD_NUMBER: _ClassVar[int]
    READER_FAILURES_FIELD_NUMBER: _ClassVar[int]
    GENE_SPACE_JSON_FIELD_NUMBER: _ClassVar[int]
    BUDGET_FIELD_NUMBER: _ClassVar[int]
    id: str
    uuid: str
    state: ExperimentState
    reason: str
    seed: int
    scenario: str
    generations_planned: int
    generations_finished: int
    population: int
    best_fitness: float
    champion: Champion
    history_sha256: str
    deviations: Deviations
    running_seconds: float
    last_sequence: int
    last_activity: _timestamp_pb2.Timestamp
    config_yaml: str
    provenance: _containers.ScalarMap[str, str]
    generations: _containers.RepeatedCompositeFieldContainer[GenerationSummary]
    reader_failures: _containers.RepeatedCompositeFieldContainer[ReaderFailure]
    gene_space_json: bytes
    budget: Budget
    def __init__(self, id: _Optional[str] = ..., uuid: _Optional[str] = ..., state: _Optional[_Union[ExperimentState, str]] = ..., reason: _Optional[str] = ..., seed: _Optional[int] = ..., scenario: _Optional[str] = ..., generations_planned: _Optional[int] = ..., generations_finished: _Optional[int] = ..., population: _Optional[int] = ..., best_fitness: _Optional[float] = ..., champion: _Optional[_Union[Champion, _Mapping]] = ..., history_sha256: _Optional[str] = ..., deviations: _Optional[_Union[Deviations, _Mapping]] = ..., running_seconds: _Optional[float] = ..., last_sequence: _Optional[int] = ..., last_activity: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., config_yaml: _Optional[str] = ..., provenance: _Optional[_Mapping[str, str]] = ..., generations: _Optional[_Iterable[_Union[GenerationSummary, _Mapping]]] = ..., reader_failures: _Optional[_Iterable[_Union[ReaderFailure, _Mapping]]] = ..., gene_space_json: _Optional[bytes] = ..., budget: _Optional[_Union[Budget, _Mapping]] = ...) -> None: ...

class Budget(_message.Message):
    __slots__ = ("generations", "episodes", "tics", "spent")
    GENERATIONS_FIELD_NUMBER: _ClassVar[int]
    EPISODES_FIELD_NUMBER: _ClassVar[int]
    TICS_FIELD_NUMBER: _ClassVar[int]
    SPENT_FIELD_NUMBER: _ClassVar[int]
    generations: int
    episodes: int
    tics: int
    spent: int
    def __init__(self, generations: _Optional[int] = ..., episodes: _Optional[int] = ..., tics: _Optional[int] = ..., spent: _Optional[int] = ...) -> None: ...

class ReaderFailure(_message.Message):
    __slots__ = ("reader", "failures", "failing", "error")
    READER_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    FAILING_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    reader: str
    failures: int
    failing: bool
    error: str
    def __init__(self, reader: _Optional[str] = ..., failures: _Optional[int] = ..., failing: bool = ..., error: _Optional[str] = ...) -> None: ...

class Champion(_message.Message):
    __slots__ = ("agent_id", "validation_fitness")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_FITNESS_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    validation_fitness: float
    def __init__(self, agent_id: _Optional[str] = ..., validation_fitness: _Optional[float] = ...) -> None: ...

class Deviations(_message.Message):
    __slots__ = ("exhausted_attempts", "missed_deadlines", "interventions", "repeated_actions")
    EXHAUSTED_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    MISSED_DEADLINES_FIELD_NUMBER: _ClassVar[int]
    INTERVENTIONS_FIELD_NUMBER: _ClassVar[int]
    REPEATED_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    exhausted_attempts: int
    missed_deadlines: int
    interventions: int
    repeated_actions: int
    def __init__(self, exhausted_attempts: _Optional[int] = ..., missed_deadlines: _Optional[int] = ..., interventions: _Optional[int] = ..., repeated_actions: _Optional[int] = ...) -> None: ...

class GenerationSummary(_message.Message):
    __slots__ = ("generation", "best_agent_id", "best_fitness", "mean_fitness", "worst_fitness", "std_fitness", "failed", "episodes", "tics")
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    BEST_AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    BEST_FITNESS_FIELD_NUMBER: _ClassVar[int]
    MEAN_FITNESS_FIELD_NUMBER: _ClassVar[int]
    WORST_FITNESS_FIELD_NUMBER: _ClassVar[int]
    STD_FITNESS_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    EPISODES_FIELD_NUMBER: _ClassVar[int]
    TICS_FIELD_NUMBER: _ClassVar[int]
    generation: int
    best_agent_id: str
    best_fitness: float
    mean_fitness: float
    worst_fitness: float
    std_fitness: float
    failed: int
    episodes: int
    tics: int
    def __init__(self, generation: _Optional[int] = ..., best_agent_id: _Optional[str] = ..., best_fitness: _Optional[float] = ..., mean_fitness: _Optional[float] = ..., worst_fitness: _Optional[float] = ..., std_fitness: _Optional[float] = ..., failed: _Optional[int] = ..., episodes: _Optional[int] = ..., tics: _Optional[int] = ...) -> None: ...

class GenerationStatus(_message.Message):
    __slots__ = ("experiment_id", "generation", "finished", "agents", "episodes", "episodes_finished", "summary", "budget")
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    EPISODES_FIELD_NUMBER: _ClassVar[int]
    EPISODES_FINISHED_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    BUDGET_FIELD_NUMBER: _ClassVar[int]
    experiment_id: str
    generation: int
    finished: bool
    agents: _containers.RepeatedCompositeFieldContainer[Agent]
    episodes: int
    episodes_finished: int
    summary: GenerationSummary
    budget: Budget
    def __init__(self, experiment_id: _Optional[str] = ..., generation: _Optional[int] = ..., finished: bool = ..., agents: _Optional[_Iterable[_Union[Agent, _Mapping]]] = ..., episodes: _Optional[int] = ..., episodes_finished: _Optional[int] = ..., summary: _Optional[_Union[GenerationSummary, _Mapping]] = ..., budget: _Optional[_Union[Budget, _Mapping]] = ...) -> None: ...

class Agent(_message.Message):
    __slots__ = ("id", "generation", "index", "status", "fitness", "failure", "operator", "parent_ids", "episodes_finished", "genome", "lineage", "episodes", "traceback")
    ID_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    FITNESS_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    PARENT_IDS_FIELD_NUMBER: _ClassVar[int]
    EPISODES_FINISHED_FIELD_NUMBER: _ClassVar[int]
    GENOME_FIELD_NUMBER: _ClassVar[int]
    LINEAGE_FIELD_NUMBER: _ClassVar[int]
    EPISODES_FIELD_NUMBER: _ClassVar[int]
    TRACEBACK_FIELD_NUMBER: _ClassVar[int]
    id: str
    generation: int
    index: int
    status: AgentStatus
    fitness: float
    failure: str
    operator: str
    parent_ids: _containers.RepeatedScalarFieldContainer[str]
    episodes_finished: int
    genome: _containers.RepeatedCompositeFieldContainer[GeneValue]
    lineage: _containers.RepeatedCompositeFieldContainer[Ancestor]
    episodes: _containers.RepeatedCompositeFieldContainer[Episode]
    traceback: str
    def __init__(self, id: _Optional[str] = ..., generation: _Optional[int] = ..., index: _Optional[int] = ..., status: _Optional[_Union[AgentStatus, str]] = ..., fitness: _Optional[float] = ..., failure: _Optional[str] = ..., operator: _Optional[str] = ..., parent_ids: _Optional[_Iterable[str]] = ..., episodes_finished: _Optional[int] = ..., genome: _Optional[_Iterable[_Union[GeneValue, _Mapping]]] = ..., lineage: _Optional[_Iterable[_Union[Ancestor, _Mapping]]] = ..., episodes: _Optional[_Iterable[_Union[Episode, _Mapping]]] = ..., traceback: _Optional[str] = ...) -> None: ...

class GeneValue(_message.Message):
    __slots__ = ("name", "value", "choice")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    CHOICE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: float
    choice: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[float] = ..., choice: _Optional[str] = ...) -> None: ...

class Ancestor(_message.Message):
    __slots__ = ("agent_id", "operator", "fitness")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    FITNESS_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    operator: str
    fitness: float
    def __init__(self, agent_id: _Optional[str] = ..., operator: _Optional[str] = ..., fitness: _Optional[float] = ...) -> None: ...

class Episode(_message.Message):
    __slots__ = ("purpose", "agent_id", "number", "seed", "measures", "trajectory_sha256", "seconds", "attempts", "worker", "repeated", "processor_seconds")
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    MEASURES_FIELD_NUMBER: _ClassVar[int]
    TRAJECTORY_SHA256_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    REPEATED_FIELD_NUMBER: _ClassVar[int]
    PROCESSOR_SECONDS_FIELD_NUMBER: _ClassVar[int]
    purpose: Purpose
    agent_id: str
    number: int
    seed: int
    measures: Measures
    trajectory_sha256: str
    seconds: float
    attempts: int
    worker: int
    repeated: int
    processor_seconds: float
    def __init__(self, purpose: _Optional[_Union[Purpose, str]] = ..., agent_id: _Optional[str] = ..., number: _Optional[int] = ..., seed: _Optional[int] = ..., measures: _Optional[_Union[Measures, _Mapping]] = ..., trajectory_sha256: _Optional[str] = ..., seconds: _Optional[float] = ..., attempts: _Optional[int] = ..., worker: _Optional[int] = ..., repeated: _Optional[int] = ..., processor_seconds: _Optional[float] = ...) -> None: ...

class Measures(_message.Message):
    __slots__ = ("kills", "deaths", "health", "armor", "shots", "hits", "damage_dealt", "damage_taken", "items", "tics", "reward", "distance", "decisions", "custom")
    class CustomEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    KILLS_FIELD_NUMBER: _ClassVar[int]
    DEATHS_FIELD_NUMBER: _ClassVar[int]
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    ARMOR_FIELD_NUMBER: _ClassVar[int]
    SHOTS_FIELD_NUMBER: _ClassVar[int]
    HITS_FIELD_NUMBER: _ClassVar[int]
    DAMAGE_DEALT_FIELD_NUMBER: _ClassVar[int]
    DAMAGE_TAKEN_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    TICS_FIELD_NUMBER: _ClassVar[int]
    REWARD_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    kills: float
    deaths: float
    health: float
    armor: float
    shots: float
    hits: float
    damage_dealt: float
    damage_taken: float
    items: float
    tics: float
    reward: float
    distance: float
    decisions: float
    custom: _containers.ScalarMap[str, float]
    def __init__(self, kills: _Optional[float] = ..., deaths: _Optional[float] = ..., health: _Optional[float] = ..., armor: _Optional[float] = ..., shots: _Optional[float] = ..., hits: _Optional[float] = ..., damage_dealt: _Optional[float] = ..., damage_taken: _Optional[float] = ..., items: _Optional[float] = ..., tics: _Optional[float] = ..., reward: _Optional[float] = ..., distance: _Optional[float] = ..., decisions: _Optional[float] = ..., custom: _Optional[_Mapping[str, float]] = ...) -> None: ...
