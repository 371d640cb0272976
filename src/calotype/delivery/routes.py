"""`/m/...` and `/i/...`: the addresses of pictures."""

import base64
import binascii
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from calotype.database import Caller
from calotype.delivery.answering import answer
from calotype.delivery.errors import FormatUnknown, PictureMissing
from calotype.delivery.formats import EXTENSIONS
from calotype.delivery.hot import HotAnswers
from calotype.delivery.service import ORIGINAL, Deliveries, Signature, Wanted
from calotype.http import provide, responses
from calotype.library import SignatureRefused
from calotype.renditions import Format
from calotype.storage import Objects

router = APIRouter(tags=["delivery"])

_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture.", "content": {"image/*": {}}},
    206: {"description": "A part of the picture.", "content": {"image/*": {}}},
    304: {"description": "You have it already."},
    416: {"description": "No byte of the picture lies in this range."},
}

Finder = Annotated[Deliveries, Depends(provide(Deliveries))]
Store = Annotated[Objects, Depends(provide(Objects))]
Hot = Annotated[HotAnswers, Depends(provide(HotAnswers))]


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
    response_class=Response, responses={**_PICTURE, **responses(403, 404, 422, 503)},
)  # fmt: skip
async def read_stable(
    media_id: str, request: Request, deliveries: Finder, objects: Store, hot: Hot, signed: Signed
) -> Response:
    """The current picture of a media."""
    return await read_stable_preset(media_id, ORIGINAL, request, deliveries, objects, hot, signed)


@router.head("/m/{media_id}/{preset}", include_in_schema=False)
@router.get(
    "/m/{media_id}/{preset}", summary="A picture by its stable address, in a preset",
    response_class=Response, responses={**_PICTURE, **responses(403, 404, 422, 503)},
)  # fmt: skip
async def read_stable_preset(
    media_id: str, preset: str, request: Request,
    deliveries: Finder, objects: Store, hot: Hot, signed: Signed,
) -> Response:  # fmt: skip
    """The current picture of a media, in a preset, in the best format that is accepted."""
    wanted = _wanted(request, preset, signed, media=_id(media_id))
    return await _answer(request, deliveries, objects, hot, wanted)


@router.head("/i/{token}/{preset}", include_in_schema=False)
@router.get(
    "/i/{token}/{preset}", summary="A picture that never changes",
    response_class=Response, responses={**_PICTURE, **responses(403, 404, 422, 503)},
)  # fmt: skip
async def read_immutable(
    token: str, preset: str, request: Request,
    deliveries: Finder, objects: Store, hot: Hot, signed: Signed,
) -> Response:  # fmt: skip
    """One revision of one media, in a preset such as `small` or, in a format, `small.webp`."""
    wanted = _wanted(request, preset, signed, token=_token(token))
    return await _answer(request, deliveries, objects, hot, wanted)


async def _answer(
    request: Request, deliveries: Deliveries, objects: Objects, hot: HotAnswers, wanted: Wanted
) -> Response:
    as_of, caller = hot.changes, request.state.caller
    assert isinstance(caller, Caller)
    delivery = await deliveries.find(caller, wanted)
    return await answer(request, objects, hot, delivery, as_of=as_of)


def _wanted(
    request: Request,
    preset: str,
    signed: Signature | None,
    *,
    media: UUID | None = None,
    token: bytes | None = None,
) -> Wanted:
    name, dot, ending = preset.partition(".")
    return Wanted(
        path=request.url.path,
        media=media,
        token=token,
        preset=preset if name == ORIGINAL else name,
        format=_format(ending) if dot else None,
        accept=request.headers.get("accept", ""),
        signature=signed,
    )


def _format(ending: str) -> Format:
    if ending not in EXTENSIONS:
        raise FormatUnknown([*EXTENSIONS])
    return EXTENSIONS[ending]


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
