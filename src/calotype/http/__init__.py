"""What every route shares: who asks, problems, pages of results, bodies that arrive."""

from calotype.http.asking import Asking, NotSignedIn, asking
from calotype.http.door import Measured, bounded
from calotype.http.forwarded import Forwarded
from calotype.http.idempotency import (
    Answer,
    AnsweredMeanwhile,
    Idempotency,
    KeyReused,
    StillRunning,
    Turn,
)
from calotype.http.once import Nothing, OnlyOnce, Told
from calotype.http.paging import (
    EXACT_UP_TO,
    Cursor,
    Limit,
    ListQuery,
    Page,
    decode_cursor,
    encode_cursor,
    page,
)
from calotype.http.problems import (
    DOCUMENTED,
    STATUSES,
    Problem,
    Problems,
    anchor_of,
    field_problems,
    problem,
    responses,
)
from calotype.http.providing import provide
from calotype.http.receiving import (
    BodyBroken,
    BodyTooLarge,
    FileMissing,
    Received,
    receive_form,
)
from calotype.http.wire import Wire

__all__ = [
    "DOCUMENTED",
    "EXACT_UP_TO",
    "STATUSES",
    "Answer",
    "AnsweredMeanwhile",
    "Asking",
    "BodyBroken",
    "BodyTooLarge",
    "Cursor",
    "FileMissing",
    "Forwarded",
    "Idempotency",
    "KeyReused",
    "Limit",
    "ListQuery",
    "Measured",
    "NotSignedIn",
    "Nothing",
    "OnlyOnce",
    "Page",
    "Problem",
    "Problems",
    "Received",
    "StillRunning",
    "Told",
    "Turn",
    "Wire",
    "anchor_of",
    "asking",
    "bounded",
    "decode_cursor",
    "encode_cursor",
    "field_problems",
    "page",
    "problem",
    "provide",
    "receive_form",
    "responses",
]
