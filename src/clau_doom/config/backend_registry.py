"""Registry of backends: bundled ones, those of installed packages, and those that Python code registers.

A backend of an installed package is an entry point of the group `clau_doom.backends`. Names, sections, checks and help
texts are derived from this registry. A backend's name occurs in its own package and in one line here.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, ClassVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from clau_doom.config.base_section import Clash, ConfigSection
from clau_doom.config.policies import PolicyConfig
from clau_doom.errors import ConfigError

__all__ = [
    "ENTRY_POINTS",
    "BackendDescription",
    "BackendName",
    "BackendSection",
    "load_failures",
    "register_backend",
    "registered_backends",
    "unregister_backend",
]

_BUNDLED = (
    "clau_doom.backends.local.provider:LocalProvider",
    "clau_doom.backends.docker.provider:DockerProvider",
    "clau_doom.backends.ray.provider:RayProvider",
)
"""Classes of the bundled backends. They are imported when the registry is first used."""
ENTRY_POINTS = "clau_doom.backends"
"""Group of entry points. Each names a subclass of `BackendDescription`."""
_NAME = re.compile(r"[a-z][a-z0-9]{0,31}")


class BackendSection(ConfigSection):
    """Base class of backends' configuration sections. Its docstring describes the section in the starter file."""

    def conflicts(self, policy: PolicyConfig) -> Iterator[Clash]:  # noqa: ARG002 - for subclasses
        """Yield conflicts of this section with a policy. The section's backend is selected."""
        yield from ()


class BackendDescription:
    """Properties of a backend that do not depend on an experiment.

    Subclass `clau_doom.backends.provider.BackendProvider`, which adds the behaviour.

    Attributes:
        name: Value of `execution.backend`, and name of the section: lower-case letters and digits.
        section: Model of the section. All fields have defaults.
        trusted: Outcomes are accepted without verification. If False, the section has a field `verify`.
        isolates_policies: Custom and remote policies run in isolation and are never imported in this process.
        single_machine: All workers run on this machine.
        server_fields: Fields of the section that a server sets for experiments of its clients. None: all fields.
    """

    name: ClassVar[str]
    section: ClassVar[type[BackendSection]]
    trusted: ClassVar[bool] = True
    isolates_policies: ClassVar[bool] = False
    single_machine: ClassVar[bool] = True
    server_fields: ClassVar[frozenset[str] | None] = None


_registered: dict[str, BackendDescription] = {}


def register_backend(backend: BackendDescription) -> None:
    """Add a backend for configurations that are created afterwards in this process.

    Raises:
        ConfigError: Its name is invalid or taken, or its section has no field `verify` although it is not trusted.
    """
    _check(backend, {known.name for known in registered_backends()})
    _registered[backend.name] = backend


def unregister_backend(name: str) -> None:
    """Remove a backend that `register_backend` has added."""
    del _registered[name]


def registered_backends() -> tuple[BackendDescription, ...]:
    """Return all backends: bundled ones, those of installed packages, and registered ones."""
    return (*_installed()[0], *_registered.values())


def load_failures() -> Mapping[str, str]:
    """Return the errors of backends of installed packages that cannot be loaded, by entry point."""
    return _installed()[1]


@cache
def _installed() -> tuple[tuple[BackendDescription, ...], Mapping[str, str]]:
    found: dict[str, BackendDescription] = {}
    failures: dict[str, str] = {}
    for reference in _BUNDLED:
        module, _, name = reference.partition(":")
        backend = getattr(import_module(module), name)()
        found[backend.name] = backend
    for entry in entry_points(group=ENTRY_POINTS):
        try:
            backend = entry.load()()
            _check(backend, found.keys())
        except Exception as error:
            failures[entry.name] = f"{type(error).__name__}: {error}"
        else:
            found[backend.name] = backend
    return tuple(found.values()), failures


def _check(backend: object, taken: Any) -> None:
    if not isinstance(backend, BackendDescription):
        raise ConfigError(f"{backend!r} is not a backend: subclass clau_doom.backends.provider.BackendProvider")
    name = backend.name
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is not a name of a backend: use at most 32 lower-case letters and digits")
    if name in taken:
        raise ConfigError(f"a backend {name} is registered already: choose another name")
    if not backend.trusted and "verify" not in backend.section.model_fields:
        raise ConfigError(f"backend {name} is not trusted: its section needs a field `verify`")


class BackendName:
    """Annotation of a field that holds the name of a registered backend."""

    @staticmethod
    def choices() -> tuple[str, ...]:
        """Return the names of all registered backends."""
        return tuple(backend.name for backend in registered_backends())

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Refuse other names during validation, with the error of a literal."""
        return core_schema.no_info_before_validator_function(self._known, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """List the names as an enumeration."""
        return {**handler(schema), "enum": list(self.choices())}

    def _known(self, value: object) -> object:
        names = self.choices()
        if value in names:
            return value
        if isinstance(value, str) and (failure := load_failures().get(value)):
            raise ValueError(f"cannot be loaded: reinstall the package that provides it ({failure})")
        raise PydanticKnownError("literal_error", {"expected": " or ".join(f"'{name}'" for name in names)})
