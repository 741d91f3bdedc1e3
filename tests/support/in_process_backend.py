"""Backend from outside the package, which plays scripted episodes in this process."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import Field

from clau_doom.backends.provider import BackendContext, BackendProvider
from clau_doom.config import BackendSection, ExperimentConfig, register_backend, unregister_backend
from clau_doom.errors import ConfigError, PolicyFailed
from clau_doom.health_finding import Finding, HealthStatus
from clau_doom.policies import make_policy
from clau_doom.ports import EpisodeTask
from clau_doom.testing import ScriptedBackend

__all__ = ["InProcessBackend", "InProcessConfig", "InProcessProvider", "registered_in_process_backend"]


class InProcessConfig(BackendSection):
    """In-process backend: scripted episodes without engines."""

    slots: int = Field(default=2, ge=1, le=64, description="Episodes at once.")
    seconds: float = Field(default=0.0, ge=0.0, description="Wall-clock seconds of an episode.")
    labels: dict[str, str] = Field(default={}, description="Labels of the run.")


class InProcessBackend(ScriptedBackend):
    """Plays scripted episodes, and refuses genomes of another policy."""

    def __init__(self, genes: int, config: InProcessConfig) -> None:
        super().__init__(slots=config.slots, disturb=self._play)
        self._genes = genes
        self._seconds = config.seconds

    async def _play(self, task: EpisodeTask) -> None:
        if len(task.genome.values) != self._genes:
            raise PolicyFailed(f"the policy has {self._genes} genes, and the genome {len(task.genome.values)}")
        await asyncio.sleep(self._seconds)


class InProcessProvider(BackendProvider):
    """Provider of the in-process backend."""

    name = "inprocess"
    section = InProcessConfig
    server_fields = frozenset({"labels"})

    def check(self, config: ExperimentConfig) -> None:
        """Refuse workers, because episodes are played in this process."""
        if config.execution.workers:
            raise ConfigError("execution.workers: backend inprocess has no workers: use 0")

    def create(self, context: BackendContext) -> InProcessBackend:
        """Return an in-process backend."""
        policy = make_policy(context.config.policy, context.scenario.facts)
        return InProcessBackend(len(policy.space), context.config.section_of(InProcessConfig))

    def health(self) -> Iterator[Finding]:
        """Yield one finding."""
        yield Finding(name="in-process backend", verdict=HealthStatus.FINE, found="no requirements")


@contextmanager
def registered_in_process_backend() -> Iterator[InProcessProvider]:
    """Register the backend while the context lasts."""
    provider = InProcessProvider()
    register_backend(provider)
    try:
        yield provider
    finally:
        unregister_backend(provider.name)
