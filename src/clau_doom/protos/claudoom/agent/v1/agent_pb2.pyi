from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DescribeRequest(_message.Message):
    __slots__ = ("scenario",)
    SCENARIO_FIELD_NUMBER: _ClassVar[int]
    scenario: Scenario
    def __init__(self, scenario: _Optional[_Union[Scenario, _Mapping]] = ...) -> None: ...

class Scenario(_message.Message):
    __slots__ = ("name", "buttons", "variables", "frame_skip", "timeout", "width", "height", "doom_skill")
    NAME_FIELD_NUMBER: _ClassVar[int]
    BUTTONS_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    FRAME_SKIP_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    DOOM_SKILL_FIELD_NUMBER: _ClassVar[int]
    name: str
    buttons: _containers.RepeatedScalarFieldContainer[str]
    variables: _containers.RepeatedScalarFieldContainer[str]
    frame_skip: int
    timeout: int
    width: int
    height: int
    doom_skill: int
    def __init__(self, name: _Optional[str] = ..., buttons: _Optional[_Iterable[str]] = ..., variables: _Optional[_Iterable[str]] = ..., frame_skip: _Optional[int] = ..., timeout: _Optional[int] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., doom_skill: _Optional[int] = ...) -> None: ...

class DescribeResponse(_message.Message):
    __slots__ = ("genes", "objects", "screen", "version")
    GENES_FIELD_NUMBER: _ClassVar[int]
    OBJECTS_FIELD_NUMBER: _ClassVar[int]
    SCREEN_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    genes: _containers.RepeatedCompositeFieldContainer[Gene]
    objects: bool
    screen: bool
    version: str
    def __init__(self, genes: _Optional[_Iterable[_Union[Gene, _Mapping]]] = ..., objects: bool = ..., screen: bool = ..., version: _Optional[str] = ...) -> None: ...

class Gene(_message.Message):
    __slots__ = ("name", "kind", "low", "high", "choices")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[Gene.Kind]
        KIND_REAL: _ClassVar[Gene.Kind]
        KIND_INTEGER: _ClassVar[Gene.Kind]
        KIND_CHOICE: _ClassVar[Gene.Kind]
    KIND_UNSPECIFIED: Gene.Kind
    KIND_REAL: Gene.Kind
    KIND_INTEGER: Gene.Kind
    KIND_CHOICE: Gene.Kind
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    CHOICES_FIELD_NUMBER: _ClassVar[int]
    name: str
    kind: Gene.Kind
    low: float
    high: float
    choices: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[_Union[Gene.Kind, str]] = ..., low: _Optional[float] = ..., high: _Optional[float] = ..., choices: _Optional[_Iterable[str]] = ...) -> None: ...

class BeginRequest(_message.Message):
    __slots__ = ("episode_id", "genome", "seed", "buttons")
    EPISODE_ID_FIELD_NUMBER: _ClassVar[int]
    GENOME_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    BUTTONS_FIELD_NUMBER: _ClassVar[int]
    episode_id: str
    genome: _containers.RepeatedScalarFieldContainer[float]
    seed: int
    buttons: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, episode_id: _Optional[str] = ..., genome: _Optional[_Iterable[float]] = ..., seed: _Optional[int] = ..., buttons: _Optional[_Iterable[str]] = ...) -> None: ...

class BeginResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetActionRequest(_message.Message):
    __slots__ = ("episode_id", "decision", "observation")
    EPISODE_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_FIELD_NUMBER: _ClassVar[int]
    episode_id: str
    decision: int
    observation: ObservationProto
    def __init__(self, episode_id: _Optional[str] = ..., decision: _Optional[int] = ..., observation: _Optional[_Union[ObservationProto, _Mapping]] = ...) -> None: ...

class ObservationProto(_message.Message):
    __slots__ = ("variables", "tic", "objects", "screen")
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    TIC_FIELD_NUMBER: _ClassVar[int]
    OBJECTS_FIELD_NUMBER: _ClassVar[int]
    SCREEN_FIELD_NUMBER: _ClassVar[int]
    variables: _containers.RepeatedScalarFieldContainer[float]
    tic: int
    objects: _containers.RepeatedCompositeFieldContainer[SeenObject]
    screen: bytes
    def __init__(self, variables: _Optional[_Iterable[float]] = ..., tic: _Optional[int] = ..., objects: _Optional[_Iterable[_Union[SeenObject, _Mapping]]] = ..., screen: _Optional[bytes] = ...) -> None: ...

class SeenObject(_message.Message):
    __slots__ = ("id", "name", "kind", "x", "y", "width", "height", "position", "velocity")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    VELOCITY_FIELD_NUMBER: _ClassVar[int]
    id: int
    name: str
    kind: str
    x: int
    y: int
    width: int
    height: int
    position: _containers.RepeatedScalarFieldContainer[float]
    velocity: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, id: _Optional[int] = ..., name: _Optional[str] = ..., kind: _Optional[str] = ..., x: _Optional[int] = ..., y: _Optional[int] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., position: _Optional[_Iterable[float]] = ..., velocity: _Optional[_Iterable[float]] = ...) -> None: ...

class ActionProto(_message.Message):
    __slots__ = ("action_id", "buttons", "tics")
    ACTION_ID_FIELD_NUMBER: _ClassVar[int]
    BUTTONS_FIELD_NUMBER: _ClassVar[int]
    TICS_FIELD_NUMBER: _ClassVar[int]
    action_id: int
    buttons: Buttons
    tics: int
    def __init__(self, action_id: _Optional[int] = ..., buttons: _Optional[_Union[Buttons, _Mapping]] = ..., tics: _Optional[int] = ...) -> None: ...

class Buttons(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, values: _Optional[_Iterable[float]] = ...) -> None: ...

class PlayRequest(_message.Message):
    __slots__ = ("begin", "decide")
    BEGIN_FIELD_NUMBER: _ClassVar[int]
    DECIDE_FIELD_NUMBER: _ClassVar[int]
    begin: BeginRequest
    decide: GetActionRequest
    def __init__(self, begin: _Optional[_Union[BeginRequest, _Mapping]] = ..., decide: _Optional[_Union[GetActionRequest, _Mapping]] = ...) -> None: ...
