"""What is said with a picture, and how its bytes are sent."""

import time
from collections.abc import AsyncGenerator
from urllib.parse import quote

import structlog
from fastapi import Request
from starlette.responses import Response, StreamingResponse

from calotype.delivery.errors import BytesMissing, RangeRefused
from calotype.delivery.hot import HotAnswer, HotAnswers
from calotype.delivery.model import Delivery
from calotype.delivery.ranges import Part, wanted_part
from calotype.delivery.remembering import is_known, key_of
from calotype.http import problem
from calotype.imaging import Literal, Piece, Range
from calotype.storage import ObjectMissing, Objects

log = structlog.get_logger()

_SMALL_BYTES = 1 << 18
_SIGNATURE = frozenset({"exp", "kid", "sig"})
_ZEROS = bytes(1 << 16)
_A_YEAR = 365 * 24 * 3600
_SHORT = "max-age=60, stale-while-revalidate=86400"
_PROXY_SECONDS = "60"
"""How long the server in front may answer by itself, so that it forgets what is withdrawn."""


async def answer(
    request: Request, objects: Objects, hot: HotAnswers, delivery: Delivery, *, as_of: int
) -> Response:
    """Send what was asked for; remember it for the next if others may have the same."""
    headers = _headers(delivery)
    if is_known(request.headers.get("if-none-match", "").encode("latin-1"), delivery.etag.encode()):
        return Response(status_code=304, headers=headers)
    if delivery.is_handed_over:
        headers["X-Accel-Redirect"] = f"/objects/{quote(delivery.object_key)}"
        del headers["Accept-Ranges"]  # the one who sends it says so
        return _remembered(request, hot, delivery, Response(headers=headers), as_of)
    try:
        part = _part(request, delivery)
    except RangeRefused as error:
        return _refused(request, delivery, error)
    sent = await _send(request, objects, delivery, part, headers | _size_headers(delivery, part))
    return sent if part else _remembered(request, hot, delivery, sent, as_of)


async def _send(
    request: Request,
    objects: Objects,
    delivery: Delivery,
    part: Part | None,
    headers: dict[str, str],
) -> Response:
    status = 206 if part else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return await _body(objects, delivery, part or Part(0, delivery.size_bytes), status, headers)


def _remembered(
    request: Request, hot: HotAnswers, delivery: Delivery, sent: Response, as_of: int
) -> Response:
    """Remember a whole answer that does not depend on who asks."""
    whole = request.method == "GET" and not isinstance(sent, StreamingResponse)
    plain = _SIGNATURE.issuperset(request.query_params)
    if not (whole and plain) or delivery.audience == "this caller":
        return sent
    signed = delivery.signed_until is not None
    told = tuple(each for each in sent.raw_headers if not (signed and each[0] == b"cache-control"))
    kept = HotAnswer(
        media=delivery.media_id,
        headers=told,
        body=bytes(sent.body),
        etag=delivery.etag.encode(),
        signed_until=delivery.signed_until,
        for_strangers_only=delivery.audience == "strangers",
    )
    hot.remember(key_of(request.scope, dict(request.scope["headers"])), kept, as_of=as_of)
    return sent


def _refused(request: Request, delivery: Delivery, error: RangeRefused) -> Response:
    refusal = problem(request, 416, error.title, detail=str(error), kind=type(error).__name__)
    refusal.headers["Content-Range"] = f"bytes */{delivery.size_bytes}"
    return refusal


async def _body(
    objects: Objects, delivery: Delivery, part: Part, status: int, headers: dict[str, str]
) -> Response:
    """Send small pictures in one piece and stream large ones.

    The beginning is read before the answer begins, so that it can be told that the store, or the
    bytes, are gone: some stripped pictures start with bytes that the store does not have.
    """
    chunks = _read(objects, delivery, part)
    beginning: list[bytes] = []
    size_bytes = 0
    async for chunk in chunks:
        beginning.append(chunk)
        size_bytes += len(chunk)
        if size_bytes > _SMALL_BYTES:
            return StreamingResponse(_all(beginning, chunks), status, headers)
    return Response(b"".join(beginning), status, headers)


async def _all(beginning: list[bytes], others: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    for chunk in beginning:
        yield chunk
    async for chunk in others:
        yield chunk


async def _read(objects: Objects, delivery: Delivery, part: Part) -> AsyncGenerator[bytes]:
    """Read what is sent; an object that is gone is told here, also once the answer has begun."""
    try:
        for piece in delivery.content.between(part.start, part.stop):
            async for chunk in _read_piece(objects, delivery.object_key, piece):
                yield chunk
    except ObjectMissing as error:
        log.error("delivery.bytes_missing", original=str(delivery.original_id))
        raise BytesMissing from error


async def _read_piece(objects: Objects, key: str, piece: Piece) -> AsyncGenerator[bytes]:
    if isinstance(piece, Range):
        async for chunk in objects.read(key, piece.offset, piece.offset + piece.length):
            yield chunk
    elif isinstance(piece, Literal):
        yield piece.data
    else:
        for start in range(0, piece.length, len(_ZEROS)):
            yield _ZEROS[: piece.length - start]


def _part(request: Request, delivery: Delivery) -> Part | None:
    condition = request.headers.get("if-range")
    if condition is not None and condition != delivery.etag:
        return None
    return wanted_part(request.headers.get("range"), delivery.size_bytes)


def _headers(delivery: Delivery) -> dict[str, str]:
    disposition = "attachment" if delivery.as_download else "inline"
    headers = {
        "Content-Type": delivery.media_type,
        "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(delivery.file_name)}",
        "ETag": delivery.etag,
        "Cache-Control": _cache_control(delivery),
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin" if delivery.crosses_origins else "same-site",
    }
    if varies := _varies(delivery):
        headers["Vary"] = varies
    if delivery.is_proxied and delivery.is_public:
        headers["X-Accel-Expires"] = _PROXY_SECONDS
    return headers


def _varies(delivery: Delivery) -> str:
    """At the address of an original its owner gets the exact bytes, others the stripped ones."""
    of_callers = ["Authorization", "Cookie"] if delivery.audience != "everybody" else []
    return ", ".join([*(["Accept"] if delivery.negotiated else []), *of_callers])


def _cache_control(delivery: Delivery) -> str:
    """Private pictures are kept by the reader alone, and not beyond their signature."""
    if delivery.signed_until is not None:
        return f"private, max-age={max(0, delivery.signed_until - int(time.time()))}"
    if not delivery.is_public:
        return "private, no-cache"
    return f"public, max-age={_A_YEAR}, immutable" if delivery.immutable else f"public, {_SHORT}"


def _size_headers(delivery: Delivery, part: Part | None) -> dict[str, str]:
    if part is None:
        return {"Content-Length": str(delivery.size_bytes)}
    return {
        "Content-Length": str(part.stop - part.start),
        "Content-Range": f"bytes {part.start}-{part.stop - 1}/{delivery.size_bytes}",
    }
