"""Run of an experiment at a server: start, resume or follow it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from clau_doom.app.catalog.folder_source import LIVE, RemoteServer
from clau_doom.app.catalog.server_source import ServerSource, reach
from clau_doom.config import ExperimentConfig, config_from_yaml, to_yaml
from clau_doom.domain.agent_commands import BUDGET_CHANGED, UNCHANGED, BudgetChange
from clau_doom.domain.events import ExperimentInterrupted, RecordedEvent
from clau_doom.domain.experiment import ExperimentState
from clau_doom.errors import ServerUnreachable
from clau_doom.ports import StoredExperiment
from clau_doom.rpc import RpcClient
from clau_doom.wire import EXPERIMENT_STATES

__all__ = ["CheckedRequest", "RemoteRun", "RunRequest", "check_request", "open_remote_run"]

_TRIES = 3
_BUDGET_TRIES, _BUDGET_PAUSE = 60, 0.5
"""Number of checks, and seconds between them, for a run that the server restarts to change its budget."""


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """Request to a server.

    Attributes:
        name: Id of the experiment.
        config: Configuration to start, or None for an experiment that the server has.
        resume: Whether to resume the experiment. Otherwise it is only followed.
        change: New budget.
    """

    name: str
    config: ExperimentConfig | None = None
    resume: bool = False
    change: BudgetChange = UNCHANGED

    @property
    def only_follows(self) -> bool:
        """Whether the request changes nothing at the server."""
        return self.config is None and not self.resume


@dataclass(frozen=True, kw_only=True)
class CheckedRequest:
    """Result of the check of a request.

    Attributes:
        config: Configuration of the run.
        genes: Number of genes of a new experiment's policy, or None for a stored experiment.
        state: State of a stored experiment, or None for a new one.
        generations_finished: Number of finished generations.
    """

    config: ExperimentConfig
    genes: int | None = None
    state: ExperimentState | None = None
    generations_finished: int = 0


async def check_request(remote: RemoteServer, output_dir: Path, request: RunRequest) -> CheckedRequest:
    """Check at a server that an experiment could be started or resumed.

    Args:
        remote: The server.
        output_dir: Folder that may contain the server's token.
        request: The request.
    """
    async with reach(remote, output_dir) as client:
        if request.config is not None:
            genes = await client.check(to_yaml(request.config.without_services()))
            return CheckedRequest(config=request.config, genes=genes)
        answer = await client.resume(request.name, request.change, validate_only=True)
    overrides = request.change.overrides
    return CheckedRequest(
        config=await asyncio.to_thread(config_from_yaml, answer.config_yaml, name=request.name, overrides=overrides),
        state=EXPERIMENT_STATES.received(answer.state),
        generations_finished=answer.generations_finished,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class RemoteRun:
    """Experiment at a server, which was started, is resumed or is followed.

    Attributes:
        config: Configuration of the run.
        before: The experiment before the request, or None for a new one.
        source: Experiments of the server.
    """

    config: ExperimentConfig
    before: StoredExperiment | None
    source: ServerSource

    def events(self, after: int) -> AsyncGenerator[RecordedEvent, None]:
        """Yield the events after a sequence until the run ends."""
        return self.source.events(self.config.name, after, follow=True)

    async def experiment(self) -> StoredExperiment:
        """Return the current state of the experiment."""
        return await self.source.experiment(self.config.name)

    async def after_interruption(self, last: ExperimentInterrupted) -> StoredExperiment | None:
        """Return the state after an interrupted run, or None if the server does not answer.

        A server interrupts a run to change its budget, and resumes it at once. This method waits for the resumption.
        """
        stored = None
        for _ in range(_BUDGET_TRIES if last.reason == BUDGET_CHANGED else 1):
            try:
                stored = await self.experiment()
            except ServerUnreachable:
                return None
            if stored.state in LIVE or stored.snapshot.reason != BUDGET_CHANGED:
                break
            await asyncio.sleep(_BUDGET_PAUSE)
        return stored


@asynccontextmanager
async def open_remote_run(remote: RemoteServer, output_dir: Path, request: RunRequest) -> AsyncIterator[RemoteRun]:
    """Connect to a server, and start, resume or follow an experiment. Leaving the context does not stop it.

    Args:
        remote: The server.
        output_dir: Folder that may contain the server's token.
        request: The request.
    """
    async with reach(remote, output_dir) as client:
        source = ServerSource(client)
        if request.config is not None:
            await _start(client, request.config)
            yield RemoteRun(config=request.config, before=None, source=source)
            return
        before = await source.experiment(request.name)
        config = before.config
        if request.resume:
            text = (await client.resume(request.name, request.change)).config_yaml
            config = await asyncio.to_thread(config_from_yaml, text, name=request.name)
        yield RemoteRun(config=config, before=before, source=source)


async def _start(client: RpcClient, config: ExperimentConfig) -> None:
    """Start an experiment. A request that may have been lost is repeated, but starts the experiment only once."""
    request_id, text = str(uuid4()), to_yaml(config.without_services())
    for number in range(_TRIES):
        try:
            await client.start(text, request_id=request_id)
        except ServerUnreachable:
            if number == _TRIES - 1:
                raise
        else:
            return
