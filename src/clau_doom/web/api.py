"""JSON API of the dashboard, which passes requests to the orchestrator."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from types import MappingProxyType
from typing import Any

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from clau_doom.config import config_from_yaml
from clau_doom.domain import GenomeSpace, experiment_of_player, parse_agent_id
from clau_doom.domain.agent_commands import AgentAction, AgentCommand
from clau_doom.domain.event_declaration import agent_of, declaration_of, summary_of
from clau_doom.domain.events import RecordedEvent
from clau_doom.errors import AgentNotFound, ClauDoomError, InvalidMessage
from clau_doom.escaping import printable_message
from clau_doom.orchestration import ReaderHealth, ShieldedTasks
from clau_doom.ports import Orchestrator, StoredExperiment
from clau_doom.web.artifact_builder_interface import ArtifactStore
from clau_doom.web.error_responses import error_json
from clau_doom.web.frame_stream import LiveView
from clau_doom.web.request_parsing import (
    optional_count,
    parse_count,
    parse_purpose,
    read_fields,
    read_text,
    wants_fresh,
)
from clau_doom.web.serializers import agent_view, experiment_row, experiment_view, genes_view, map_view, population_view
from clau_doom.web.throttled_cache import ThrottledCache

__all__ = ["Api"]

_MOST_CACHED = 64
_PING = 15
_MOST_REPORTED = 6
# A report contains its style, and neither runs scripts nor fetches anything.
_REPORTS_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'self'"
)
_ACTIONS: Mapping[str, AgentAction] = MappingProxyType(
    {action.value: action for action in AgentAction if action is not AgentAction.INSPECT}
)


class Api:
    """Routes below ``/api``."""

    def __init__(
        self,
        orchestrator: Orchestrator,
        *,
        artifacts: ArtifactStore,
        shielded: ShieldedTasks,
        readers: ReaderHealth | None = None,
        streaming: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Serve an orchestrator.

        Args:
            orchestrator: The orchestrator of the experiments.
            artifacts: Creates maps, reports and films.
            shielded: Completes a change even if the browser disconnects.
            readers: Counts failures of streams of events.
            streaming: Context that is active while a browser receives events.
        """
        self._orchestrator = orchestrator
        self._readers = readers or ReaderHealth()
        self._streaming = streaming
        self._artifacts = artifacts
        self._run_shielded = shielded.run
        self._reports: OrderedDict[tuple[tuple[str, int], ...], str] = OrderedDict()
        self._reporting = asyncio.Lock()
        self._checking = asyncio.Lock()
        self._live_view = LiveView(orchestrator.glimpses)
        self._all = ThrottledCache(orchestrator.listing)
        self._caches: OrderedDict[str, ThrottledCache[StoredExperiment]] = OrderedDict()
        self._spaces: OrderedDict[str, GenomeSpace | None] = OrderedDict()

    @property
    def routes(self) -> list[Route]:
        """The routes."""
        one = "/experiments/{experiment}"
        return [
            Route("/experiments", self._list, methods=["GET"]),
            Route("/experiments", self._start, methods=["POST"]),
            Route("/check", self._check, methods=["POST"]),
            Route(one, self._show, methods=["GET"]),
            Route(one + "/population", self._population, methods=["GET"]),
            Route(one + "/genes", self._genes, methods=["GET"]),
            Route(one + "/map", self._map, methods=["GET"]),
            Route(one + "/events", self._events, methods=["GET"]),
            *(
                Route(f"{one}/{verb}", partial(self._control_experiment, verb), methods=["POST"])
                for verb in self._verbs
            ),
            Route("/agents/{agent}", self._agent, methods=["GET"]),
            Route("/agents/{agent}/films", self._make_film, methods=["POST"]),
            Route("/agents/{agent}/films", self._film_progress, methods=["GET"]),
            Route("/report", self._report, methods=["GET"]),
            Route("/arena", self._stream_frames, methods=["GET"]),
            Route("/films/{key}", self._film, methods=["GET"]),
            *(
                Route(f"/agents/{{agent}}/{verb}", partial(self._control_agent, verb), methods=["POST"])
                for verb in _ACTIONS
            ),
        ]

    @property
    def _verbs(self) -> Mapping[str, Callable[[str], Coroutine[Any, Any, StoredExperiment]]]:
        orchestrator = self._orchestrator
        return {"pause": orchestrator.pause, "resume": orchestrator.resume, "cancel": orchestrator.cancel}

    async def _list(self, request: Request) -> Response:
        stored, unreadable = await self._all.get(fresh=wants_fresh(request))
        live = self._orchestrator.live
        rows = await asyncio.to_thread(
            lambda: [experiment_row(each, here=each.snapshot.experiment.id in live) for each in stored]
        )
        rows.sort(key=lambda row: row["last_activity"], reverse=True)
        broken = [{"id": name, "reason": printable_message(reason)} for name, reason in unreadable]
        return JSONResponse({"experiments": rows, "unreadable": broken, "draining": self._orchestrator.draining})

    async def _start(self, request: Request) -> Response:
        # Parsing on the event loop would block other requests.
        config = await asyncio.to_thread(config_from_yaml, await read_text(request), name="the configuration")
        stored, created = await self._run_shielded(
            self._orchestrator.start(config, request_id=request.headers.get("x-request-id", "")[:64])
        )
        return JSONResponse({"id": stored.snapshot.experiment.id, "created": created}, status_code=201)

    async def _check(self, request: Request) -> Response:
        """Return the problems of a configuration, as a start would; nothing is stored."""
        text = await read_text(request)
        try:
            async with self._checking:  # one check at a time, because each uses a CPU core
                config = await asyncio.to_thread(config_from_yaml, text, name="the configuration")
                await self._orchestrator.check(config)
        except ClauDoomError as error:
            return JSONResponse({"error": error_json(error)})
        return JSONResponse({"error": None})

    async def _show(self, request: Request) -> Response:
        stored = await self._stored(request)
        fitness, here = self._artifacts.fitness(stored.config), self._runs_here(stored)
        return JSONResponse(await asyncio.to_thread(experiment_view, stored, fitness, here=here))

    def _runs_here(self, stored: StoredExperiment) -> bool:
        """Return whether this process runs an experiment."""
        return stored.snapshot.experiment.id in self._orchestrator.live

    async def _population(self, request: Request) -> Response:
        stored = await self._stored(request)
        generation = optional_count(request, "generation")
        space = await self._space(stored)
        return JSONResponse(await asyncio.to_thread(population_view, stored, space, generation))

    async def _genes(self, request: Request) -> Response:
        stored = await self._stored(request)
        return JSONResponse(await asyncio.to_thread(genes_view, stored, await self._space(stored)))

    async def _map(self, request: Request) -> Response:
        stored = await self._stored(request)
        space = await self._space(stored)
        found = await asyncio.to_thread(self._artifacts.elites, stored, space) if space else None
        return JSONResponse(map_view(stored, found))

    async def _make_film(self, request: Request) -> Response:
        """Film an episode; respond when the film is complete."""
        agent, fields = request.path_params["agent"], await read_fields(request)
        stored = await self._read(experiment_of_player(agent))
        # A user who may not import a policy here may not film it either.
        await asyncio.to_thread(self._orchestrator.space, stored.config)
        purpose, number = parse_purpose(fields.get("purpose")), parse_count(str(fields.get("number")), "number")
        key = await self._artifacts.film(stored.snapshot.experiment.uuid, agent, purpose, number)
        return JSONResponse({"film": f"/api/films/{key}"}, status_code=201)

    async def _film_progress(self, request: Request) -> Response:
        """Return the progress of a film, or null if the film is not being made."""
        agent, query = request.path_params["agent"], request.query_params
        stored = await self._read(experiment_of_player(agent))
        purpose, number = parse_purpose(query.get("purpose")), parse_count(query.get("number", ""), "number")
        found = self._artifacts.film_progress(stored.snapshot.experiment.uuid, agent, purpose, number)
        return JSONResponse({"stage": found.stage, "share": found.share} if found else None)

    async def _film(self, request: Request) -> Response:
        path = self._artifacts.find_film(request.path_params["key"])
        if path is None:
            raise AgentNotFound("film not found: it may have expired; make it again")
        return FileResponse(path, media_type="video/mp4")

    async def _agent(self, request: Request) -> Response:
        agent = request.path_params["agent"]
        stored = await self._read(parse_agent_id(agent)[0], fresh=wants_fresh(request))
        evaluation = stored.snapshot.find(agent)
        space = await self._space(stored)
        fitness, here = self._artifacts.fitness(stored.config), self._runs_here(stored)
        return JSONResponse(await asyncio.to_thread(agent_view, stored, evaluation, space, fitness, here=here))

    async def _control_experiment(self, verb: str, request: Request) -> Response:
        stored = await self._run_shielded(self._verbs[verb](request.path_params["experiment"]))
        return JSONResponse({"id": stored.snapshot.experiment.id, "state": stored.state.value})

    async def _control_agent(self, verb: str, request: Request) -> Response:
        agent = request.path_params["agent"]
        parse_agent_id(agent)
        done = await self._run_shielded(self._orchestrator.control(AgentCommand(action=_ACTIONS[verb], agent=agent)))
        status = done.evaluation.status.value if done.evaluation else None
        return JSONResponse({"id": agent, "status": status, "paused": done.paused})

    async def _events(self, request: Request) -> Response:
        """Stream events after a sequence, which a reconnecting browser sends as its last event id."""
        experiment = request.path_params["experiment"]
        await self._read(experiment)  # an unknown experiment gets an error response instead of a stream
        after = parse_count(request.headers.get("last-event-id") or request.query_params.get("after") or "0", "after")
        return EventSourceResponse(self._stream(experiment, after), ping=_PING, headers={"cache-control": "no-store"})

    async def _stream(self, experiment: str, after: int) -> AsyncGenerator[ServerSentEvent, None]:
        events = self._orchestrator.events(experiment, after)
        try:
            with self._streaming():
                async for recorded in events:
                    yield ServerSentEvent(_json(experiment, recorded), event="happened", id=str(recorded.sequence))
        except Exception as error:  # the browser reconnects by itself, with its last event id
            self._readers.failed("dashboard", experiment, error)
            return
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()
        yield ServerSentEvent("{}", event="over")

    async def _report(self, request: Request) -> Response:
        """Return the report of the experiments in ``ids``, as a self-contained page."""
        names = [name for name in request.query_params.get("ids", "").split(",") if name]
        if not 0 < len(names) <= _MOST_REPORTED:
            raise InvalidMessage(f"ids names {len(names)} experiments: use 1 to {_MOST_REPORTED}, separated by commas")
        stored = [await self._read(name) for name in dict.fromkeys(names)]
        text = await self._reported(stored)
        return HTMLResponse(text, headers={"content-security-policy": _REPORTS_POLICY})

    async def _reported(self, stored: Sequence[StoredExperiment]) -> str:
        key = tuple((each.snapshot.experiment.uuid, each.snapshot.last_sequence) for each in stored)
        async with self._reporting:  # one report at a time, because each uses a CPU core
            if key not in self._reports:
                space = await self._space(stored[0]) if len(stored) == 1 else None
                self._reports[key] = await asyncio.to_thread(self._artifacts.report, stored, space)
                while len(self._reports) > _MOST_REPORTED:
                    self._reports.popitem(last=False)
            return self._reports[key]

    async def _stream_frames(self, _request: Request) -> Response:
        """Stream the frames of the running agents."""
        return EventSourceResponse(self._frame_events(), ping=_PING, headers={"cache-control": "no-store"})

    async def _frame_events(self) -> AsyncGenerator[ServerSentEvent, None]:
        async for seen in self._live_view.stream():
            yield ServerSentEvent(json.dumps(seen, separators=(",", ":")), event="seen")

    async def _stored(self, request: Request) -> StoredExperiment:
        return await self._read(request.path_params["experiment"], fresh=wants_fresh(request))

    async def _read(self, experiment: str, *, fresh: bool = False) -> StoredExperiment:
        cache = self._caches.get(experiment)
        if cache is None:
            await self._orchestrator.experiment(experiment)  # only existing experiments get a cache entry
            cache = self._caches[experiment] = ThrottledCache(partial(self._orchestrator.experiment, experiment))
            while len(self._caches) > _MOST_CACHED:
                self._caches.popitem(last=False)
        self._caches.move_to_end(experiment)
        return await cache.get(fresh=fresh)

    async def _space(self, stored: StoredExperiment) -> GenomeSpace | None:
        """Return the gene space, or None if its policy is not available here."""
        if stored.space is not None:
            return stored.space
        uuid = stored.snapshot.experiment.uuid
        if uuid not in self._spaces:
            try:
                space = await asyncio.to_thread(self._orchestrator.space, stored.config)
            except ClauDoomError:
                return None
            self._spaces[uuid] = space
            while len(self._spaces) > _MOST_CACHED:
                self._spaces.popitem(last=False)
        return self._spaces[uuid]


def _json(experiment: str, recorded: RecordedEvent) -> str:
    """Return an event for the dashboard, without its contents."""
    declaration = declaration_of(recorded.event)
    return json.dumps(
        {
            "sequence": recorded.sequence,
            "time": recorded.time,
            "kind": declaration.code,
            "severity": declaration.severity.value,
            "text": printable_message(summary_of(recorded.event)),
            "agent": agent_of(experiment, recorded.event),
        },
        allow_nan=False,
    )
