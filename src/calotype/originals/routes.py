"""`/api/originals`: what is kept, for those who administer it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from calotype.accounts import require_admin
from calotype.database import Caller, Database
from calotype.digest import Digest
from calotype.http import (
    Asking,
    ListQuery,
    Page,
    Wire,
    decode_cursor,
    page,
    provide,
    responses,
)
from calotype.originals.errors import OriginalMissing
from calotype.originals.model import Original, Stats
from calotype.originals.service import Originals

router = APIRouter(prefix="/api/originals", tags=["originals"])

Keeper = Annotated[Originals, Depends(provide(Originals))]
Rows = Annotated[Database, Depends(provide(Database))]


class OriginalOut(Wire):
    """An original, as admins see it."""

    id: UUID
    sha256: str
    size_bytes: int
    state: str
    media_type: str
    width: int
    height: int
    frames: int
    readable: bool | None
    reference_count: int
    created_at: datetime
    verified_at: datetime | None


class StatsOut(Wire):
    """What keeping every picture once saves."""

    total_count: int
    total_size: int
    orphaned_count: int
    orphaned_size: int
    avg_references: float
    logical_size: int
    saved_size: int
    saved_ratio: float


async def administering(caller: Asking) -> Caller:
    require_admin(caller)
    return caller


Admin = Annotated[Caller, Depends(administering)]


class OriginalsQuery(ListQuery):
    """Which originals to list."""

    sha256: str | None = Field(default=None, description="64 hexadecimal digits.")
    orphaned: bool = Field(default=False, description="Only those that nobody refers to.")


@router.get("", summary="List originals, or find one by its SHA-256", responses=responses(403, 422))
async def list_originals(
    admin: Admin, originals: Keeper, database: Rows, asked: Annotated[OriginalsQuery, Query()]
) -> Page[OriginalOut]:
    """Originals of the tenant, newest first."""
    limit = asked.limit
    async with database.snapshot(admin) as snapshot:
        if asked.sha256 is not None:
            found = await originals.find_by_digest(snapshot, Digest.parse(asked.sha256))
            items = [_out(found)] if found else []
            return page(items, limit, None, len(items))
        listed = await originals.list_originals(
            snapshot, after=decode_cursor(asked.cursor), limit=limit + 1, orphaned=asked.orphaned
        )
        total = await originals.count(snapshot, orphaned=asked.orphaned)
    last = listed[limit - 1].id if len(listed) > limit else None
    return page([_out(original) for original in listed], limit, last, total)


@router.get("/stats", summary="How much is kept, referred to and saved", responses=responses(403))
async def read_stats(admin: Admin, originals: Keeper, database: Rows) -> StatsOut:
    """Figures of the tenant; exact at any moment."""
    async with database.snapshot(admin) as snapshot:
        return stats_out(await originals.stats(snapshot))


@router.get("/{original_id}", summary="One original", responses=responses(403, 404, 422))
async def read_original(
    original_id: UUID, admin: Admin, originals: Keeper, database: Rows
) -> OriginalOut:
    """One original of the tenant."""
    async with database.snapshot(admin) as snapshot:
        found = await originals.get(snapshot, original_id)
    if found.scope_id != admin.tenant:
        raise OriginalMissing
    return _out(found)


def stats_out(stats: Stats) -> StatsOut:
    return StatsOut.model_validate(stats)


def _out(original: Original) -> OriginalOut:
    return OriginalOut(
        sha256=str(original.digest),
        **{name: getattr(original, name) for name in OriginalOut.model_fields if name != "sha256"},
    )
