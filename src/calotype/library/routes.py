"""`/api/media`: list, read, change, trash and restore."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from calotype.database import Database, Transaction
from calotype.http import (
    EXACT_UP_TO,
    Asking,
    ListQuery,
    Nothing,
    OnlyOnce,
    Page,
    Wire,
    decode_cursor,
    page,
    provide,
    responses,
)
from calotype.library.addresses import WEEK_SECONDS, Addresses
from calotype.library.model import Filter, SourceType, Visibility
from calotype.library.service import Library
from calotype.library.wire import MediaChange, MediaInFull, MediaOut, Showing, Word

router = APIRouter(prefix="/api", tags=["media"])

Shelf = Annotated[Library, Depends(provide(Library))]
Rows = Annotated[Database, Depends(provide(Database))]


async def showing(
    caller: Asking, addresses: Annotated[Addresses, Depends(provide(Addresses))]
) -> Showing:
    return Showing(addresses, caller)


Show = Annotated[Showing, Depends(showing)]


class MediaQuery(ListQuery):
    """Which media to list."""

    query: Word | None = Field(default=None, max_length=200, description="Part of a name.")
    bucket: Word | None = Field(default=None, max_length=63)
    source: SourceType | None = None
    owner: UUID | None = None
    visibility: Visibility | None = None
    project_id: Word | None = Field(default=None, max_length=200)
    trash: bool = Field(default=False, description="What is in the trash instead.")

    def wanted(self) -> Filter:
        return Filter(
            query=self.query or None,
            bucket=self.bucket,
            source=self.source,
            owner=self.owner,
            visibility=self.visibility,
            project=self.project_id,
            trash=self.trash,
        )


@router.get("/media", summary="List media", responses=responses(422))
async def list_media(
    show: Show, library: Shelf, database: Rows, asked: Annotated[MediaQuery, Query()]
) -> Page[MediaOut]:
    """Media of all sources that you may see, newest first."""
    wanted, limit = asked.wanted(), asked.limit
    async with database.snapshot(show.caller) as snapshot:
        found = await library.list_media(
            snapshot, wanted, after=decode_cursor(asked.cursor), limit=limit + 1
        )
        total = await library.count(snapshot, wanted, up_to=EXACT_UP_TO)
    last = found[limit - 1].id if len(found) > limit else None
    shown = [show.show(media) for media in found]
    return page(shown, limit, last, total, counted_up_to=EXACT_UP_TO)


@router.get("/media/{media_id}", summary="One media", responses=responses(404, 422))
async def read_media(media_id: UUID, show: Show, library: Shelf, database: Rows) -> MediaInFull:
    """Everything about one media, and its addresses."""
    async with database.snapshot(show.caller) as snapshot:
        return show.show_in_full(await library.get(snapshot, media_id))


@router.patch("/media/{media_id}", summary="Change media", responses=responses(400, 403, 404, 422))
async def change_media(
    media_id: UUID, change: MediaChange, show: Show, library: Shelf, once: OnlyOnce
) -> MediaInFull:
    """Say something else about media; fields that are left out stay as they are."""

    async def effect(tx: Transaction) -> MediaInFull:
        return show.show_in_full(await library.change(tx, media_id, change.changes()))

    return await once.answer(change, MediaInFull, effect)


@router.delete(
    "/media/{media_id}", status_code=204, summary="Move media to the trash",
    responses=responses(403, 404, 422),
)  # fmt: skip
async def delete_media(
    media_id: UUID,
    library: Shelf,
    once: OnlyOnce,
    force: Annotated[bool, Query(description="Also where it is in use.")] = False,
) -> Response:
    """Move media to the trash, from which it can be restored until the trash is emptied."""

    async def effect(tx: Transaction) -> Nothing:
        await library.delete(tx, media_id)
        return Nothing()

    await once.answer(None, Nothing, effect)
    return Response(status_code=204)


@router.post(
    "/media/{media_id}/restore", summary="Take media out of the trash",
    responses=responses(403, 404, 422),
)  # fmt: skip
async def restore_media(media_id: UUID, show: Show, library: Shelf, once: OnlyOnce) -> MediaOut:
    """Undo a deletion."""

    async def effect(tx: Transaction) -> MediaOut:
        return show.show(await library.restore(tx, media_id))

    return await once.answer(None, MediaOut, effect)


class SignedFor(Wire):
    """How long a signed address lives."""

    expires_in: int = Field(
        default=WEEK_SECONDS, description="Seconds; a week by default, and at most."
    )


class SignedAddress(Wire):
    """An address that lets anybody in until it expires."""

    url: str
    expires_at: datetime


@router.post(
    "/media/{media_id}/signed-url", status_code=201, summary="Make a signed address",
    responses=responses(400, 404, 422),
)  # fmt: skip
async def sign_media(
    media_id: UUID, wish: SignedFor, show: Show, library: Shelf, database: Rows
) -> SignedAddress:
    """Make an address that anybody may use until it expires."""
    async with database.snapshot(show.caller) as snapshot:
        media = await library.get(snapshot, media_id)
    stable = show.addresses.stable(media.id)
    url, expires = show.addresses.signed(stable, wish.expires_in)
    return SignedAddress(url=url, expires_at=datetime.fromtimestamp(expires, UTC))
