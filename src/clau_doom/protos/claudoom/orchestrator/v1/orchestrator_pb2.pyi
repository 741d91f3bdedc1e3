from clau_doom.protos.claudoom.orchestrator.v1 import config_pb2 as _config_pb2
from clau_doom.protos.claudoom.orchestrator.v1 import events_pb2 as _events_pb2
from clau_doom.protos.claudoom.orchestrator.v1 import resources_pb2 as _resources_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StartExperimentRequest(_message.Message):
    __slots__ = ("request_id", "config_yaml", "config", "validate_only")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONFIG_YAML_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    config_yaml: str
    config: _config_pb2.ExperimentConfig
    validate_only: bool
    def __init__(self, request_id: _Optional[str] = ..., config_yaml: _Optional[str] = ..., config: _Optional[_Union[_config_pb2.ExperimentConfig, _Mapping]] = ..., validate_only: bool = ...) -> None: ...

class StartExperimentResponse(_message.Message):
    __slots__ = ("experiment", "created", "genes")
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    GENES_FIELD_NUMBER: _ClassVar[int]
    experiment: _resources_pb2.Experiment
    created: bool
    genes: int
    def __init__(self, experiment: _Optional[_Union[_resources_pb2.Experiment, _Mapping]] = ..., created: bool = ..., genes: _Optional[int] = ...) -> None: ...

class GetExperimentRequest(_message.Message):
    __slots__ = ("experiment_id",)
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    experiment_id: str
    def __init__(self, experiment_id: _Optional[str] = ...) -> None: ...

class ListExperimentsRequest(_message.Message):
    __slots__ = ("states", "page_size", "page_token")
    STATES_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    states: _containers.RepeatedScalarFieldContainer[_resources_pb2.ExperimentState]
    page_size: int
    page_token: str
    def __init__(self, states: _Optional[_Iterable[_Union[_resources_pb2.ExperimentState, str]]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListExperimentsResponse(_message.Message):
    __slots__ = ("experiments", "next_page_token", "unreadable")
    EXPERIMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_FIELD_NUMBER: _ClassVar[int]
    experiments: _containers.RepeatedCompositeFieldContainer[_resources_pb2.Experiment]
    next_page_token: str
    unreadable: _containers.RepeatedCompositeFieldContainer[UnreadableExperiment]
    def __init__(self, experiments: _Optional[_Iterable[_Union[_resources_pb2.Experiment, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., unreadable: _Optional[_Iterable[_Union[UnreadableExperiment, _Mapping]]] = ...) -> None: ...

class UnreadableExperiment(_message.Message):
    __slots__ = ("id", "reason")
    ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    id: str
    reason: str
    def __init__(self, id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class PauseExperimentRequest(_message.Message):
    __slots__ = ("experiment_id",)
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    experiment_id: str
    def __init__(self, experiment_id: _Optional[str] = ...) -> None: ...

class ResumeExperimentRequest(_message.Message):
    __slots__ = ("experiment_id", "generations", "max_duration", "validate_only", "budget_episodes", "budget_tics")
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    GENERATIONS_FIELD_NUMBER: _ClassVar[int]
    MAX_DURATION_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    BUDGET_EPISODES_FIELD_NUMBER: _ClassVar[int]
    BUDGET_TICS_FIELD_NUMBER: _ClassVar[int]
    experiment_id: str
    generations: int
    max_duration: str
    validate_only: bool
    budget_episodes: int
    budget_tics: int
    def __init__(self, experiment_id: _Optional[str] = ..., generations: _Optional[int] = ..., max_duration: _Optional[str] = ..., validate_only: bool = ..., budget_episodes: _Optional[int] = ..., budget_tics: _Optional[int] = ...) -> None: ...

class CancelExperimentRequest(_message.Message):
    __slots__ = ("experiment_id",)
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    experiment_id: str
    def __init__(self, experiment_id: _Optional[str] = ...) -> None: ...

class GetGenerationStatusRequest(_message.Message):
    __slots__ = ("experiment_id", "generation")
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    experiment_id: str
    generation: int
    def __init__(self, experiment_id: _Optional[str] = ..., generation: _Optional[int] = ...) -> None: ...

class GetAgentRequest(_message.Message):
    __slots__ = ("agent_id",)
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    def __init__(self, agent_id: _Optional[str] = ...) -> None: ...

class ListAgentsRequest(_message.Message):
    __slots__ = ("experiment_id", "generation", "page_size", "page_token")
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    experiment_id: str
    generation: int
    page_size: int
    page_token: str
    def __init__(self, experiment_id: _Optional[str] = ..., generation: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListAgentsResponse(_message.Message):
    __slots__ = ("agents", "next_page_token")
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    agents: _containers.RepeatedCompositeFieldContainer[_resources_pb2.Agent]
    next_page_token: str
    def __init__(self, agents: _Optional[_Iterable[_Union[_resources_pb2.Agent, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class StreamEventsRequest(_message.Message):
    __slots__ = ("experiment_id", "after_sequence")
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    experiment_id: str
    after_sequence: int
    def __init__(self, experiment_id: _Optional[str] = ..., after_sequence: _Optional[int] = ...) -> None: ...

class AgentCommand(_message.Message):
    __slots__ = ("command_id", "pause", "resume", "stop", "restart", "inspect", "inject")
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    RESTART_FIELD_NUMBER: _ClassVar[int]
    INSPECT_FIELD_NUMBER: _ClassVar[int]
    INJECT_FIELD_NUMBER: _ClassVar[int]
    command_id: str
    pause: PauseAgent
    resume: ResumeAgent
    stop: StopAgent
    restart: RestartAgent
    inspect: InspectAgent
    inject: InjectGenome
    def __init__(self, command_id: _Optional[str] = ..., pause: _Optional[_Union[PauseAgent, _Mapping]] = ..., resume: _Optional[_Union[ResumeAgent, _Mapping]] = ..., stop: _Optional[_Union[StopAgent, _Mapping]] = ..., restart: _Optional[_Union[RestartAgent, _Mapping]] = ..., inspect: _Optional[_Union[InspectAgent, _Mapping]] = ..., inject: _Optional[_Union[InjectGenome, _Mapping]] = ...) -> None: ...

class PauseAgent(_message.Message):
    __slots__ = ("agent_id",)
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    def __init__(self, agent_id: _Optional[str] = ...) -> None: ...

class ResumeAgent(_message.Message):
    __slots__ = ("agent_id",)
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    def __init__(self, agent_id: _Optional[str] = ...) -> None: ...

class StopAgent(_message.Message):
    __slots__ = ("agent_id",)
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    def __init__(self, agent_id: _Optional[str] = ...) -> None: ...

class RestartAgent(_message.Message):
    __slots__ = ("agent_id",)
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    def __init__(self, agent_id: _Optional[str] = ...) -> None: ...

class InspectAgent(_message.Message):
    __slots__ = ("agent_id",)
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    def __init__(self, agent_id: _Optional[str] = ...) -> None: ...

class InjectGenome(_message.Message):
    __slots__ = ("experiment_id", "genome")
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    GENOME_FIELD_NUMBER: _ClassVar[int]
    experiment_id: str
    genome: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, experiment_id: _Optional[str] = ..., genome: _Optional[_Iterable[float]] = ...) -> None: ...

class AgentResponse(_message.Message):
    __slots__ = ("command_id", "done", "refused")
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    command_id: str
    done: CommandDone
    refused: CommandRefused
    def __init__(self, command_id: _Optional[str] = ..., done: _Optional[_Union[CommandDone, _Mapping]] = ..., refused: _Optional[_Union[CommandRefused, _Mapping]] = ...) -> None: ...

class CommandDone(_message.Message):
    __slots__ = ("sequence", "agent")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    AGENT_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    agent: _resources_pb2.Agent
    def __init__(self, sequence: _Optional[int] = ..., agent: _Optional[_Union[_resources_pb2.Agent, _Mapping]] = ...) -> None: ...

class CommandRefused(_message.Message):
    __slots__ = ("code", "message", "reason")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    reason: str
    def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...
