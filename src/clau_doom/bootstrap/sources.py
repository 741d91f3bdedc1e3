"""Where experiments are looked up: the folder that keeps them, or the server that runs them."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from clau_doom.bootstrap.stored import list_experiments, read_experiment
from clau_doom.config import StoredExperiment, config_from_yaml
from clau_doom.domain import check_experiment_id
from clau_doom.domain.events import RecordedEvent
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.ledger import Ledger
from clau_doom.errors import ConfigError, StorageFailed, WrongState, describe
from clau_doom.rpc import RpcClient, connect
from clau_doom.storage import Runs
from clau_doom.wire import EXPERIMENT_STATES

__all__ = [
    "FolderSource",
    "Overview",
    "Remote",
    "ServerSource",
    "Source",
    "open_source",
    "overview_of",
    "reach",
    "reach_run",
]

_LIVE = {ExperimentState.RUNNING, ExperimentState.PAUSED}
_AGAIN = 0.5
"""Seconds until an experiment that is not run for the moment is looked at again."""


@dataclass(frozen=True, kw_only=True)
class Remote:
    """How a server is reached.

    Attributes:
        address: ``host:port`` or ``unix:PATH``.
        token_file: The file that holds its token, or None to find it.
        ca: The authority that signed its certificate (PEM), or None.
    """

    address: str
    token_file: Path | None = None
    ca: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Overview:
    """What a list of experiments says of one.

    Attributes:
        id: Its name.
        state: Where it stands.
        reason: Why it was interrupted or failed, or None.
        scenario: What it plays.
        generations_finished: How many are finished.
        generations_planned: How many it is to have.
        population: Agents in each generation.
        best_fitness: The best so far, or None.
        running_seconds: Time spent running, pauses left out.
        last_activity: When it last moved, in seconds since the epoch.
    """

    id: str
    state: ExperimentState
    reason: str | None
    scenario: str
    generations_finished: int
    generations_planned: int
    population: int
    best_fitness: float | None
    running_seconds: float
    last_activity: float


def overview_of(stored: StoredExperiment) -> Overview:
    """Return what a list says of a stored experiment."""
    snapshot, config = stored.snapshot, stored.config
    return Overview(
        id=snapshot.experiment.id,
        state=stored.state,
        reason=snapshot.reason,
        scenario=config.scenario.name,
        generations_finished=len(snapshot.summaries),
        generations_planned=config.generations,
        population=config.population,
        best_fitness=max((summary.best_fitness for summary in snapshot.summaries), default=None),
        running_seconds=snapshot.running_seconds,
        last_activity=stored.last_activity,
    )


class Source(Protocol):
    """Where experiments are looked up."""

    async def overviews(self) -> tuple[list[Overview], list[tuple[str, str]]]:
        """Return how the experiments stand, and the id of each that cannot be read with the reason."""
        ...

    async def experiment(self, experiment: str, *, measured: bool = True) -> StoredExperiment:
        """Return an experiment as it stands; without `measured`, what training episodes measured may be left out.

        Raises:
            ExperimentNotFound: There is none of that id.
        """
        ...

    def events(self, experiment: str, after: int, *, follow: bool) -> AsyncGenerator[RecordedEvent, None]:
        """Yield an experiment's events after a sequence; with `follow`, wait for more while it is run."""
        ...


class FolderSource:
    """The experiments in a folder."""

    def __init__(self, output_dir: Path) -> None:
        self._output_dir = output_dir

    async def overviews(self) -> tuple[list[Overview], list[tuple[str, str]]]:
        """Return how the experiments stand, and those that cannot be read."""
        found: list[Overview] = []
        broken: list[tuple[str, str]] = []
        for name in list_experiments(self._output_dir):
            try:
                found.append(overview_of(await read_experiment(self._output_dir, name, measured=False)))
            except (StorageFailed, ConfigError) as error:  # one that cannot be read must not hide the others
                broken.append((name, describe(error)))
        return found, broken

    async def experiment(self, experiment: str, *, measured: bool = True) -> StoredExperiment:
        """Return an experiment as it stands."""
        return await read_experiment(self._output_dir, experiment, measured=measured)

    async def events(self, experiment: str, after: int, *, follow: bool) -> AsyncGenerator[RecordedEvent, None]:
        """Yield an experiment's events after a sequence; with `follow`, those that another process adds."""
        live = (await read_experiment(self._output_dir, experiment, measured=False)).state in _LIVE
        async with Runs(self._output_dir).open(experiment).read() as store:
            async for recorded in store.events(after, follow=follow and live):
                yield recorded


class ServerSource:
    """The experiments of a server, through an open client."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client

    async def overviews(self) -> tuple[list[Overview], list[tuple[str, str]]]:
        """Return how the experiments stand; a server leaves out what it cannot read."""
        return [
            Overview(
                id=message.id,
                state=EXPERIMENT_STATES.received(message.state),
                reason=message.reason or None,
                scenario=message.scenario,
                generations_finished=message.generations_finished,
                generations_planned=message.generations_planned,
                population=message.population,
                best_fitness=message.best_fitness if message.HasField("best_fitness") else None,
                running_seconds=message.running_seconds,
                last_activity=message.last_activity.ToNanoseconds() / 1e9,
            )
            for message in await self._client.experiments()
        ], []

    async def experiment(self, experiment: str, *, measured: bool = True) -> StoredExperiment:  # noqa: ARG002 - the log has it
        """Return an experiment as it stands, read off its log."""
        message = await self._client.experiment(check_experiment_id(experiment))
        ledger = Ledger()
        async for recorded in self._up_to(experiment, 0, message.last_sequence):
            ledger.apply(recorded.event)
        return StoredExperiment(
            snapshot=ledger.snapshot(running_seconds=message.running_seconds),
            config=config_from_yaml(message.config_yaml, name=f"the configuration of {experiment}"),
            state=EXPERIMENT_STATES.received(message.state),
            last_activity=message.last_activity.ToNanoseconds() / 1e9,
        )

    async def events(self, experiment: str, after: int, *, follow: bool) -> AsyncGenerator[RecordedEvent, None]:
        """Yield an experiment's events after a sequence; with `follow`, wait for more while it is run."""
        last = (await self._client.experiment(check_experiment_id(experiment))).last_sequence
        if not follow:
            async for recorded in self._up_to(experiment, after, last):
                yield recorded
            return
        while True:
            async with aclosing(self._client.follow(experiment, after)) as log:
                async for recorded in log:
                    after = recorded.sequence
                    yield recorded
            # A server that was started again may have ended a stream before it went on with the experiment.
            state = EXPERIMENT_STATES.received((await self._client.experiment(experiment)).state)
            if state not in _LIVE:
                return
            await asyncio.sleep(_AGAIN)

    async def _up_to(self, experiment: str, after: int, last: int) -> AsyncGenerator[RecordedEvent, None]:
        """Yield the events after one sequence up to another, which the log has."""
        if after >= last:
            return
        async with aclosing(self._client.follow(experiment, after)) as log:
            async for recorded in log:
                yield recorded
                if recorded.sequence >= last:
                    return


def reach(
    remote: Remote, output_dir: Path, *, environ: Mapping[str, str] = os.environ
) -> AbstractAsyncContextManager[RpcClient]:
    """Return a client of a server; its token is looked for where the server of `output_dir` would keep it, too."""
    return connect(
        remote.address,
        token_file=remote.token_file,
        default_token_file=Runs(output_dir).token_file,
        ca=remote.ca,
        environ=environ,
    )


def reach_run(experiment: str, output_dir: Path) -> AbstractAsyncContextManager[RpcClient]:
    """Return a client of the process that runs an experiment of a folder by itself.

    Raises:
        ExperimentNotFound: There is no such experiment.
        WrongState: No process that can be steered runs it.
    """
    folder = Runs(output_dir).open(experiment)
    if folder.holder() is None or not folder.socket.exists():
        raise WrongState(
            f"experiment {experiment} is not run by a process that can be steered here: "
            "name its server with --server, or start it with clau-doom run"
        )
    return connect(f"unix:{folder.socket.absolute()}")


@asynccontextmanager
async def open_source(remote: Remote | None, output_dir: Path) -> AsyncIterator[Source]:
    """Yield where experiments are looked up: the server, where one is named, and else the folder."""
    if remote is None:
        yield FolderSource(output_dir)
        return
    async with reach(remote, output_dir) as client:
        yield ServerSource(client)
