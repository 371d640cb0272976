"""The table `journal`; one function, one statement."""

from collections.abc import Mapping, Sequence
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from calotype.database import Snapshot, Transaction, execute, one, rows, value
from calotype.journal.model import Before, Entry

_SELECT: LiteralString = """
    select id, person_id, action, subjects, before, created_at, expires_at, undone_at,
        before is not null and expires_at > now() as undoable
    from journal
    where tenant_id = current_tenant() and (%(all)s or person_id = current_person())
"""


async def add(
    tx: Transaction,
    entry: UUID,
    action: str,
    subjects: Mapping[str, int],
    before: Before,
    days: float,
) -> None:
    await execute(
        tx,
        """
        insert into journal (id, tenant_id, person_id, action, subjects, before, expires_at)
        values (%(id)s, current_tenant(), current_person(), %(action)s, %(subjects)s, %(before)s,
            now() + make_interval(secs => %(seconds)s))
        """,
        {
            "id": entry,
            "action": action,
            "subjects": Jsonb(subjects),
            "before": Jsonb(before),
            "seconds": days * 86400,
        },
    )


async def find(snapshot: Snapshot, entry: UUID) -> Entry | None:
    return await one(
        snapshot,
        Entry,
        _SELECT + "and id = %(id)s",
        {"id": entry, "all": snapshot.caller.may_administer},
    )


async def list_entries(snapshot: Snapshot, *, after: UUID | None, limit: int) -> list[Entry]:
    return await rows(
        snapshot,
        Entry,
        _SELECT
        + "and (%(after)s::uuid is null or id < %(after)s) order by id desc limit %(limit)s",
        {"all": snapshot.caller.may_administer, "after": after, "limit": limit},
    )


async def count(snapshot: Snapshot, up_to: int) -> int:
    """Count the entries, and no further than one more than *up_to*."""
    return await value(
        snapshot,
        "select count(*) from (" + _SELECT + "limit %(limit)s) as counted",
        {"all": snapshot.caller.may_administer, "limit": up_to + 1},
    )


async def note_undone(tx: Transaction, entry: UUID) -> bool:
    """Mark an entry as undone, unless somebody has or its time is over."""
    return bool(
        await execute(
            tx,
            "update journal set undone_at = now(), before = null"
            " where id = %(id)s and before is not null and expires_at > now()",
            {"id": entry},
        )
    )


async def list_expired(snapshot: Snapshot, limit: int) -> list[UUID]:
    """Entries of all tenants that still hold something, although their time is over."""
    cursor = await snapshot.connection.execute(
        "select id from journal where before is not null and expires_at <= now()"
        " order by expires_at limit %(limit)s",
        {"limit": limit},
    )
    return [row[0] for row in await cursor.fetchall()]


async def close(tx: Transaction, entries: Sequence[UUID]) -> int:
    query = "update journal set before = null where id = any(%(ids)s) and before is not null"
    return await execute(tx, query, {"ids": list(entries)})
