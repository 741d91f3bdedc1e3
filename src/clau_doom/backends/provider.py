"""Base class of backends' providers: checks, creation and health checks of one backend."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clau_doom.config.backend_registry import BackendDescription, registered_backends
from clau_doom.errors import ConfigError
from clau_doom.health_finding import Finding

if TYPE_CHECKING:  # providers are loaded with the configuration: import adapters when they are used
    from clau_doom.backends.core_allocator import CoreAllocator
    from clau_doom.config.schema import ExperimentConfig
    from clau_doom.domain import GenomeSpace
    from clau_doom.domain.experiment import Provenance
    from clau_doom.game import Scenario
    from clau_doom.ports import EvaluationBackend

__all__ = ["BackendContext", "BackendProvider", "provider_of", "providers"]


@dataclass(frozen=True, kw_only=True)
class BackendContext:
    """Inputs for the creation of a backend.

    Attributes:
        config: Resolved configuration of the experiment.
        scenario: Its scenario.
        facts: Provenance that workers must report.
        uuid: UUID of the stored experiment.
        logs: Folder for the workers' output. None: discard it.
        cores: Cores for workers, if they are shared with other runs.
    """

    config: "ExperimentConfig"
    scenario: "Scenario"
    facts: "Provenance"
    uuid: str
    logs: Path | None = None
    cores: "CoreAllocator | None" = None


class BackendProvider(BackendDescription, ABC):
    """Provider of one backend. The registry creates one instance, without arguments.

    A module of a provider imports Docker, Ray and other large packages in its methods only, because the configuration
    loads all providers.
    """

    @abstractmethod
    def create(self, context: BackendContext) -> "EvaluationBackend":
        """Return a backend. The caller enters it."""

    def check(self, config: "ExperimentConfig") -> None:
        """Check that a run can start, before anything is stored. The event loop does not run in this thread.

        Raises:
            ConfigError: The configuration cannot be used here.
            InfrastructureFailed: A service that the backend needs does not respond.
        """

    def check_request(self, config: "ExperimentConfig", own: "ExperimentConfig") -> None:
        """Check a client's configuration against the allow-lists of a server.

        Args:
            config: Configuration of the client's experiment.
            own: Configuration of the server.

        Raises:
            NotAllowed: A name is not in the server's allow-lists.
        """

    def describe_policy(
        self,
        config: "ExperimentConfig",  # noqa: ARG002 - for subclasses
        scenario: "Scenario",  # noqa: ARG002
    ) -> "tuple[GenomeSpace, Provenance]":
        """Return genes and provenance of a custom or remote policy. Required if `isolates_policies`."""
        raise ConfigError(f"backend {self.name} isolates policies and must implement describe_policy")

    def health(self) -> Iterator[Finding]:
        """Yield findings about this machine for `clau-doom doctor`."""
        yield from ()


def provider_of(config: "ExperimentConfig") -> BackendProvider:
    """Return the provider of a configuration's backend."""
    return _provider(config.selected_backend)


def providers() -> tuple[BackendProvider, ...]:
    """Return the providers of all registered backends."""
    return tuple(_provider(backend) for backend in registered_backends())


def _provider(backend: BackendDescription) -> BackendProvider:
    if not isinstance(backend, BackendProvider):
        raise ConfigError(f"backend {backend.name} cannot be created: subclass BackendProvider")
    return backend
