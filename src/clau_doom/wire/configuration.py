"""Mapping between the configuration's message and the plain data of a configuration file.

The mapping reads the field names from the .proto and follows its conventions:

- An unset field and an enumeration's UNSPECIFIED are left out. Other enumeration values are written without the prefix,
  in lower case.
- A message with a oneof ``kind`` that contains only messages is a section of that kind. If a oneof ``kind`` contains
  another type, the message stands for the value that is set.
- A message with a list or map as its only field stands for that list or map.
- The map ``other_backends`` has the sections of backends without a message, as plain data.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value

from clau_doom.config import ExperimentConfig, registered_backends
from clau_doom.errors import ConfigError, InvalidMessage
from clau_doom.escaping import printable
from clau_doom.protos.claudoom.orchestrator.v1 import config_pb2 as pb

__all__ = ["config_fields", "config_message"]

# Protobuf has two implementations of descriptors without a common base class.
_Field: TypeAlias = Any
_Oneof: TypeAlias = Any
_Enum: TypeAlias = Any

_KIND = "kind"
_OTHER_BACKENDS = "other_backends"
_EXACT = 2.0**53
"""Least float with neighbours more than 1 apart."""
_TYPES = {
    FieldDescriptor.TYPE_BOOL: bool,
    FieldDescriptor.TYPE_INT64: int,
    FieldDescriptor.TYPE_DOUBLE: float,
    FieldDescriptor.TYPE_STRING: str,
    FieldDescriptor.TYPE_MESSAGE: dict,
}
"""Plain data types of the kinds of a value that is not a section."""


def config_fields(message: pb.ExperimentConfig) -> dict[str, object]:
    """Return the fields of a configuration file. The values are not validated.

    Raises:
        ConfigError: `other_backends` has another key than the name of a registered backend without a message.
    """
    declared = message.DESCRIPTOR.fields_by_name
    known = {backend.name for backend in registered_backends() if backend.name not in declared}
    for name in message.other_backends:
        if name not in known:
            key = printable(name, limit=100)
            raise ConfigError(f"other_backends: {key!r} is not an installed backend without a field of its own")
    others = {name: _struct(message.other_backends[name]) for name in sorted(message.other_backends)}
    return _section(message) | others


def config_message(config: ExperimentConfig) -> pb.ExperimentConfig:
    """Return the message of a configuration with every field set. The service's sections are not part of the message.

    Raises:
        InvalidMessage: A whole number exceeds 64 bits.
    """
    message = pb.ExperimentConfig()
    try:
        plain = config.model_dump(mode="json")
        _fill(message, plain)
        for backend in registered_backends():
            if backend.name not in message.DESCRIPTOR.fields_by_name:
                message.other_backends[backend.name].update(plain[backend.name])
    except ValueError as error:
        raise InvalidMessage(f"the configuration of {config.name} does not fit a message: {error}") from error
    return message


def _struct(struct: Struct) -> dict[str, object]:
    return {name: _value(struct.fields[name]) for name in sorted(struct.fields)}


def _value(value: Value) -> object:
    """Return plain data. Whole numbers become integers, which the schema accepts as floats, too."""
    if value.HasField("struct_value"):
        return _struct(value.struct_value)
    if value.HasField("list_value"):
        return [_value(item) for item in value.list_value.values]
    if value.HasField("number_value"):
        number = value.number_value
        return int(number) if number.is_integer() and abs(number) < _EXACT else number
    kind = value.WhichOneof("kind")
    return None if kind in {None, "null_value"} else getattr(value, kind)


def _section(message: Message) -> dict[str, object]:
    plain = {field.name: _plain(field, value) for field, value in message.ListFields() if field.name != _OTHER_BACKENDS}
    return {name: value for name, value in plain.items() if value is not None}


def _plain(field: _Field, value: Any) -> object:
    if not field.is_repeated:
        return _single(field, value)
    if _is_map(field):
        inner = _map_value(field)
        return {key: _single(inner, value[key]) for key in sorted(value)}  # protobuf's order of maps varies
    return [_single(field, item) for item in value]


def _single(field: _Field, value: Any) -> object:
    if field.enum_type:
        words = {number: word for word, number in _words(field.enum_type).items()}
        return words.get(value, value)  # unknown numbers are rejected during validation
    return _message(value) if field.message_type else value


def _message(message: Message) -> object:
    """Return the plain data of a message, or None if a value of several kinds is unset."""
    kind, wrapped = message.DESCRIPTOR.oneofs_by_name.get(_KIND), _wrapped(message)
    if wrapped:
        return _plain(wrapped, getattr(message, wrapped.name))
    if not kind:
        return _section(message)
    chosen = message.WhichOneof(_KIND)
    if not _is_tagged(kind):
        return _single(message.DESCRIPTOR.fields_by_name[chosen], getattr(message, chosen)) if chosen else None
    return {_KIND: _tag(chosen), **_section(getattr(message, chosen))} if chosen else {}


def _fill(message: Message, plain: Mapping[str, object]) -> None:
    for field in message.DESCRIPTOR.fields:
        value = plain.get(field.name)
        if value is not None:
            _set(message, field, value)


def _set(message: Message, field: _Field, value: Any) -> None:
    if field.is_repeated:
        _extend(getattr(message, field.name), field, value)
    elif field.message_type:
        _assign(_begun(message, field.name), value)
    else:
        setattr(message, field.name, _words(field.enum_type)[value] if field.enum_type else value)


def _extend(container: Any, field: _Field, value: Any) -> None:
    if _is_map(field):
        for key, item in value.items():
            if _map_value(field).message_type:
                _assign(container[key], item)
            else:
                container[key] = item
    elif field.message_type:
        for item in value:
            _assign(container.add(), item)
    else:
        container.extend(value)


def _assign(message: Message, value: Any) -> None:
    """Set a message from plain data."""
    kind, wrapped = message.DESCRIPTOR.oneofs_by_name.get(_KIND), _wrapped(message)
    if wrapped:
        _set(message, wrapped, value)
    elif not kind:
        _fill(message, value)
    elif _is_tagged(kind):
        chosen = next(field.name for field in kind.fields if _tag(field.name) == value[_KIND])
        _fill(_begun(message, chosen), value)
    else:
        _set(message, next(field for field in kind.fields if type(value) is _TYPES[field.type]), value)


def _begun(message: Message, name: str) -> Message:
    """Return the message of a field, and mark it as present even if it stays empty."""
    inner: Message = getattr(message, name)
    inner.SetInParent()
    return inner


def _words(enum: _Enum) -> dict[str, int]:
    prefix = len(enum.values_by_number[0].name.removesuffix("UNSPECIFIED"))
    return {value.name[prefix:].lower(): value.number for value in enum.values if value.number}


def _tag(name: str) -> str:
    return name.replace("_", "-")


def _is_tagged(kind: _Oneof) -> bool:
    return all(field.message_type for field in kind.fields)


def _wrapped(message: Message) -> _Field | None:
    fields = message.DESCRIPTOR.fields
    return fields[0] if len(fields) == 1 and fields[0].is_repeated else None


def _is_map(field: _Field) -> bool:
    return bool(field.message_type and field.message_type.GetOptions().map_entry)


def _map_value(field: _Field) -> _Field:
    assert field.message_type
    return field.message_type.fields_by_name["value"]
