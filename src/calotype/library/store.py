"""The tables `media` and `buckets`; one function, one statement."""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from calotype.database import Snapshot, Transaction, execute, one, rows, value
from calotype.library.model import Description, Filter, Media, Picture

_COLUMNS: LiteralString = """
    m.id, m.tenant_id, m.owner_id, m.original_id, m.token, m.state, m.name, m.file_name,
    m.alt_text, m.caption, m.description, m.tags, m.bucket, m.project_id, m.source_type,
    m.enhancement_type, m.original_media_id, m.visibility, m.metadata, m.attribution,
    m.media_type, m.width, m.height, m.size_bytes, o.digest, m.created_at, m.updated_at,
    m.deleted_at, m.crop, m.focal_point,
    case when m.state <> 'processing' then f.thumbhash end as thumbhash,
    case when m.state <> 'processing' then f.colour end as colour
"""
# While media are `processing`, nothing is told that only earlier media can have brought about.
_LOOKS: LiteralString = """ left join originals o on o.id = m.original_id
    left join fingerprints f on f.original_id = m.original_id """
_FROM: LiteralString = " from media m" + _LOOKS

_CHANGEABLE = frozenset({
    "name", "alt_text", "caption", "description", "tags", "bucket", "project_id", "visibility",
    "metadata", "crop", "focal_point", "token",
})  # fmt: skip


async def add(
    tx: Transaction,
    media: UUID,
    original: UUID,
    token: bytes,
    picture: Picture,
    description: Description,
) -> Media:
    added = await one(
        tx,
        Media,
        _ADD + "select" + _COLUMNS + " from added m" + _LOOKS,
        {
            "id": media,
            "original": original,
            "token": token,
            "state": _STATES[picture.readable],
            "name": description.name,
            "file_name": picture.file_name,
            "alt_text": description.alt_text,
            "caption": description.caption,
            "description": description.description,
            "tags": list(description.tags),
            "bucket": description.bucket,
            "project": description.project_id,
            "visibility": description.visibility,
            "metadata": Jsonb(description.metadata),
            "media_type": picture.media_type,
            "width": picture.width,
            "height": picture.height,
            "size": picture.size_bytes,
        },
    )
    assert added is not None
    return added


_ADD: LiteralString = """
    with added as (
        insert into media (id, tenant_id, owner_id, original_id, token, state, name, file_name,
            alt_text, caption, description, tags, bucket, project_id, visibility, metadata,
            media_type, width, height, size_bytes)
        values (%(id)s, current_tenant(), current_person(), %(original)s, %(token)s, %(state)s,
            %(name)s, %(file_name)s, %(alt_text)s, %(caption)s, %(description)s, %(tags)s,
            %(bucket)s, %(project)s, %(visibility)s, %(metadata)s, %(media_type)s, %(width)s,
            %(height)s, %(size)s)
        returning *)
"""


_STATES = {None: "processing", True: "ready", False: "unreadable"}


async def find(snapshot: Snapshot, media: UUID) -> Media | None:
    return await one(
        snapshot,
        Media,
        "select" + _COLUMNS + _FROM + "where m.id = %(id)s and m.original_id is not null",
        {"id": media},
    )


async def lock(tx: Transaction, media: UUID) -> Media | None:
    return await one(
        tx,
        Media,
        "select" + _COLUMNS + _FROM + "where m.id = %(id)s and m.original_id is not null"
        " for update of m",
        {"id": media},
    )


async def list_media(
    snapshot: Snapshot, wanted: Filter, *, after: UUID | None, limit: int
) -> list[Media]:
    return await rows(
        snapshot,
        Media,
        "select" + _COLUMNS + _FROM + _where(wanted) + " and (%(after)s::uuid is null"
        " or m.id < %(after)s) order by m.id desc limit %(limit)s",
        {**_values(wanted), "after": after, "limit": limit},
    )


async def search(
    snapshot: Snapshot, wanted: Filter, *, after: UUID | None, limit: int
) -> list[Media]:
    """Media whose name contains the query, through a function that may use the index."""
    return await rows(
        snapshot,
        Media,
        "select" + _COLUMNS + " from " + _SEARCH + " as found"
        " join media m on m.id = found" + _LOOKS + "order by m.id desc",
        {**_values(wanted), "after": after, "limit": limit},
    )


async def count(snapshot: Snapshot, wanted: Filter, up_to: int) -> int:
    """Count what *wanted* shows, and no further than one more than *up_to*."""
    listed: LiteralString = "(select 1 from media m" + _where(wanted) + " limit %(limit)s)"
    counted = _SEARCH if wanted.query else listed
    return await value(
        snapshot,
        "select count(*) from " + counted + " as counted",
        {**_values(wanted), "after": None, "limit": up_to + 1},
    )


_SEARCH: LiteralString = """search_media(%(query)s, %(after)s, %(limit)s,
    %(bucket)s, %(source)s, %(owner)s, %(visibility)s, %(project)s, %(trash)s)"""


def _where(wanted: Filter) -> LiteralString:
    where: LiteralString = " where m.tenant_id = current_tenant() and m.original_id is not null"
    where += " and m.deleted_at is not null" if wanted.trash else " and m.deleted_at is null"
    for name, clause in _CLAUSES.items():
        if getattr(wanted, name) is not None:
            where += " and " + clause
    return where


_CLAUSES: dict[str, LiteralString] = {
    "bucket": "m.bucket = %(bucket)s",
    "source": "m.source_type = %(source)s",
    "owner": "m.owner_id = %(owner)s",
    "visibility": "m.visibility = %(visibility)s",
    "project": "m.project_id = %(project)s",
}


def _values(wanted: Filter) -> dict[str, object]:
    return {name: getattr(wanted, name) for name in (*_CLAUSES, "query", "trash")}


async def change(tx: Transaction, media: UUID, changes: Mapping[str, Any]) -> None:
    """Set the columns named in *changes*."""
    assert changes.keys() <= _CHANGEABLE
    settings = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in changes
    )
    await tx.connection.execute(
        sql.SQL("update media set {}, updated_at = now() where id = {}").format(
            settings, sql.Placeholder("id")
        ),
        {**{name: _adapt(new) for name, new in changes.items()}, "id": media},
    )


def _adapt(new: object) -> object:
    return Jsonb(new) if isinstance(new, dict) else new


async def move_to_trash(tx: Transaction, media: UUID) -> None:
    await execute(
        tx,
        "update media set deleted_at = now() where id = %(id)s and deleted_at is null",
        {"id": media},
    )


async def restore(tx: Transaction, media: UUID) -> bool:
    return bool(
        await execute(
            tx,
            "update media set deleted_at = null"
            " where id = %(id)s and deleted_at is not null and original_id is not null",
            {"id": media},
        )
    )


_DUE: LiteralString = """ from media
    where deleted_at <= now() - make_interval(secs => %(seconds)s) and original_id is not null
"""


async def count_trash(snapshot: Snapshot, days: float) -> int:
    return await value(snapshot, "select count(*)" + _DUE, {"seconds": days * 86400})


async def list_trash(snapshot: Snapshot, days: float, limit: int) -> list[UUID]:
    """Media that were in the trash for *days*, those first that were there for longest."""
    cursor = await snapshot.connection.execute(
        "select id" + _DUE + "order by deleted_at limit %(limit)s",
        {"seconds": days * 86400, "limit": limit},
    )
    return [row[0] for row in await cursor.fetchall()]


async def lock_trash(tx: Transaction, days: float, media: Sequence[UUID]) -> list[UUID]:
    """Lock those of *media* that are still in the trash and that nobody else works on."""
    cursor = await tx.connection.execute(
        "select id" + _DUE + "and id = any(%(ids)s) order by id for update skip locked",
        {"seconds": days * 86400, "ids": list(media)},
    )
    return [row[0] for row in await cursor.fetchall()]


async def let_go(tx: Transaction, media: Sequence[UUID]) -> None:
    """Part media from their originals; the rows stay, for history and billing."""
    await execute(
        tx, "update media set original_id = null where id = any(%(ids)s)", {"ids": list(media)}
    )


async def settle_state(tx: Transaction, original: UUID, *, readable: bool) -> int:
    """Give every media of *original* that still waits its final state."""
    return await execute(
        tx,
        "update media set state = %(state)s"
        " where original_id = %(original)s and state = 'processing'",
        {"original": original, "state": _STATES[readable]},
    )


async def sees_original(snapshot: Snapshot, original: UUID) -> bool:
    """Tell whether the caller sees media with this original."""
    return bool(
        await value(
            snapshot,
            "select true from media where original_id = %(original)s and deleted_at is null limit 1",
            {"original": original},
        )
    )


async def list_showing(snapshot: Snapshot, originals: Sequence[UUID], limit: int) -> list[Media]:
    """Media that the caller sees, outside the trash, which show one of *originals*."""
    return await rows(
        snapshot,
        Media,
        "select" + _COLUMNS + _FROM + "where m.original_id = any(%(ids)s)"
        " and m.deleted_at is null order by m.id desc limit %(limit)s",
        {"ids": list(originals), "limit": limit},
    )


async def lock_showing(tx: Transaction, original: UUID) -> list[Media]:
    """Lock whatever the caller sees of an original, also in the trash."""
    return await rows(
        tx,
        Media,
        "select" + _COLUMNS + _FROM + "where m.original_id = %(original)s order by m.id"
        " for update of m",
        {"original": original},
    )


async def count_holding(tx: Transaction, original: UUID) -> int:
    """How many media hold an original, whether or not the caller sees them."""
    return await value(
        tx,
        "select count(*) from original_references"
        " where original_id = %(original)s and holder_kind = 'media'",
        {"original": original},
    )


async def read_facts(tx: Transaction, media: Sequence[UUID]) -> list[dict[str, Any]]:
    """What media say of the file that they show, in JSON that loses nothing."""
    cursor = await tx.connection.execute(
        """
        select jsonb_build_object('id', id, 'media_type', media_type, 'width', width,
            'height', height, 'size_bytes', size_bytes, 'state', state, 'updated_at', updated_at)
        from media where id = any(%(ids)s) order by id
        """,
        {"ids": list(media)},
    )
    return [row[0] for row in await cursor.fetchall()]


async def write_facts(
    tx: Transaction, facts: Sequence[Mapping[str, Any]], media: Sequence[UUID]
) -> None:
    """Let *media* say again what was read before."""
    await execute(
        tx,
        """
        update media set media_type = f.media_type, width = f.width, height = f.height,
            size_bytes = f.size_bytes, state = f.state, updated_at = f.updated_at
        from jsonb_to_recordset(%(facts)s) as f (id uuid, media_type text, width integer,
            height integer, size_bytes bigint, state text, updated_at timestamptz)
        where media.id = f.id and media.id = any(%(ids)s)
        """,
        {"facts": Jsonb(list(facts)), "ids": list(media)},
    )


async def take_facts(tx: Transaction, media: Sequence[UUID]) -> None:
    """Let media say what is true of the original that they show by now."""
    await execute(
        tx,
        """
        update media set media_type = o.media_type, width = o.width, height = o.height,
            size_bytes = o.size_bytes, updated_at = now(),
            state = case when o.readable then 'ready' else 'unreadable' end
        from originals o where o.id = media.original_id and media.id = any(%(ids)s)
        """,
        {"ids": list(media)},
    )


async def list_buckets(snapshot: Snapshot) -> dict[str, str]:
    """Who may write to each bucket of the tenant."""
    cursor = await snapshot.connection.execute(
        "select name, writable_by from buckets where tenant_id = current_tenant() order by name"
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}
