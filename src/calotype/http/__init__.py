"""What every route shares: who asks, problems, pages of results, bodies that arrive."""

from calotype.http.asking import Asking, NotSignedIn, asking
from calotype.http.idempotency import Answer, Idempotency, KeyReused, StillRunning, Turn
from calotype.http.paging import Cursor, Limit, Page, decode_cursor, encode_cursor, page
from calotype.http.problems import DOCUMENTED, Problem, install, responses
from calotype.http.provide import provide
from calotype.http.receiving import (
    BodyBroken,
    BodyTooLarge,
    FileMissing,
    Received,
    discard,
    receive_form,
)
from calotype.http.wire import Wire

__all__ = [
    "DOCUMENTED",
    "Answer",
    "Asking",
    "BodyBroken",
    "BodyTooLarge",
    "Cursor",
    "FileMissing",
    "Idempotency",
    "KeyReused",
    "Limit",
    "NotSignedIn",
    "Page",
    "Problem",
    "Received",
    "StillRunning",
    "Turn",
    "Wire",
    "asking",
    "decode_cursor",
    "discard",
    "encode_cursor",
    "install",
    "page",
    "provide",
    "receive_form",
    "responses",
]
