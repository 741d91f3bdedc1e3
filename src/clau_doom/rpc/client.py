"""Client of the service, for the command line and for Python programs, which restores the server's errors."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import grpc

from clau_doom.access.caller import NOTE_HEADER
from clau_doom.backoff import Backoff
from clau_doom.domain.agent_commands import UNCHANGED, BudgetChange, Command
from clau_doom.domain.events import RecordedEvent
from clau_doom.domain.experiment import ExperimentState
from clau_doom.errors import ClauDoomError, ConfigError, NotAuthenticated, ServerUnreachable
from clau_doom.parameter_names import parameter
from clau_doom.protos.claudoom.orchestrator.v1 import config_pb2, orchestrator_pb2_grpc, resources_pb2
from clau_doom.protos.claudoom.orchestrator.v1 import orchestrator_pb2 as pb
from clau_doom.rpc.channel import TOKEN_VARIABLE, dial, find_token, is_plain
from clau_doom.rpc.errors import DETAILS, error_of_reason, error_of_status
from clau_doom.rpc.tls_diagnosis import TlsFiles, explain
from clau_doom.wire import EXPERIMENT_STATES, command_message, recorded_event

__all__ = ["RpcClient", "connect"]

_ANSWER = 30.0
"""Timeout of a call in seconds, including the start of an experiment, excluding streams."""

_LARGEST_PAGE = 1000

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 3.0
"""Seconds before the first retry to reach a server after a lost connection, and the maximum."""

_GONE = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED, grpc.StatusCode.CANCELLED})
"""Statuses after which a stream can be resumed: the server is unreachable, or the client was too slow."""

ResultT = TypeVar("ResultT")


@asynccontextmanager
async def connect(
    address: str,
    *,
    token_file: Path | None = None,
    default_token_file: Path | None = None,
    ca: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
    note: str = "",
    environ: Mapping[str, str] = os.environ,
) -> AsyncIterator["RpcClient"]:
    """Yield a client of the server at an address; the first call opens the connection.

    Args:
        address: ``host:port``, or ``unix:PATH``. A host beyond loopback requires TLS.
        token_file: The file with the server's token; default: the variable CLAU_DOOM_TOKEN.
        default_token_file: The file to read if neither is given; the file may be missing.
        ca: The authority that signed the server's certificate (PEM). If given, TLS is used for any host.
        certificate: A client certificate, for a server that requires one (PEM).
        key: The key of the client certificate (PEM).
        note: The reason for changes, for the server's audit log.
        environ: The environment.

    Raises:
        ConfigError: The address or a file cannot be used.
    """
    token = find_token(address, token_file, default_token_file, environ)
    files = TlsFiles(ca=ca, certificate=certificate, key=key)
    async with dial(address, files) as channel:
        yield RpcClient(channel, address, token, files, note=note)


class RpcClient:
    """Calls one server; created by `connect`. Every method raises the server's error, or `ServerUnreachable`."""

    def __init__(
        self, channel: grpc.aio.Channel, address: str, token: str | None, files: TlsFiles, *, note: str = ""
    ) -> None:
        """Use an open channel."""
        self._address = address
        self._files = files
        self._has_token = token is not None
        shown = {"authorization": f"Bearer {token}" if token else "", NOTE_HEADER: quote(note)}
        self._metadata = tuple((name, value) for name, value in shown.items() if value)
        self._stub: Any = orchestrator_pb2_grpc.OrchestratorServiceStub(channel)

    async def start(
        self, config: str | config_pb2.ExperimentConfig, *, request_id: str = ""
    ) -> tuple[resources_pb2.Experiment, bool]:
        """Start an experiment from a configuration, as text or fields; return it, and whether it is new."""
        request = pb.StartExperimentRequest(request_id=request_id)
        if isinstance(config, str):
            request.config_yaml = config
        else:
            request.config.CopyFrom(config)
        response = await self._call(self._stub.StartExperiment, request)
        return response.experiment, response.created

    async def check(self, config: str) -> int:
        """Return the number of genes of a new experiment if it could be started; raises as `start` does."""
        request = pb.StartExperimentRequest(config_yaml=config, validate_only=True)
        return int((await self._call(self._stub.StartExperiment, request)).genes)

    async def unreadable(self) -> Sequence[tuple[str, str]]:
        """Return the id and the reason of each stored experiment that cannot be read."""
        response = await self._call(self._stub.ListExperiments, pb.ListExperimentsRequest(page_size=1))
        return [(each.id, each.reason) for each in response.unreadable]

    async def experiment(self, experiment: str) -> resources_pb2.Experiment:
        """Return an experiment."""
        return await self._call(self._stub.GetExperiment, pb.GetExperimentRequest(experiment_id=experiment))

    async def experiments(self, *states: ExperimentState) -> Sequence[resources_pb2.Experiment]:
        """Return all experiments by id, or those in some states."""
        request = pb.ListExperimentsRequest(
            states=[EXPERIMENT_STATES.sent(state) for state in states], page_size=_LARGEST_PAGE
        )
        return await self._pages(self._stub.ListExperiments, request, lambda response: response.experiments)

    async def pause(self, experiment: str) -> resources_pb2.Experiment:
        """Pause an experiment."""
        return await self._call(self._stub.PauseExperiment, pb.PauseExperimentRequest(experiment_id=experiment))

    async def resume(
        self, experiment: str, change: BudgetChange = UNCHANGED, *, validate_only: bool = False
    ) -> resources_pb2.Experiment:
        """Resume an experiment, optionally with a new budget; return its state after the resumption.

        With `validate_only`, only check that the experiment could be resumed.
        """
        try:
            request = pb.ResumeExperimentRequest(
                experiment_id=experiment,
                generations=change.generations,
                max_duration=change.max_duration,
                budget_episodes=change.episodes,
                budget_tics=change.tics,
                validate_only=validate_only,
            )
        except ValueError:
            given = (f"{name} {value}" for name, value in change.overrides.items() if isinstance(value, int))
            raise ConfigError(f"{', '.join(given)} is out of range: use a smaller number") from None
        return await self._call(self._stub.ResumeExperiment, request)

    async def cancel(self, experiment: str) -> resources_pb2.Experiment:
        """Cancel an experiment permanently."""
        return await self._call(self._stub.CancelExperiment, pb.CancelExperimentRequest(experiment_id=experiment))

    async def generation(self, experiment: str, generation: int | None = None) -> resources_pb2.GenerationStatus:
        """Return the state of a generation; None: the current one, or the last."""
        request = pb.GetGenerationStatusRequest(experiment_id=experiment, generation=generation)
        return await self._call(self._stub.GetGenerationStatus, request)

    async def agent(self, agent: str) -> resources_pb2.Agent:
        """Return an agent with its genome, lineage and episodes."""
        return await self._call(self._stub.GetAgent, pb.GetAgentRequest(agent_id=agent))

    async def agents(self, experiment: str, generation: int | None = None) -> Sequence[resources_pb2.Agent]:
        """Return the agents of an experiment or of one generation."""
        request = pb.ListAgentsRequest(experiment_id=experiment, generation=generation, page_size=_LARGEST_PAGE)
        return await self._pages(self._stub.ListAgents, request, lambda response: response.agents)

    async def control(self, command: Command) -> pb.CommandDone:
        """Carry out a command; return its result once the change is committed."""
        requests = [command_message("1", command)]
        call = self._stub.ControlAgent(iter(requests), metadata=self._metadata, timeout=_ANSWER)
        try:
            response: pb.AgentResponse = await self._answered(_only(call))
        finally:
            call.cancel()
        if response.HasField("refused"):
            refused = response.refused
            raise error_of_reason(refused.reason, refused.code, refused.message)
        return response.done

    async def follow(
        self, experiment: str, after: int = 0, *, patience: float = 60.0
    ) -> AsyncGenerator[RecordedEvent, None]:
        """Yield an experiment's events after a sequence, until its run has ended.

        A lost connection is restored, without missing or repeated events.

        Args:
            experiment: The experiment's id.
            after: The sequence of the last known event; 0: from the beginning.
            patience: Maximum seconds of waiting for the server after a lost connection.
        """
        reached, backoff = False, Backoff(_SHORTEST_PAUSE, _LONGEST_PAUSE)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        while True:
            request = pb.StreamEventsRequest(experiment_id=experiment, after_sequence=after)
            call = self._stub.StreamEvents(request, metadata=self._metadata)
            try:
                async for message in call:
                    _, recorded = recorded_event(message)
                    after, reached = recorded.sequence, True
                    backoff.reset()
                    yield recorded
                    deadline = loop.time() + patience
            except grpc.aio.AioRpcError as error:
                pause = backoff.next_delay()
                if error.code() not in _GONE or not reached or loop.time() + pause > deadline:
                    raise await self._error(error) from None
            else:
                return
            finally:
                call.cancel()
            await asyncio.sleep(pause)

    async def _call(self, method: Callable[..., Awaitable[ResultT]], request: object) -> ResultT:
        try:
            call = method(request, metadata=self._metadata, timeout=_ANSWER)
        except grpc.aio.UsageError as error:
            raise ServerUnreachable(f"the connection to {self._address} was closed: connect again") from error
        return await self._answered(call)

    async def _pages(
        self,
        method: Callable[..., Awaitable[Any]],
        request: Any,
        items: Callable[[Any], Sequence[ResultT]],
    ) -> Sequence[ResultT]:
        found: list[ResultT] = []
        while True:
            response = await self._call(method, request)
            found.extend(items(response))
            if not response.next_page_token:
                return found
            request.page_token = response.next_page_token

    async def _answered(self, answer: Awaitable[ResultT]) -> ResultT:
        try:
            return await answer
        except grpc.aio.AioRpcError as error:
            raise await self._error(error) from None

    async def _error(self, error: grpc.aio.AioRpcError) -> ClauDoomError:
        details = next((value for key, value in error.trailing_metadata() or () if key == DETAILS), None)
        text = error.details() or error.code().name
        if details is None and error.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
            if (cause := await self._tls_fault()) is not None:
                return cause
            reason = text.rpartition("Failed to connect to remote host: ")[2] or text
            return ServerUnreachable(f"no server responds at {self._address}: {' '.join(reason.split())}")
        found = error_of_status(error.code().value[0], text, details if isinstance(details, bytes) else None)
        if isinstance(found, NotAuthenticated) and not self._has_token:
            return NotAuthenticated(
                f"the server at {self._address} requires a token: give {parameter('token_file', metavar='FILE')}, or "
                f"set {TOKEN_VARIABLE}"
            )
        return found

    async def _tls_fault(self) -> ClauDoomError | None:
        """Return the TLS error that prevents the connection, or None."""
        if self._address.startswith("unix:"):
            return None
        plain = is_plain(self._address, self._files)
        return await asyncio.to_thread(explain, self._address, self._files, plain=plain)


async def _only(call: AsyncIterator[ResultT]) -> ResultT:
    async for response in call:
        return response
    raise ServerUnreachable("the server ended a stream without a response")
