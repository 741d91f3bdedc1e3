"""Pagination of lists with opaque page tokens."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from clau_doom.errors import InvalidMessage

__all__ = ["DEFAULT_PAGE", "LARGEST_PAGE", "page"]

DEFAULT_PAGE = 100
LARGEST_PAGE = 1000

_LONGEST_TOKEN = 512  # far longer than valid tokens, and too short for deeply nested JSON

ItemT = TypeVar("ItemT")


def page(
    items: Sequence[ItemT], key: Callable[[ItemT], str], *, size: int, token: str, listed: str
) -> tuple[Sequence[ItemT], str]:
    """Return a page and the token of the next one, which is empty on the last page.

    Args:
        items: All items, sorted by key.
        key: Sort key of an item. A page begins after the last key of the page before, even if items were added or
            removed.
        size: Maximum number of items; 0: the default.
        token: The token from the page before, or an empty text.
        listed: Description of the list, filters included. A token is valid for this list only.

    Raises:
        InvalidMessage: The size is negative, or the token belongs to another list.
    """
    if size < 0:
        raise InvalidMessage(f"page_size is {size}: use 0 for {DEFAULT_PAGE}, or up to {LARGEST_PAGE}")
    size = min(size or DEFAULT_PAGE, LARGEST_PAGE)
    rest = items
    if token:
        after = _read(token, listed)
        rest = [item for item in items if key(item) > after]
    chosen = rest[:size]
    return chosen, _token(key(chosen[-1]), listed) if len(rest) > size else ""


def _token(after: str, listed: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([_digest(listed), after]).encode()).decode()


def _read(token: str, listed: str) -> str:
    try:
        if len(token) > _LONGEST_TOKEN:
            raise ValueError
        digest, after = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError, binascii.Error):
        digest, after = "", None
    if digest != _digest(listed) or not isinstance(after, str):
        raise InvalidMessage(
            "page_token is not valid for this list: send that of the previous page, with the same filters"
        )
    return after


def _digest(listed: str) -> str:
    return hashlib.sha256(listed.encode()).hexdigest()[:16]
