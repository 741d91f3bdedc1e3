"""Parsing of the bodies and query parameters of HTTP requests."""

import json

from starlette.requests import Request

from clau_doom.domain import Purpose
from clau_doom.errors import InvalidMessage

__all__ = ["optional_count", "parse_count", "parse_purpose", "read_fields", "read_text", "wants_fresh"]

_LARGEST_BODY = 1 << 20


async def read_text(request: Request) -> str:
    """Return the body of a request as text.

    Raises:
        InvalidMessage: The body is too large or not UTF-8.
    """
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > _LARGEST_BODY:
            raise InvalidMessage("the configuration is larger than 1 MB: make it smaller")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidMessage("the configuration is not UTF-8 text: save it as UTF-8") from error


async def read_fields(request: Request) -> dict[str, object]:
    """Return the body of a request as a JSON object.

    Raises:
        InvalidMessage: The body is not a JSON object.
    """
    try:
        fields = json.loads(await read_text(request))
    except (ValueError, RecursionError) as error:
        raise InvalidMessage("the request is not JSON") from error
    if not isinstance(fields, dict):
        raise InvalidMessage("the request is not a JSON object")
    return fields


def parse_purpose(name: object) -> Purpose:
    """Parse the purpose of an episode.

    Raises:
        InvalidMessage: The purpose is unknown.
    """
    try:
        return Purpose(str(name))
    except ValueError:
        raise InvalidMessage(f"purpose is {str(name)[:40]!r}: use {', '.join(Purpose)}") from None


def wants_fresh(request: Request) -> bool:
    """Return whether a request asks for the current state instead of a cached one."""
    return "fresh" in request.query_params


def optional_count(request: Request, name: str) -> int | None:
    """Return a query parameter as a count, or None if it is missing; raises as `parse_count` does."""
    text = request.query_params.get(name)
    return None if text is None else parse_count(text, name)


def parse_count(text: str, name: str) -> int:
    """Parse a whole number from 0.

    Args:
        text: The number.
        name: Name of the parameter, for the message.

    Raises:
        InvalidMessage: The text is not a whole number, or too long.
    """
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise InvalidMessage(f"{name} is {text[:40]!r}: use a whole number from 0")
    return int(text)
