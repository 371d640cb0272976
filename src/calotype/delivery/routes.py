"""`/m/...` and `/i/...`: the addresses of pictures."""

import base64
import binascii
from collections.abc import AsyncGenerator
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from calotype.database import Caller
from calotype.delivery.errors import BytesMissing, PictureMissing, RangeRefused
from calotype.delivery.model import Delivery
from calotype.delivery.ranges import Part, wanted_part
from calotype.delivery.service import Deliveries, Signature, Wanted
from calotype.http import problem, provide, responses
from calotype.imaging import Literal, Piece, Range
from calotype.library import SignatureRefused
from calotype.storage import ObjectMissing, Objects

log = structlog.get_logger()

router = APIRouter(tags=["delivery"])

_SMALL_BYTES = 1 << 18
_ZEROS = bytes(1 << 16)
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture.", "content": {"image/*": {}}},
    206: {"description": "A part of the picture.", "content": {"image/*": {}}},
    304: {"description": "You have it already."},
    416: {"description": "No byte of the picture lies in this range."},
}

Finder = Annotated[Deliveries, Depends(provide(Deliveries))]
Store = Annotated[Objects, Depends(provide(Objects))]


async def signature(
    exp: Annotated[str | None, Query(description="Until when, in Unix time.")] = None,
    kid: Annotated[str | None, Query(description="Which key signed.")] = None,
    sig: Annotated[str | None, Query(description="The signature.")] = None,
) -> Signature | None:
    if exp is None and kid is None and sig is None:
        return None
    if exp is None or kid is None or sig is None:
        raise SignatureRefused
    return Signature(exp=exp, kid=kid, sig=sig)


Signed = Annotated[Signature | None, Depends(signature)]


@router.head("/m/{media_id}", include_in_schema=False)
@router.get(
    "/m/{media_id}", summary="A picture by its stable address",
    response_class=Response, responses={**_PICTURE, **responses(403, 404, 422)},
)  # fmt: skip
async def read_stable(
    media_id: str, request: Request, deliveries: Finder, objects: Store, signed: Signed
) -> Response:
    """The current picture of a media."""
    return await read_stable_preset(media_id, "original", request, deliveries, objects, signed)


@router.head("/m/{media_id}/{preset}", include_in_schema=False)
@router.get(
    "/m/{media_id}/{preset}", summary="A picture by its stable address, in a preset",
    response_class=Response, responses={**_PICTURE, **responses(403, 404, 422)},
)  # fmt: skip
async def read_stable_preset(
    media_id: str, preset: str, request: Request, deliveries: Finder, objects: Store, signed: Signed
) -> Response:
    """The current picture of a media, in a preset."""
    wanted = Wanted(path=request.url.path, media=_id(media_id), preset=preset, signature=signed)
    return await _answer(request, deliveries, objects, wanted)


@router.head("/i/{token}/{preset}", include_in_schema=False)
@router.get(
    "/i/{token}/{preset}", summary="A picture that never changes",
    response_class=Response, responses={**_PICTURE, **responses(403, 404, 422)},
)  # fmt: skip
async def read_immutable(
    token: str, preset: str, request: Request, deliveries: Finder, objects: Store, signed: Signed
) -> Response:
    """One revision of one media: what is fetched here never changes."""
    wanted = Wanted(path=request.url.path, token=_token(token), preset=preset, signature=signed)
    return await _answer(request, deliveries, objects, wanted)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise PictureMissing from error


def _token(text: str) -> bytes:
    try:
        token = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise PictureMissing from error
    if len(token) != 16:  # noqa: PLR2004 -- 128 bits
        raise PictureMissing
    return token


async def _answer(
    request: Request, deliveries: Deliveries, objects: Objects, wanted: Wanted
) -> Response:
    caller: Caller = request.state.caller
    delivery = await deliveries.find(caller, wanted)
    headers = _headers(delivery)
    if _is_known(request, delivery):
        return Response(status_code=304, headers=headers)
    try:
        part = _part(request, delivery)
    except RangeRefused as error:
        return _refused(request, delivery, error)
    headers |= _size_headers(delivery, part)
    status = 206 if part else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return await _body(objects, delivery, part or Part(0, delivery.size_bytes), status, headers)


def _refused(request: Request, delivery: Delivery, error: RangeRefused) -> Response:
    answer = problem(request, 416, error.title, detail=str(error), kind=type(error).__name__)
    answer.headers["Content-Range"] = f"bytes */{delivery.size_bytes}"
    return answer


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


def _is_known(request: Request, delivery: Delivery) -> bool:
    known = request.headers.get("if-none-match", "")
    tags = [tag.strip().removeprefix("W/") for tag in known.split(",")]
    return known == "*" or delivery.etag in tags


def _part(request: Request, delivery: Delivery) -> Part | None:
    condition = request.headers.get("if-range")
    if condition is not None and condition != delivery.etag:
        return None
    return wanted_part(request.headers.get("range"), delivery.size_bytes)


def _headers(delivery: Delivery) -> dict[str, str]:
    disposition = "attachment" if delivery.as_download else "inline"
    return {
        "Content-Type": delivery.media_type,
        "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(delivery.file_name)}",
        "ETag": delivery.etag,
        "Cache-Control": delivery.cache_control,
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin" if delivery.cross_origin else "same-site",
        # Its owner gets the exact bytes at the address where others get the stripped ones.
        "Vary": "Authorization, Cookie",
    }


def _size_headers(delivery: Delivery, part: Part | None) -> dict[str, str]:
    if part is None:
        return {"Content-Length": str(delivery.size_bytes)}
    return {
        "Content-Length": str(part.stop - part.start),
        "Content-Range": f"bytes {part.start}-{part.stop - 1}/{delivery.size_bytes}",
    }
