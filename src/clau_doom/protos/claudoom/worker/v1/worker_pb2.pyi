from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ToWorker(_message.Message):
    __slots__ = ("setup", "play")
    SETUP_FIELD_NUMBER: _ClassVar[int]
    PLAY_FIELD_NUMBER: _ClassVar[int]
    setup: Setup
    play: PlayEpisode
    def __init__(self, setup: _Optional[_Union[Setup, _Mapping]] = ..., play: _Optional[_Union[PlayEpisode, _Mapping]] = ...) -> None: ...

class FromWorker(_message.Message):
    __slots__ = ("hello", "ready", "played", "failed")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    PLAYED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    ready: Ready
    played: EpisodePlayed
    failed: EpisodeFailed
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., ready: _Optional[_Union[Ready, _Mapping]] = ..., played: _Optional[_Union[EpisodePlayed, _Mapping]] = ..., failed: _Optional[_Union[EpisodeFailed, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("facts",)
    class FactsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    FACTS_FIELD_NUMBER: _ClassVar[int]
    facts: _containers.ScalarMap[str, str]
    def __init__(self, facts: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Setup(_message.Message):
    __slots__ = ("scenario_json", "policy_json", "record")
    SCENARIO_JSON_FIELD_NUMBER: _ClassVar[int]
    POLICY_JSON_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    scenario_json: str
    policy_json: str
    record: bool
    def __init__(self, scenario_json: _Optional[str] = ..., policy_json: _Optional[str] = ..., record: bool = ...) -> None: ...

class Ready(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PlayEpisode(_message.Message):
    __slots__ = ("task", "genome", "seed", "baseline")
    TASK_FIELD_NUMBER: _ClassVar[int]
    GENOME_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    task: int
    genome: _containers.RepeatedScalarFieldContainer[float]
    seed: int
    baseline: bool
    def __init__(self, task: _Optional[int] = ..., genome: _Optional[_Iterable[float]] = ..., seed: _Optional[int] = ..., baseline: bool = ...) -> None: ...

class Measures(_message.Message):
    __slots__ = ("kills", "deaths", "health", "armor", "shots", "hits", "damage_dealt", "damage_taken", "items", "tics", "reward", "distance", "decisions")
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
    def __init__(self, kills: _Optional[float] = ..., deaths: _Optional[float] = ..., health: _Optional[float] = ..., armor: _Optional[float] = ..., shots: _Optional[float] = ..., hits: _Optional[float] = ..., damage_dealt: _Optional[float] = ..., damage_taken: _Optional[float] = ..., items: _Optional[float] = ..., tics: _Optional[float] = ..., reward: _Optional[float] = ..., distance: _Optional[float] = ..., decisions: _Optional[float] = ...) -> None: ...

class EpisodePlayed(_message.Message):
    __slots__ = ("task", "seed", "measures", "trajectory_sha256", "recording", "seconds", "repeated")
    TASK_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    MEASURES_FIELD_NUMBER: _ClassVar[int]
    TRAJECTORY_SHA256_FIELD_NUMBER: _ClassVar[int]
    RECORDING_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    REPEATED_FIELD_NUMBER: _ClassVar[int]
    task: int
    seed: int
    measures: Measures
    trajectory_sha256: bytes
    recording: bytes
    seconds: float
    repeated: int
    def __init__(self, task: _Optional[int] = ..., seed: _Optional[int] = ..., measures: _Optional[_Union[Measures, _Mapping]] = ..., trajectory_sha256: _Optional[bytes] = ..., recording: _Optional[bytes] = ..., seconds: _Optional[float] = ..., repeated: _Optional[int] = ...) -> None: ...

class EpisodeFailed(_message.Message):
    __slots__ = ("task", "fault", "reason")
    class Fault(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        FAULT_UNSPECIFIED: _ClassVar[EpisodeFailed.Fault]
        FAULT_POLICY: _ClassVar[EpisodeFailed.Fault]
        FAULT_ENGINE: _ClassVar[EpisodeFailed.Fault]
        FAULT_UNREACHABLE: _ClassVar[EpisodeFailed.Fault]
    FAULT_UNSPECIFIED: EpisodeFailed.Fault
    FAULT_POLICY: EpisodeFailed.Fault
    FAULT_ENGINE: EpisodeFailed.Fault
    FAULT_UNREACHABLE: EpisodeFailed.Fault
    TASK_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    task: int
    fault: EpisodeFailed.Fault
    reason: str
    def __init__(self, task: _Optional[int] = ..., fault: _Optional[_Union[EpisodeFailed.Fault, str]] = ..., reason: _Optional[str] = ...) -> None: ...
