"""The tables `originals` and `original_references`; one function, one statement."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.errors import ForeignKeyViolation
from psycopg.types.json import Jsonb

from calotype.database import Snapshot, Transaction, execute, new_id, one, rows, value
from calotype.digest import Digest
from calotype.originals.errors import OriginalMissing
from calotype.originals.model import Examined, Facts, Holder, Kept, Original, State, Stats

UPLOAD_LEASE = "15 minutes"


@dataclass(frozen=True, slots=True)
class Visible:
    """The original that deduplication finds, locked."""

    id: UUID
    size_bytes: int
    object_key: str
    state: State
    readable: bool | None
    condemned_long_ago: bool


@dataclass(frozen=True, slots=True)
class Pending:
    """A row whose bytes are on their way, and the token that owns it."""

    id: UUID
    object_key: str
    token: UUID


@dataclass(frozen=True, slots=True)
class OriginalRow:
    """One row of `originals` with its derived count."""

    id: UUID
    scope_id: UUID
    digest: bytes
    size_bytes: int
    object_key: str
    state: State
    media_type: str
    width: int
    height: int
    frames: int
    facts: dict[str, Any]
    readable: bool | None
    reference_count: int
    created_at: datetime
    verified_at: datetime | None

    def original(self) -> Original:
        values: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        values["digest"] = Digest(self.digest)
        return Original(**values)


_SELECT: LiteralString = """
    select id, scope_id, digest, size_bytes, object_key, state, media_type, width, height, frames,
        facts, readable, created_at, verified_at,
        (select count(*) from original_references where original_id = originals.id)
            as reference_count
    from originals
"""


# ── Keep ──────────────────────────────────────────────────────────────────────────────────────


async def lock_visible(tx: Transaction, scope: UUID, digest: Digest) -> Visible | None:
    return await one(
        tx,
        Visible,
        """
        select id, size_bytes, object_key, state, readable,
            state = 'condemned' and changed_at < now() - interval '1 hour' as condemned_long_ago
        from originals
        where scope_id = %(scope)s and algorithm = %(algorithm)s and digest = %(digest)s
            and state in ('live', 'condemned')
        for update
        """,
        {"scope": scope, "algorithm": Digest.algorithm, "digest": digest.raw},
    )


async def rescue(tx: Transaction, original: UUID) -> None:
    await execute(
        tx,
        "update originals set state = 'live', changed_at = now()"
        " where id = %(id)s and state = 'condemned'",
        {"id": original},
    )


async def add_pending(
    tx: Transaction, scope: UUID, digest: Digest, size_bytes: int, facts: Facts
) -> Pending:
    original = new_id()
    pending = Pending(original, f"o/{original.hex[-2:]}/{original.hex[-4:-2]}/{original}", new_id())
    await execute(
        tx,
        f"""
        insert into originals (id, scope_id, algorithm, digest, size_bytes, object_key, state,
            media_type, width, height, frames, facts, lease_expires_at, lease_token)
        values (%(id)s, %(scope)s, %(algorithm)s, %(digest)s, %(size)s, %(key)s, 'pending',
            %(type)s, %(width)s, %(height)s, %(frames)s, %(facts)s,
            now() + interval '{UPLOAD_LEASE}', %(token)s)
        """,
        {
            "id": original,
            "scope": scope,
            "algorithm": Digest.algorithm,
            "digest": digest.raw,
            "size": size_bytes,
            "key": pending.object_key,
            "type": facts.media_type,
            "width": facts.width,
            "height": facts.height,
            "frames": facts.frames,
            "facts": Jsonb(facts.more),
            "token": pending.token,
        },
    )
    return pending


async def renew(tx: Transaction, pending: Pending) -> None:
    await execute(
        tx,
        f"update originals set lease_expires_at = now() + interval '{UPLOAD_LEASE}'"
        " where id = %(id)s and lease_token = %(token)s and state = 'pending'",
        {"id": pending.id, "token": pending.token},
    )


async def make_live(tx: Transaction, pending: Pending) -> bool:
    """Make the bytes visible, if the lease still stands; a winner raises a unique violation."""
    return bool(
        await execute(
            tx,
            "update originals set state = 'live', changed_at = now(), verified_at = now(),"
            " lease_expires_at = null, lease_token = null"
            " where id = %(id)s and state = 'pending' and lease_token = %(token)s",
            {"id": pending.id, "token": pending.token},
        )
    )


async def give_up(tx: Transaction, pending: Pending) -> None:
    await execute(
        tx,
        "update originals set state = 'deleting', changed_at = now(), lease_expires_at = null"
        " where id = %(id)s and state = 'pending' and lease_token = %(token)s",
        {"id": pending.id, "token": pending.token},
    )


async def abandon_condemned(tx: Transaction, original: UUID) -> None:
    """Pass a condemned original whose bytes are gone to the collector."""
    await execute(
        tx,
        """
        update originals set state = 'deleting', changed_at = now()
        where id = %(id)s and state = 'condemned'
            and not exists (select from original_references where original_id = %(id)s)
        """,
        {"id": original},
    )


async def lock_quarantined(tx: Transaction, scope: UUID, digest: Digest) -> list[UUID]:
    """Lock the damaged copies of these bytes, before their references are touched.

    A statement of its own: what made the bytes visible may have waited for a quarantine.
    """
    cursor = await tx.connection.execute(
        """
        select id from originals
        where scope_id = %(scope)s and algorithm = %(algorithm)s and digest = %(digest)s
            and state = 'quarantined'
        order by id for update
        """,
        {"scope": scope, "algorithm": Digest.algorithm, "digest": digest.raw},
    )
    return [row[0] for row in await cursor.fetchall()]


async def move_references(tx: Transaction, damaged: Sequence[UUID], sound: UUID) -> None:
    await execute(
        tx,
        "update original_references set original_id = %(sound)s"
        " where original_id = any(%(damaged)s)",
        {"sound": sound, "damaged": list(damaged)},
    )


async def wait_for_disk(tx: Transaction) -> None:
    """Let the commit of this transaction wait for the disk after all."""
    await execute(tx, "set local synchronous_commit to default", {})


# ── References ────────────────────────────────────────────────────────────────────────────────


async def add_reference(tx: Transaction, original: UUID, holder: Holder, *, leased: bool) -> UUID:
    """Hold *original* while it is live; holding it twice for the same holder changes nothing."""
    try:
        reference: UUID = await value(
            tx,
            f"""
            insert into original_references
                (id, original_id, tenant_id, holder_kind, holder_id, lease_expires_at)
            values (%(id)s, %(original)s, current_tenant(), %(kind)s, %(holder)s,
                case when %(leased)s then now() + interval '{UPLOAD_LEASE}' end)
            on conflict (holder_kind, holder_id, original_id)
                do update set lease_expires_at = excluded.lease_expires_at
            returning id
            """,
            {
                "id": new_id(),
                "original": original,
                "kind": holder.kind,
                "holder": holder.id,
                "leased": leased,
            },
        )
    except ForeignKeyViolation as error:
        raise OriginalMissing from error
    return reference


async def take_over(tx: Transaction, kept: Kept, holder: Holder) -> bool:
    """Make a leased reference *holder*'s, if it still holds what was kept.

    The original is locked first, as healing does, which moves references.
    """
    return bool(
        await execute(
            tx,
            """
            with kept as (select id from originals where id = %(original)s for key share)
            update original_references
            set holder_kind = %(kind)s, holder_id = %(holder)s, lease_expires_at = null
            from kept where original_references.id = %(id)s and original_id = kept.id
                and original_references.lease_expires_at is not null
            """,
            {
                "id": kept.reference_id,
                "original": kept.original_id,
                "kind": holder.kind,
                "holder": holder.id,
            },
        )
    )


async def lock_held(tx: Transaction, kind: str, holders: Sequence[UUID]) -> list[UUID]:
    """Lock what *holders* hold, always in the same order, so that two releases cannot deadlock."""
    cursor = await tx.connection.execute(
        """
        select id from originals
        where id in (select original_id from original_references
            where holder_kind = %(kind)s and holder_id = any(%(holders)s))
        order by id for update
        """,
        {"kind": kind, "holders": list(holders)},
    )
    return [row[0] for row in await cursor.fetchall()]


async def remove_references(
    tx: Transaction, kind: str, holders: Sequence[UUID], originals: Sequence[UUID]
) -> int:
    return await execute(
        tx,
        "delete from original_references where holder_kind = %(kind)s"
        " and holder_id = any(%(holders)s) and original_id = any(%(originals)s)",
        {"kind": kind, "holders": list(holders), "originals": list(originals)},
    )


async def condemn_unreferenced(tx: Transaction, originals: Sequence[UUID]) -> int:
    """Condemn what nobody holds any more; a statement of its own, after the lock was taken.

    Damaged bytes go at once, since nobody can want them back.
    """
    return await execute(
        tx,
        """
        update originals set changed_at = now(),
            state = case state when 'live' then 'condemned' else 'deleting' end
        where id = any(%(ids)s) and state in ('live', 'quarantined')
            and not exists (select from original_references where original_id = originals.id)
        """,
        {"ids": list(originals)},
    )


# ── Reading ───────────────────────────────────────────────────────────────────────────────────


async def find(snapshot: Snapshot, original: UUID) -> Original | None:
    row = await one(snapshot, OriginalRow, _SELECT + "where id = %(id)s", {"id": original})
    return row.original() if row else None


async def find_by_digest(snapshot: Snapshot, digest: Digest) -> Original | None:
    row = await one(
        snapshot,
        OriginalRow,
        _SELECT + "where scope_id = current_tenant() and digest = %(digest)s"
        " and state in ('live', 'condemned', 'quarantined') order by state = 'quarantined' limit 1",
        {"digest": digest.raw},
    )
    return row.original() if row else None


async def list_originals(
    snapshot: Snapshot, *, after: UUID | None, limit: int, orphaned: bool
) -> list[Original]:
    found = await rows(
        snapshot,
        OriginalRow,
        _SELECT
        + """
        where scope_id = current_tenant() and (%(after)s::uuid is null or id < %(after)s)
            and state = any(%(states)s)
        order by id desc limit %(limit)s
        """,
        {
            "after": after,
            "limit": limit,
            "states": ["condemned"] if orphaned else ["live", "condemned", "quarantined"],
        },
    )
    return [row.original() for row in found]


async def count_quarantined(snapshot: Snapshot) -> int:
    query = "select count(*) from originals where scope_id = %(scope)s and state = 'quarantined'"
    return await value(snapshot, query, {"scope": snapshot.caller.tenant})


async def note_examined(tx: Transaction, original: UUID, examined: Examined) -> bool | None:
    """Write down what was found, unless somebody has; tell whether the pixels can be read."""
    stripped = None if examined.stripped is None else Jsonb(examined.stripped)
    return await value(
        tx,
        "update originals set readable = coalesce(readable, %(readable)s),"
        " stripped = case when readable is null then %(stripped)s else stripped end"
        " where id = %(id)s returning readable",
        {"id": original, "readable": examined.readable, "stripped": stripped},
    )


async def list_unexamined(snapshot: Snapshot, limit: int) -> list[Original]:
    """Originals in use whose look at every byte is overdue: its job died, or never was."""
    found = await rows(
        snapshot,
        OriginalRow,
        _SELECT + "where state = 'live' and readable is null"
        " and changed_at < now() - interval '1 hour' order by id limit %(limit)s",
        {"limit": limit},
    )
    return [row.original() for row in found]


async def stats(snapshot: Snapshot, scope: UUID | None) -> Stats:
    """Add the folded figures and the differences since; *scope* None means all."""
    found = await one(
        snapshot,
        Stats,
        """
        select coalesce(sum(originals), 0)::bigint as total_count,
            coalesce(sum(bytes), 0)::bigint as total_size,
            coalesce(sum(orphans), 0)::bigint as orphaned_count,
            coalesce(sum(orphan_bytes), 0)::bigint as orphaned_size,
            coalesce(sum(references_held), 0)::bigint as "references",
            coalesce(sum(logical_bytes), 0)::bigint as logical_size
        from (
            select originals, bytes, orphans, orphan_bytes, references_held, logical_bytes
            from original_stats where %(scope)s::uuid is null or scope_id = %(scope)s
            union all
            select originals, bytes, orphans, orphan_bytes, references_held, logical_bytes
            from original_stat_changes where %(scope)s::uuid is null or scope_id = %(scope)s
        ) as figures
        """,
        {"scope": scope},
    )
    assert found is not None
    return found
