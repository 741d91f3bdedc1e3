"""Mapping of errors to HTTP responses; unexpected errors are logged, and sent as an error id only."""

import secrets
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clau_doom import errors
from clau_doom.error_description import describe
from clau_doom.errors import ClauDoomError, ConfigError
from clau_doom.logs import get_logger

__all__ = ["ErrorResponses", "error_json"]

_STATUSES: Mapping[type[Exception], HTTPStatus] = MappingProxyType(
    {
        errors.AgentNotFound: HTTPStatus.NOT_FOUND,
        errors.ClusterRefused: HTTPStatus.CONFLICT,
        errors.ClusterUnreachable: HTTPStatus.SERVICE_UNAVAILABLE,
        errors.ConfigError: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.ContainerRefused: HTTPStatus.CONFLICT,
        errors.DiskFull: HTTPStatus.INSUFFICIENT_STORAGE,
        errors.DockerUnreachable: HTTPStatus.SERVICE_UNAVAILABLE,
        errors.ExperimentBusy: HTTPStatus.CONFLICT,
        errors.ExperimentDone: HTTPStatus.CONFLICT,
        errors.ExperimentExists: HTTPStatus.CONFLICT,
        errors.ExperimentNotFound: HTTPStatus.NOT_FOUND,
        errors.GenerationNotFound: HTTPStatus.NOT_FOUND,
        errors.InvalidMessage: HTTPStatus.BAD_REQUEST,
        errors.NotAllowed: HTTPStatus.FORBIDDEN,
        errors.ResumeRefused: HTTPStatus.CONFLICT,
        errors.ShutdownRequested: HTTPStatus.SERVICE_UNAVAILABLE,
        errors.WrongState: HTTPStatus.CONFLICT,
    }
)
_log = get_logger(__name__)


class ErrorResponses:
    """ASGI middleware that converts a handler's error to a response."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and respond to errors."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:  # disconnected during an upload: no client waits for a response
            _log.debug("client disconnected before its request was complete", path=scope["path"])
        except Exception as error:
            answer = _answer(error, scope["path"])
            if not begun:  # once a response has started, an error can only end it
                await answer(scope, receive, send)


def _answer(error: Exception, path: str) -> Response:
    """Return the response to an error; details of an unexpected error are only logged."""
    status = next((_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES), None)
    if status is None or not isinstance(error, ClauDoomError):
        error_id = secrets.token_hex(6)
        _log.error("request of a page failed", path=path, error_id=error_id, exc_info=error)
        message = f"internal error {error_id}: find this id in the server's log"
        return JSONResponse(
            {"error": {"kind": "internal_error", "message": message}}, status_code=HTTPStatus.INTERNAL_SERVER_ERROR
        )
    return JSONResponse({"error": error_json(error)}, status_code=status)


def error_json(error: ClauDoomError) -> dict[str, object]:
    """Return an error as JSON for clients: its code, its message, and the problems of a configuration with lines."""
    found: dict[str, object] = {"kind": error.code, "message": describe(error)}
    if isinstance(error, ConfigError):
        found["problems"] = [
            {"path": path, "text": text, "line": line}
            for (path, text), line in zip(error.problems, error.lines, strict=True)
        ]
    return found
