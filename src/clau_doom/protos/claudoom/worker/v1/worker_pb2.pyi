from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ToWorker(_message.Message):
    __slots__ = ("setup", "play", "part", "watch", "hosting")
    SETUP_FIELD_NUMBER: _ClassVar[int]
    PLAY_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    WATCH_FIELD_NUMBER: _ClassVar[int]
    HOSTING_FIELD_NUMBER: _ClassVar[int]
    setup: Setup
    play: PlayEpisode
    part: FilePart
    watch: Watch
    hosting: Hosting
    def __init__(self, setup: _Optional[_Union[Setup, _Mapping]] = ..., play: _Optional[_Union[PlayEpisode, _Mapping]] = ..., part: _Optional[_Union[FilePart, _Mapping]] = ..., watch: _Optional[_Union[Watch, _Mapping]] = ..., hosting: _Optional[_Union[Hosting, _Mapping]] = ...) -> None: ...

class FromWorker(_message.Message):
    __slots__ = ("hello", "ready", "played", "failed", "heartbeat", "glimpse", "hosted")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    PLAYED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    GLIMPSE_FIELD_NUMBER: _ClassVar[int]
    HOSTED_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    ready: Ready
    played: EpisodePlayed
    failed: EpisodeFailed
    heartbeat: Heartbeat
    glimpse: Glimpse
    hosted: Hosted
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., ready: _Optional[_Union[Ready, _Mapping]] = ..., played: _Optional[_Union[EpisodePlayed, _Mapping]] = ..., failed: _Optional[_Union[EpisodeFailed, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., glimpse: _Optional[_Union[Glimpse, _Mapping]] = ..., hosted: _Optional[_Union[Hosted, _Mapping]] = ...) -> None: ...

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
    __slots__ = ("scenario_json", "policy_json", "record", "actions", "files", "measures_json", "import_paths")
    SCENARIO_JSON_FIELD_NUMBER: _ClassVar[int]
    POLICY_JSON_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    MEASURES_JSON_FIELD_NUMBER: _ClassVar[int]
    IMPORT_PATHS_FIELD_NUMBER: _ClassVar[int]
    scenario_json: str
    policy_json: str
    record: bool
    actions: bool
    files: _containers.RepeatedCompositeFieldContainer[ScenarioFile]
    measures_json: str
    import_paths: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, scenario_json: _Optional[str] = ..., policy_json: _Optional[str] = ..., record: bool = ..., actions: bool = ..., files: _Optional[_Iterable[_Union[ScenarioFile, _Mapping]]] = ..., measures_json: _Optional[str] = ..., import_paths: _Optional[_Iterable[str]] = ...) -> None: ...

class Hosting(_message.Message):
    __slots__ = ("setup", "facts", "episode_timeout", "stall_timeout", "pin")
    class FactsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SETUP_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    EPISODE_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    STALL_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    PIN_FIELD_NUMBER: _ClassVar[int]
    setup: Setup
    facts: _containers.ScalarMap[str, str]
    episode_timeout: float
    stall_timeout: float
    pin: bool
    def __init__(self, setup: _Optional[_Union[Setup, _Mapping]] = ..., facts: _Optional[_Mapping[str, str]] = ..., episode_timeout: _Optional[float] = ..., stall_timeout: _Optional[float] = ..., pin: bool = ...) -> None: ...

class Hosted(_message.Message):
    __slots__ = ("node", "machine", "address", "pid")
    NODE_FIELD_NUMBER: _ClassVar[int]
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    node: str
    machine: str
    address: str
    pid: int
    def __init__(self, node: _Optional[str] = ..., machine: _Optional[str] = ..., address: _Optional[str] = ..., pid: _Optional[int] = ...) -> None: ...

class ScenarioFile(_message.Message):
    __slots__ = ("role", "sha256", "size")
    class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ROLE_UNSPECIFIED: _ClassVar[ScenarioFile.Role]
        ROLE_CFG: _ClassVar[ScenarioFile.Role]
        ROLE_WAD: _ClassVar[ScenarioFile.Role]
        ROLE_GAME: _ClassVar[ScenarioFile.Role]
    ROLE_UNSPECIFIED: ScenarioFile.Role
    ROLE_CFG: ScenarioFile.Role
    ROLE_WAD: ScenarioFile.Role
    ROLE_GAME: ScenarioFile.Role
    ROLE_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    role: ScenarioFile.Role
    sha256: bytes
    size: int
    def __init__(self, role: _Optional[_Union[ScenarioFile.Role, str]] = ..., sha256: _Optional[bytes] = ..., size: _Optional[int] = ...) -> None: ...

class FilePart(_message.Message):
    __slots__ = ("data",)
    DATA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    def __init__(self, data: _Optional[bytes] = ...) -> None: ...

class Ready(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("turns",)
    TURNS_FIELD_NUMBER: _ClassVar[int]
    turns: int
    def __init__(self, turns: _Optional[int] = ...) -> None: ...

class Watch(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Glimpse(_message.Message):
    __slots__ = ("task", "tic", "health", "kills", "held", "width", "height", "channels", "pixels")
    TASK_FIELD_NUMBER: _ClassVar[int]
    TIC_FIELD_NUMBER: _ClassVar[int]
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    KILLS_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    PIXELS_FIELD_NUMBER: _ClassVar[int]
    task: int
    tic: int
    health: float
    kills: float
    held: _containers.RepeatedScalarFieldContainer[str]
    width: int
    height: int
    channels: int
    pixels: bytes
    def __init__(self, task: _Optional[int] = ..., tic: _Optional[int] = ..., health: _Optional[float] = ..., kills: _Optional[float] = ..., held: _Optional[_Iterable[str]] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., channels: _Optional[int] = ..., pixels: _Optional[bytes] = ...) -> None: ...

class PlayEpisode(_message.Message):
    __slots__ = ("task", "genome", "seed", "baseline", "actions")
    TASK_FIELD_NUMBER: _ClassVar[int]
    GENOME_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    task: int
    genome: _containers.RepeatedScalarFieldContainer[float]
    seed: int
    baseline: bool
    actions: bytes
    def __init__(self, task: _Optional[int] = ..., genome: _Optional[_Iterable[float]] = ..., seed: _Optional[int] = ..., baseline: bool = ..., actions: _Optional[bytes] = ...) -> None: ...

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

class EpisodePlayed(_message.Message):
    __slots__ = ("task", "seed", "measures", "trajectory_sha256", "recording", "seconds", "repeated", "actions", "processor_seconds")
    TASK_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    MEASURES_FIELD_NUMBER: _ClassVar[int]
    TRAJECTORY_SHA256_FIELD_NUMBER: _ClassVar[int]
    RECORDING_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    REPEATED_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    PROCESSOR_SECONDS_FIELD_NUMBER: _ClassVar[int]
    task: int
    seed: int
    measures: Measures
    trajectory_sha256: bytes
    recording: bytes
    seconds: float
    repeated: int
    actions: bytes
    processor_seconds: float
    def __init__(self, task: _Optional[int] = ..., seed: _Optional[int] = ..., measures: _Optional[_Union[Measures, _Mapping]] = ..., trajectory_sha256: _Optional[bytes] = ..., recording: _Optional[bytes] = ..., seconds: _Optional[float] = ..., repeated: _Optional[int] = ..., actions: _Optional[bytes] = ..., processor_seconds: _Optional[float] = ...) -> None: ...

class EpisodeFailed(_message.Message):
    __slots__ = ("task", "fault", "reason", "traceback")
    class Fault(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        FAULT_UNSPECIFIED: _ClassVar[EpisodeFailed.Fault]
        FAULT_POLICY: _ClassVar[EpisodeFailed.Fault]
        FAULT_ENGINE: _ClassVar[EpisodeFailed.Fault]
        FAULT_UNREACHABLE: _ClassVar[EpisodeFailed.Fault]
        FAULT_POLICY_TIMED_OUT: _ClassVar[EpisodeFailed.Fault]
        FAULT_TIMED_OUT: _ClassVar[EpisodeFailed.Fault]
        FAULT_WORKER: _ClassVar[EpisodeFailed.Fault]
        FAULT_REFUSED: _ClassVar[EpisodeFailed.Fault]
        FAULT_UNAVAILABLE: _ClassVar[EpisodeFailed.Fault]
        FAULT_MEASURE: _ClassVar[EpisodeFailed.Fault]
    FAULT_UNSPECIFIED: EpisodeFailed.Fault
    FAULT_POLICY: EpisodeFailed.Fault
    FAULT_ENGINE: EpisodeFailed.Fault
    FAULT_UNREACHABLE: EpisodeFailed.Fault
    FAULT_POLICY_TIMED_OUT: EpisodeFailed.Fault
    FAULT_TIMED_OUT: EpisodeFailed.Fault
    FAULT_WORKER: EpisodeFailed.Fault
    FAULT_REFUSED: EpisodeFailed.Fault
    FAULT_UNAVAILABLE: EpisodeFailed.Fault
    FAULT_MEASURE: EpisodeFailed.Fault
    TASK_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TRACEBACK_FIELD_NUMBER: _ClassVar[int]
    task: int
    fault: EpisodeFailed.Fault
    reason: str
    traceback: str
    def __init__(self, task: _Optional[int] = ..., fault: _Optional[_Union[EpisodeFailed.Fault, str]] = ..., reason: _Optional[str] = ..., traceback: _Optional[str] = ...) -> None: ...
