"""Lists, a page at a time."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Query

from calotype.errors import Invalid
from calotype.http.wire import Wire

Item = TypeVar("Item")

EXACT_UP_TO = 10_000

Limit = Annotated[int, Query(ge=1, le=200, description="How many items, at most.")]
Cursor = Annotated[
    str | None, Query(max_length=200, description="`nextCursor` of the page before this one.")
]


class BadCursor(Invalid):
    """This cursor was not made by this list."""


class Page(Wire, Generic[Item]):
    """Some items of a list, and where the next page starts."""

    items: list[Item]
    next_cursor: str | None
    total: int
    total_is_exact: bool = True


class ListQuery(Wire):
    """What every list may be asked; each adds its own filters, and what is unknown is refused."""

    limit: Limit = 50
    cursor: Cursor = None


def page(
    items: Sequence[Item],
    limit: int,
    last_id: UUID | None,
    total: int,
    *,
    counted_up_to: int | None = None,
) -> Page[Item]:
    """Make a page of *items*, of which one more than *limit* was asked for.

    Counting may have stopped beyond *counted_up_to*: more than that is told as that, not exact.
    """
    more = len(items) > limit
    told = total if counted_up_to is None else min(total, counted_up_to)
    return Page[Item](
        items=list(items[:limit]),
        next_cursor=encode_cursor(last_id) if more and last_id else None,
        total=told,
        total_is_exact=told == total,
    )


def encode_cursor(last_id: UUID) -> str:
    return base64.urlsafe_b64encode(last_id.bytes).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> UUID | None:
    """Read the id behind a cursor; no cursor means the first page."""
    if cursor is None:
        return None
    try:
        return UUID(bytes=base64.b64decode(cursor + "==", altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise BadCursor from error
