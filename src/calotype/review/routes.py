"""`/api/images/check-duplicate` and `/api/duplicates`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from calotype.database import Database, Transaction
from calotype.digest import Digest
from calotype.http import (
    EXACT_UP_TO,
    Asking,
    BodyBroken,
    BodyTooLarge,
    ListQuery,
    OnlyOnce,
    Page,
    decode_cursor,
    page,
    provide,
    receive_form,
    responses,
)
from calotype.library import Addresses, Showing
from calotype.review.checking import Checking
from calotype.review.comparing import Comparing
from calotype.review.queueing import Queue
from calotype.review.settling import Settling
from calotype.review.wire import (
    CalibrationOut,
    CheckedOut,
    DecidedOut,
    DigestQuestion,
    GroupOut,
    PairOut,
    PairsQuery,
    PlaceholderOut,
    Telling,
    ThresholdIn,
    ThresholdOut,
    VerdictIn,
    calibration_out,
    decided_out,
)

router = APIRouter(prefix="/api", tags=["duplicates"])

# Where bodies are streamed, and bounded by the largest upload instead of by the door.
FORMS = frozenset({("POST", "/api/images/check-duplicate")})

_QUESTION_BYTES = 1 << 16

Rows = Annotated[Database, Depends(provide(Database))]
Waiting = Annotated[Queue, Depends(provide(Queue))]
Verdicts = Annotated[Settling, Depends(provide(Settling))]


async def telling(
    caller: Asking, addresses: Annotated[Addresses, Depends(provide(Addresses))]
) -> Telling:
    return Telling(Showing(addresses, caller))


Tell = Annotated[Telling, Depends(telling)]

_ASKED = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/json": {"schema": DigestQuestion.model_json_schema()},
        },
    }
}


@router.post(
    "/images/check-duplicate", summary="Ask what a file repeats",
    responses=responses(400, 413, 415, 422), openapi_extra=_ASKED,
)  # fmt: skip
async def check_duplicate(
    request: Request, tell: Tell, checking: Annotated[Checking, Depends(provide(Checking))]
) -> CheckedOut:
    """Media of yours that a file repeats, from the same bytes to a likeness; nothing is kept.

    Send the file as a form with the part `file`, or its `sha256` and `sizeBytes` as JSON, which finds
    the same bytes only.
    """
    caller = tell.showing.caller
    if request.headers.get("content-type", "").partition(";")[0].strip() == "application/json":
        asked = await _question(request)
        digest = Digest.parse(asked.sha256)
        return tell.checked(await checking.check_digest(caller, digest, asked.size_bytes))
    async with receive_form(request, checking.spool, limit_bytes=checking.limit_bytes) as received:
        return tell.checked(await checking.check_file(caller, received))


async def _question(request: Request) -> DigestQuestion:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _QUESTION_BYTES:
            raise BodyTooLarge
    try:
        return DigestQuestion.model_validate_json(body)
    except ValidationError as error:
        if any(each["type"] == "json_invalid" for each in error.errors()):
            raise BodyBroken("The body is no JSON.") from error
        told = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise RequestValidationError(told) from error


@router.get("/duplicates", summary="List pairs that look alike", responses=responses(422))
async def list_duplicates(
    tell: Tell, queue: Waiting, database: Rows, asked: Annotated[PairsQuery, Query()]
) -> Page[PairOut]:
    """Pairs that wait for a verdict and of which you may see both pictures, newest first."""
    limit, after = asked.limit, decode_cursor(asked.cursor)
    async with database.snapshot(tell.showing.caller) as snapshot:
        shown = await queue.list_pairs(snapshot, asked.certainty, after=after, limit=limit + 1)
        total = await queue.count(snapshot, asked.certainty, up_to=EXACT_UP_TO)
    last = shown.pairs[limit - 1].id if len(shown.pairs) > limit else None
    told = [tell.pair(pair, shown.sides, shown.media) for pair in shown.pairs]
    return page(told, limit, last, total, counted_up_to=EXACT_UP_TO)


@router.get("/duplicates/groups", summary="Near duplicates in groups", responses=responses(422))
async def list_groups(tell: Tell, queue: Waiting, database: Rows) -> list[GroupOut]:
    """Pictures in groups in which everybody looks like everybody else, the centre first."""
    async with database.snapshot(tell.showing.caller) as snapshot:
        return [GroupOut.of(group) for group in await queue.list_groups(snapshot)]


@router.get("/duplicates/placeholders", summary="List placeholders", responses=responses(403, 422))
async def list_placeholders(
    tell: Tell, queue: Waiting, database: Rows, asked: Annotated[ListQuery, Query()]
) -> Page[PlaceholderOut]:
    """Pictures that so much looks like that they say nothing; they are not searched for."""
    limit, after = asked.limit, decode_cursor(asked.cursor)
    async with database.snapshot(tell.showing.caller) as snapshot:
        found = await queue.list_placeholders(snapshot, after=after, limit=limit + 1)
        media = await queue.media_of(snapshot, found)
        total = await queue.count_placeholders(snapshot)
    last = found[limit - 1] if len(found) > limit else None
    return page([tell.placeholder(each, media) for each in found], limit, last, total)


@router.get(
    "/duplicates/calibration", summary="How well a threshold would decide",
    responses=responses(422),
)  # fmt: skip
async def read_calibration(caller: Asking, queue: Waiting, database: Rows) -> CalibrationOut:
    """The widest threshold that is right in 99 of 100 cases, by the decisions made so far."""
    async with database.snapshot(caller) as snapshot:
        return calibration_out(*await queue.calibrate(snapshot))


@router.put(
    "/duplicates/threshold", summary="Choose how far apart near duplicates may be",
    responses=responses(400, 403, 422),
)  # fmt: skip
async def choose_threshold(said: ThresholdIn, queue: Waiting, once: OnlyOnce) -> ThresholdOut:
    """Set the threshold of the tenant, or go by that of the installation again."""

    async def effect(tx: Transaction) -> ThresholdOut:
        chosen = await queue.choose_near_distance(tx, said.near_distance)
        return ThresholdOut(near_distance=chosen)

    return await once.answer(said, ThresholdOut, effect)


@router.get("/duplicates/{pair_id}", summary="One pair", responses=responses(404, 422))
async def read_duplicate(
    pair_id: UUID, tell: Tell, queue: Waiting, verdicts: Verdicts, database: Rows
) -> PairOut:
    """A pair that waits for a verdict."""
    async with database.snapshot(tell.showing.caller) as snapshot:
        pair = await verdicts.get(snapshot, pair_id)
        shown = await queue.show(snapshot, [pair])
    return tell.pair(pair, shown.sides, shown.media)


@router.get(
    "/duplicates/{pair_id}/difference", summary="Where two pictures differ",
    response_class=Response, responses={**responses(404, 422), 200: {"content": {"image/png": {}}}},
)  # fmt: skip
async def read_difference(
    pair_id: UUID,
    caller: Asking,
    verdicts: Verdicts,
    comparing: Annotated[Comparing, Depends(provide(Comparing))],
    database: Rows,
) -> Response:
    """The older picture, faded, with everything marked in which the newer one differs."""
    async with database.snapshot(caller) as snapshot:
        pair = await verdicts.get(snapshot, pair_id)
    drawn = await comparing.draw_difference(caller, pair)
    return Response(drawn, media_type="image/png", headers={"Cache-Control": "private, no-store"})


@router.post(
    "/duplicates/{pair_id}", summary="Say what two pictures are to each other",
    responses=responses(400, 403, 404, 409, 422),
)  # fmt: skip
async def settle_duplicate(
    pair_id: UUID, said: VerdictIn, verdicts: Verdicts, once: OnlyOnce
) -> DecidedOut:
    """Settle a pair for good; the journal can undo it.

    `same` keeps one original, which all media of the other show from then on, at their addresses and
    with their names. `different` and `variant` only say so.
    """

    async def effect(tx: Transaction) -> DecidedOut:
        decided = await verdicts.settle(tx, pair_id, said.verdict, keep=said.keep)
        return decided_out(pair_id, decided)

    return await once.answer(said, DecidedOut, effect)
