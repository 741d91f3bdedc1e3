import datetime

from clau_doom.protos.claudoom.orchestrator.v1 import resources_pb2 as _resources_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FailureKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FAILURE_KIND_UNSPECIFIED: _ClassVar[FailureKind]
    FAILURE_KIND_POLICY_RAISED: _ClassVar[FailureKind]
    FAILURE_KIND_POLICY_TIMED_OUT: _ClassVar[FailureKind]
    FAILURE_KIND_ATTEMPTS_EXHAUSTED: _ClassVar[FailureKind]
    FAILURE_KIND_STOPPED: _ClassVar[FailureKind]
    FAILURE_KIND_OUT_OF_MEMORY: _ClassVar[FailureKind]
    FAILURE_KIND_FORGED: _ClassVar[FailureKind]
FAILURE_KIND_UNSPECIFIED: FailureKind
FAILURE_KIND_POLICY_RAISED: FailureKind
FAILURE_KIND_POLICY_TIMED_OUT: FailureKind
FAILURE_KIND_ATTEMPTS_EXHAUSTED: FailureKind
FAILURE_KIND_STOPPED: FailureKind
FAILURE_KIND_OUT_OF_MEMORY: FailureKind
FAILURE_KIND_FORGED: FailureKind

class ExperimentEvent(_message.Message):
    __slots__ = ("experiment_id", "sequence", "time", "experiment_created", "experiment_started", "experiment_paused", "experiment_resumed", "experiment_interrupted", "experiment_completed", "experiment_failed", "experiment_cancelled", "generation_started", "generation_completed", "champion_chosen", "episode_finished", "episode_lost", "contestant_failed", "agent_evaluated", "agent_failed", "agent_paused", "agent_resumed", "agent_restarted", "genome_injected", "agents_asked", "agent_dropped", "generic_event")
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_CREATED_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_STARTED_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_PAUSED_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_RESUMED_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_INTERRUPTED_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_FAILED_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_CANCELLED_FIELD_NUMBER: _ClassVar[int]
    GENERATION_STARTED_FIELD_NUMBER: _ClassVar[int]
    GENERATION_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    CHAMPION_CHOSEN_FIELD_NUMBER: _ClassVar[int]
    EPISODE_FINISHED_FIELD_NUMBER: _ClassVar[int]
    EPISODE_LOST_FIELD_NUMBER: _ClassVar[int]
    CONTESTANT_FAILED_FIELD_NUMBER: _ClassVar[int]
    AGENT_EVALUATED_FIELD_NUMBER: _ClassVar[int]
    AGENT_FAILED_FIELD_NUMBER: _ClassVar[int]
    AGENT_PAUSED_FIELD_NUMBER: _ClassVar[int]
    AGENT_RESUMED_FIELD_NUMBER: _ClassVar[int]
    AGENT_RESTARTED_FIELD_NUMBER: _ClassVar[int]
    GENOME_INJECTED_FIELD_NUMBER: _ClassVar[int]
    AGENTS_ASKED_FIELD_NUMBER: _ClassVar[int]
    AGENT_DROPPED_FIELD_NUMBER: _ClassVar[int]
    GENERIC_EVENT_FIELD_NUMBER: _ClassVar[int]
    experiment_id: str
    sequence: int
    time: _timestamp_pb2.Timestamp
    experiment_created: ExperimentCreated
    experiment_started: ExperimentStarted
    experiment_paused: ExperimentPaused
    experiment_resumed: ExperimentResumed
    experiment_interrupted: ExperimentInterrupted
    experiment_completed: ExperimentCompleted
    experiment_failed: ExperimentFailed
    experiment_cancelled: ExperimentCancelled
    generation_started: GenerationStarted
    generation_completed: GenerationCompleted
    champion_chosen: ChampionChosen
    episode_finished: EpisodeFinished
    episode_lost: EpisodeLost
    contestant_failed: ContestantFailed
    agent_evaluated: AgentEvaluated
    agent_failed: AgentFailed
    agent_paused: AgentPaused
    agent_resumed: AgentResumed
    agent_restarted: AgentRestarted
    genome_injected: GenomeInjected
    agents_asked: AgentsAsked
    agent_dropped: AgentDropped
    generic_event: GenericEvent
    def __init__(self, experiment_id: _Optional[str] = ..., sequence: _Optional[int] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., experiment_created: _Optional[_Union[ExperimentCreated, _Mapping]] = ..., experiment_started: _Optional[_Union[ExperimentStarted, _Mapping]] = ..., experiment_paused: _Optional[_Union[ExperimentPaused, _Mapping]] = ..., experiment_resumed: _Optional[_Union[ExperimentResumed, _Mapping]] = ..., experiment_interrupted: _Optional[_Union[ExperimentInterrupted, _Mapping]] = ..., experiment_completed: _Optional[_Union[ExperimentCompleted, _Mapping]] = ..., experiment_failed: _Optional[_Union[ExperimentFailed, _Mapping]] = ..., experiment_cancelled: _Optional[_Union[ExperimentCancelled, _Mapping]] = ..., generation_started: _Optional[_Union[GenerationStarted, _Mapping]] = ..., generation_completed: _Optional[_Union[GenerationCompleted, _Mapping]] = ..., champion_chosen: _Optional[_Union[ChampionChosen, _Mapping]] = ..., episode_finished: _Optional[_Union[EpisodeFinished, _Mapping]] = ..., episode_lost: _Optional[_Union[EpisodeLost, _Mapping]] = ..., contestant_failed: _Optional[_Union[ContestantFailed, _Mapping]] = ..., agent_evaluated: _Optional[_Union[AgentEvaluated, _Mapping]] = ..., agent_failed: _Optional[_Union[AgentFailed, _Mapping]] = ..., agent_paused: _Optional[_Union[AgentPaused, _Mapping]] = ..., agent_resumed: _Optional[_Union[AgentResumed, _Mapping]] = ..., agent_restarted: _Optional[_Union[AgentRestarted, _Mapping]] = ..., genome_injected: _Optional[_Union[GenomeInjected, _Mapping]] = ..., agents_asked: _Optional[_Union[AgentsAsked, _Mapping]] = ..., agent_dropped: _Optional[_Union[AgentDropped, _Mapping]] = ..., generic_event: _Optional[_Union[GenericEvent, _Mapping]] = ...) -> None: ...

class GenericEvent(_message.Message):
    __slots__ = ("code", "json")
    CODE_FIELD_NUMBER: _ClassVar[int]
    JSON_FIELD_NUMBER: _ClassVar[int]
    code: str
    json: str
    def __init__(self, code: _Optional[str] = ..., json: _Optional[str] = ...) -> None: ...

class ExperimentCreated(_message.Message):
    __slots__ = ("uuid", "seed", "config_yaml", "provenance")
    class ProvenanceEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    UUID_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    CONFIG_YAML_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    uuid: str
    seed: int
    config_yaml: str
    provenance: _containers.ScalarMap[str, str]
    def __init__(self, uuid: _Optional[str] = ..., seed: _Optional[int] = ..., config_yaml: _Optional[str] = ..., provenance: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ExperimentStarted(_message.Message):
    __slots__ = ("resumed", "generations", "config_yaml", "episodes", "tics", "environment")
    RESUMED_FIELD_NUMBER: _ClassVar[int]
    GENERATIONS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_YAML_FIELD_NUMBER: _ClassVar[int]
    EPISODES_FIELD_NUMBER: _ClassVar[int]
    TICS_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    resumed: bool
    generations: int
    config_yaml: str
    episodes: int
    tics: int
    environment: RunEnvironment
    def __init__(self, resumed: bool = ..., generations: _Optional[int] = ..., config_yaml: _Optional[str] = ..., episodes: _Optional[int] = ..., tics: _Optional[int] = ..., environment: _Optional[_Union[RunEnvironment, _Mapping]] = ...) -> None: ...

class RunEnvironment(_message.Message):
    __slots__ = ("commits", "packages")
    class PackagesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    COMMITS_FIELD_NUMBER: _ClassVar[int]
    PACKAGES_FIELD_NUMBER: _ClassVar[int]
    commits: _containers.RepeatedCompositeFieldContainer[SourceCommit]
    packages: _containers.ScalarMap[str, str]
    def __init__(self, commits: _Optional[_Iterable[_Union[SourceCommit, _Mapping]]] = ..., packages: _Optional[_Mapping[str, str]] = ...) -> None: ...

class SourceCommit(_message.Message):
    __slots__ = ("folder", "commit", "dirty", "unavailable")
    FOLDER_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    DIRTY_FIELD_NUMBER: _ClassVar[int]
    UNAVAILABLE_FIELD_NUMBER: _ClassVar[int]
    folder: str
    commit: str
    dirty: bool
    unavailable: str
    def __init__(self, folder: _Optional[str] = ..., commit: _Optional[str] = ..., dirty: bool = ..., unavailable: _Optional[str] = ...) -> None: ...

class ExperimentPaused(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ExperimentResumed(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ExperimentInterrupted(_message.Message):
    __slots__ = ("generation", "reason")
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    generation: int
    reason: str
    def __init__(self, generation: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class ExperimentCompleted(_message.Message):
    __slots__ = ("generations",)
    GENERATIONS_FIELD_NUMBER: _ClassVar[int]
    generations: int
    def __init__(self, generations: _Optional[int] = ...) -> None: ...

class ExperimentFailed(_message.Message):
    __slots__ = ("reason", "traceback")
    REASON_FIELD_NUMBER: _ClassVar[int]
    TRACEBACK_FIELD_NUMBER: _ClassVar[int]
    reason: str
    traceback: FailureTrace
    def __init__(self, reason: _Optional[str] = ..., traceback: _Optional[_Union[FailureTrace, _Mapping]] = ...) -> None: ...

class ExperimentCancelled(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GenerationStarted(_message.Message):
    __slots__ = ("generation", "agents")
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    generation: int
    agents: _containers.RepeatedCompositeFieldContainer[AskedAgent]
    def __init__(self, generation: _Optional[int] = ..., agents: _Optional[_Iterable[_Union[AskedAgent, _Mapping]]] = ...) -> None: ...

class AgentsAsked(_message.Message):
    __slots__ = ("generation", "agents")
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    generation: int
    agents: _containers.RepeatedCompositeFieldContainer[AskedAgent]
    def __init__(self, generation: _Optional[int] = ..., agents: _Optional[_Iterable[_Union[AskedAgent, _Mapping]]] = ...) -> None: ...

class AskedAgent(_message.Message):
    __slots__ = ("agent_id", "genome", "parent_ids", "operator")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    GENOME_FIELD_NUMBER: _ClassVar[int]
    PARENT_IDS_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    genome: _containers.RepeatedScalarFieldContainer[float]
    parent_ids: _containers.RepeatedScalarFieldContainer[str]
    operator: str
    def __init__(self, agent_id: _Optional[str] = ..., genome: _Optional[_Iterable[float]] = ..., parent_ids: _Optional[_Iterable[str]] = ..., operator: _Optional[str] = ...) -> None: ...

class GenerationCompleted(_message.Message):
    __slots__ = ("summary",)
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    summary: _resources_pb2.GenerationSummary
    def __init__(self, summary: _Optional[_Union[_resources_pb2.GenerationSummary, _Mapping]] = ...) -> None: ...

class ChampionChosen(_message.Message):
    __slots__ = ("agent_id", "validation_fitness", "candidates")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_FITNESS_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    validation_fitness: float
    candidates: int
    def __init__(self, agent_id: _Optional[str] = ..., validation_fitness: _Optional[float] = ..., candidates: _Optional[int] = ...) -> None: ...

class EpisodeFinished(_message.Message):
    __slots__ = ("episode",)
    EPISODE_FIELD_NUMBER: _ClassVar[int]
    episode: _resources_pb2.Episode
    def __init__(self, episode: _Optional[_Union[_resources_pb2.Episode, _Mapping]] = ...) -> None: ...

class EpisodeLost(_message.Message):
    __slots__ = ("purpose", "agent_id", "number", "seed", "attempt", "reason")
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    purpose: _resources_pb2.Purpose
    agent_id: str
    number: int
    seed: int
    attempt: int
    reason: str
    def __init__(self, purpose: _Optional[_Union[_resources_pb2.Purpose, str]] = ..., agent_id: _Optional[str] = ..., number: _Optional[int] = ..., seed: _Optional[int] = ..., attempt: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class ContestantFailed(_message.Message):
    __slots__ = ("purpose", "agent_id", "number", "seed", "kind", "reason", "traceback")
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TRACEBACK_FIELD_NUMBER: _ClassVar[int]
    purpose: _resources_pb2.Purpose
    agent_id: str
    number: int
    seed: int
    kind: FailureKind
    reason: str
    traceback: FailureTrace
    def __init__(self, purpose: _Optional[_Union[_resources_pb2.Purpose, str]] = ..., agent_id: _Optional[str] = ..., number: _Optional[int] = ..., seed: _Optional[int] = ..., kind: _Optional[_Union[FailureKind, str]] = ..., reason: _Optional[str] = ..., traceback: _Optional[_Union[FailureTrace, _Mapping]] = ...) -> None: ...

class FailureTrace(_message.Message):
    __slots__ = ("digest", "text")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    digest: str
    text: str
    def __init__(self, digest: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class AgentEvaluated(_message.Message):
    __slots__ = ("agent_id", "fitness")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    FITNESS_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    fitness: float
    def __init__(self, agent_id: _Optional[str] = ..., fitness: _Optional[float] = ...) -> None: ...

class AgentDropped(_message.Message):
    __slots__ = ("agent_id", "fitness", "episodes")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    FITNESS_FIELD_NUMBER: _ClassVar[int]
    EPISODES_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    fitness: float
    episodes: int
    def __init__(self, agent_id: _Optional[str] = ..., fitness: _Optional[float] = ..., episodes: _Optional[int] = ...) -> None: ...

class AgentFailed(_message.Message):
    __slots__ = ("agent_id", "kind", "reason", "traceback")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TRACEBACK_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    kind: FailureKind
    reason: str
    traceback: FailureTrace
    def __init__(self, agent_id: _Optional[str] = ..., kind: _Optional[_Union[FailureKind, str]] = ..., reason: _Optional[str] = ..., traceback: _Optional[_Union[FailureTrace, _Mapping]] = ...) -> None: ...

class AgentPaused(_message.Message):
    __slots__ = ("agent_id",)
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    def __init__(self, agent_id: _Optional[str] = ...) -> None: ...

class AgentResumed(_message.Message):
    __slots__ = ("agent_id",)
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    def __init__(self, agent_id: _Optional[str] = ...) -> None: ...

class AgentRestarted(_message.Message):
    __slots__ = ("agent_id",)
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    def __init__(self, agent_id: _Optional[str] = ...) -> None: ...

class GenomeInjected(_message.Message):
    __slots__ = ("genome", "generation")
    GENOME_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    genome: _containers.RepeatedScalarFieldContainer[float]
    generation: int
    def __init__(self, genome: _Optional[_Iterable[float]] = ..., generation: _Optional[int] = ...) -> None: ...
