"""`/api/journal`: what was done, and undoing it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from calotype.database import Database, Transaction
from calotype.http import (
    EXACT_UP_TO,
    Asking,
    ListQuery,
    OnlyOnce,
    Page,
    Told,
    decode_cursor,
    page,
    provide,
    responses,
)
from calotype.journal.service import Journal, Undoing

router = APIRouter(prefix="/api/journal", tags=["journal"])


class EntryOut(Told):
    """Something that was done."""

    id: UUID
    action: str
    subjects: dict[str, int]
    person_id: UUID | None
    created_at: datetime
    expires_at: datetime
    undone_at: datetime | None
    undoable: bool


@router.get("", summary="List what was done", responses=responses(422))
async def list_entries(
    caller: Asking,
    journal: Annotated[Journal, Depends(provide(Journal))],
    database: Annotated[Database, Depends(provide(Database))],
    asked: Annotated[ListQuery, Query()],
) -> Page[EntryOut]:
    """What you did, newest first; for admins, what anybody in the tenant did."""
    after, limit = decode_cursor(asked.cursor), asked.limit
    async with database.snapshot(caller) as snapshot:
        found = await journal.list_entries(snapshot, after=after, limit=limit + 1)
        total = await journal.count(snapshot, up_to=EXACT_UP_TO)
    last = found[limit - 1].id if len(found) > limit else None
    shown = [EntryOut.model_validate(entry) for entry in found]
    return page(shown, limit, last, total, counted_up_to=EXACT_UP_TO)


@router.post("/{entry_id}/undo", summary="Undo what was done", responses=responses(404, 409, 422))
async def undo(
    entry_id: UUID, undoing: Annotated[Undoing, Depends(provide(Undoing))], once: OnlyOnce
) -> EntryOut:
    """Put everything back as it was before; possible until `expiresAt`, and once."""

    async def effect(tx: Transaction) -> EntryOut:
        return EntryOut.model_validate(await undoing.undo(tx, entry_id))

    return await once.answer(None, EntryOut, effect)
