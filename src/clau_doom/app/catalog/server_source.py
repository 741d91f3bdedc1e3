"""Source of experiments that another process runs, read through its gRPC API."""

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from pathlib import Path

from clau_doom.app.catalog.experiment_outline import ExperimentOutline, outline_of
from clau_doom.app.catalog.folder_source import LIVE, ExperimentOverview, RemoteServer
from clau_doom.app.catalog.stored_experiments import checked_space
from clau_doom.config import ExperimentConfig, config_from_yaml
from clau_doom.domain import check_experiment_id
from clau_doom.domain.events import RecordedEvent
from clau_doom.domain.experiment_projection import ExperimentProjection
from clau_doom.errors import WrongState
from clau_doom.ports import StoredExperiment
from clau_doom.rpc import RpcClient, connect
from clau_doom.storage import ExperimentFolders, PlayedEpisodes
from clau_doom.wire import EXPERIMENT_STATES, budget_from, reader_failures

__all__ = ["ServerSource", "reach", "reach_run"]

_AGAIN = 0.5
"""Seconds between two polls of an experiment that is not running."""


class ServerSource:
    """Experiments of a server, read through an open client.

    Attributes:
        remote: Connection settings of the server, for other processes; None if they are not known.
        output_dir: Local folder that may contain the server's token, and that files of trackers are written to.
    """

    def __init__(self, client: RpcClient, *, remote: RemoteServer | None = None, output_dir: Path = Path()) -> None:
        self._client = client
        self.remote = remote
        self.output_dir = output_dir

    async def is_live(self, experiment: str) -> bool:
        """Return whether the log of an experiment may still grow.

        Raises:
            ExperimentNotFound: The server does not have the experiment.
        """
        state = (await self._client.experiment(check_experiment_id(experiment))).state
        return EXPERIMENT_STATES.received(state) in LIVE

    async def overviews(self) -> tuple[list[ExperimentOverview], list[tuple[str, str]]]:
        """Return overviews of the experiments, and the experiments that the server cannot read."""
        found = [
            ExperimentOverview(
                id=message.id,
                state=EXPERIMENT_STATES.received(message.state),
                reason=message.reason or None,
                scenario=message.scenario,
                generations_finished=message.generations_finished,
                budget=budget_from(message)[0],
                spent=budget_from(message)[1],
                population=message.population,
                best_fitness=message.best_fitness if message.HasField("best_fitness") else None,
                running_seconds=message.running_seconds,
                last_activity=message.last_activity.ToNanoseconds() / 1e9,
                reader_failures=reader_failures(message),
            )
            for message in await self._client.experiments()
        ]
        return found, [*await self._client.unreadable()]

    async def outline(self, experiment: str) -> ExperimentOutline:
        """Return the current state of an experiment with the outline of its configuration."""
        return outline_of(await self.experiment(experiment, measured=False))

    async def experiment(self, experiment: str, *, measured: bool = True) -> StoredExperiment:  # noqa: ARG002 - the log has them
        """Return the current state of an experiment, rebuilt from its log."""
        message = await self._client.experiment(check_experiment_id(experiment))
        projection = ExperimentProjection()
        async for recorded in self._up_to(experiment, 0, message.last_sequence):
            projection.apply(recorded.event)
        name = f"the configuration of {experiment}"
        snapshot, genes = projection.snapshot(running_seconds=message.running_seconds), message.gene_space_json
        return StoredExperiment(
            snapshot=snapshot,
            config=await asyncio.to_thread(config_from_yaml, message.config_yaml, name=name),
            state=EXPERIMENT_STATES.received(message.state),
            last_activity=message.last_activity.ToNanoseconds() / 1e9,
            reader_failures=reader_failures(message),
            space=checked_space(genes, snapshot, f"the server's answer about {experiment}") if genes else None,
        )

    async def episodes(self, experiment: str) -> tuple[PlayedEpisodes, ExperimentConfig]:
        """Return all episodes of an experiment with its configuration."""
        stored = await self.experiment(experiment)
        return PlayedEpisodes.of(stored.snapshot), stored.config

    async def revision(self, experiment: str) -> object:
        """Return the last sequence of the log with state and failures of log readers."""
        message = await self._client.experiment(check_experiment_id(experiment))
        return message.uuid, message.last_sequence, message.state, reader_failures(message)

    async def events(self, experiment: str, after: int, *, follow: bool) -> AsyncGenerator[RecordedEvent, None]:
        """Yield the events of an experiment after a sequence. With `follow`, wait for more events while it runs."""
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
            # A restarted server may have ended the stream before it resumed the experiment.
            if not await self.is_live(experiment):
                return
            await asyncio.sleep(_AGAIN)

    async def _up_to(self, experiment: str, after: int, last: int) -> AsyncGenerator[RecordedEvent, None]:
        """Yield the events from `after` (exclusive) to `last` (inclusive). The log contains them already."""
        if after >= last:
            return
        async with aclosing(self._client.follow(experiment, after)) as log:
            async for recorded in log:
                yield recorded
                if recorded.sequence >= last:
                    return


def reach(
    remote: RemoteServer, output_dir: Path, *, note: str = "", environ: Mapping[str, str] = os.environ
) -> AbstractAsyncContextManager[RpcClient]:
    """Open a client of a server. The token is also searched in the default place of a server of `output_dir`."""
    return connect(
        remote.address,
        token_file=remote.token_file,
        default_token_file=ExperimentFolders(output_dir).token_file,
        ca=remote.ca,
        certificate=remote.certificate,
        key=remote.key,
        note=note,
        environ=environ,
    )


def reach_run(experiment: str, output_dir: Path, *, note: str = "") -> AbstractAsyncContextManager[RpcClient]:
    """Open a client of the process that runs a single experiment of a folder.

    Raises:
        ExperimentNotFound: The experiment does not exist.
        WrongState: The experiment is not run by a process that accepts commands.
    """
    folder = ExperimentFolders(output_dir).open(experiment)
    if folder.holder() is None or not folder.socket.exists():
        raise WrongState(
            f"experiment {experiment} is not run by a process on this machine that accepts commands: "
            "use --server, or start it with clau-doom run"
        )
    return connect(f"unix:{folder.socket.absolute()}", note=note)
