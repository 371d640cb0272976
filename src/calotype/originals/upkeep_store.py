"""What sweeping, scrubbing and doctor ask of the database; one function, one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.errors import ForeignKeyViolation
from psycopg.types.json import Jsonb

from calotype.database import Snapshot, Transaction, execute, new_id, one, rows, value
from calotype.originals.errors import OriginalStillNamed
from calotype.originals.model import SweepPlan, Swept


@dataclass(frozen=True, slots=True)
class Doomed:
    """A row that can never be live again; its bytes may go."""

    id: UUID
    object_key: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Stray:
    """An object that has no row."""

    object_key: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Checked:
    """An original whose bytes are to be read again."""

    id: UUID
    object_key: str
    size_bytes: int
    digest: bytes


# ── Plan ──────────────────────────────────────────────────────────────────────────────────────


async def plan(snapshot: Snapshot, grace_seconds: int, stray_days: float) -> SweepPlan:
    found = await one(
        snapshot,
        SweepPlan,
        """
        with collectable as (
            select size_bytes from originals
            where state = 'condemned' and changed_at <= now() - make_interval(secs => %(grace)s)
        ), kept as (
            select originals, bytes from original_stats
            union all select originals, bytes from original_stat_changes
        )
        select
            (select count(*) from collectable) as collectable,
            (select coalesce(sum(size_bytes), 0)::bigint from collectable) as collectable_bytes,
            (select count(*) from originals where state = 'deleting') as unfinished,
            (select count(*) from originals where state = 'pending' and lease_expires_at < now())
                + (select count(*) from original_references where lease_expires_at < now())
                as expired_leases,
            (select count(*) from stray_objects
                where first_seen_at < last_seen_at - make_interval(secs => %(stray)s))
                as proven_strays,
            (select coalesce(sum(originals), 0)::bigint from kept) as live,
            (select coalesce(sum(bytes), 0)::bigint from kept) as live_bytes,
            null as halted_because
        """,
        {"grace": grace_seconds, "stray": stray_days * 86400},
    )
    assert found is not None
    return found


# ── Collect ───────────────────────────────────────────────────────────────────────────────────


async def lock_collectable(tx: Transaction, grace_seconds: int, limit: int) -> list[UUID]:
    cursor = await tx.connection.execute(
        """
        select id from originals
        where state = 'condemned' and changed_at <= now() - make_interval(secs => %(grace)s)
        order by changed_at limit %(limit)s for update skip locked
        """,
        {"grace": grace_seconds, "limit": limit},
    )
    return [row[0] for row in await cursor.fetchall()]


async def doom(tx: Transaction, originals: Sequence[UUID]) -> int:
    """Pass the point of no return, judged anew: a statement of its own, after the lock."""
    return await execute(
        tx,
        """
        update originals set state = 'deleting', changed_at = now()
        where id = any(%(ids)s) and state = 'condemned'
            and not exists (select from original_references where original_id = originals.id)
        """,
        {"ids": list(originals)},
    )


async def list_doomed(snapshot: Snapshot, *, after: UUID, limit: int) -> list[Doomed]:
    return await rows(
        snapshot,
        Doomed,
        "select id, object_key, size_bytes from originals"
        " where state = 'deleting' and id > %(after)s order by id limit %(limit)s",
        {"after": after, "limit": limit},
    )


async def bury(tx: Transaction, original: UUID) -> int:
    """Remove the row whose bytes are gone, and remember that it was there."""
    try:
        return await execute(
            tx,
            """
            with gone as (
                delete from originals where id = %(id)s and state = 'deleting'
                returning id, scope_id, algorithm, digest, size_bytes, object_key)
            insert into tombstones
                (original_id, scope_id, algorithm, digest, size_bytes, object_key)
            select id, scope_id, algorithm, digest, size_bytes, object_key from gone
            """,
            {"id": original},
        )
    except ForeignKeyViolation as error:
        raise OriginalStillNamed from error


# ── Reap ──────────────────────────────────────────────────────────────────────────────────────


async def reap_pending(tx: Transaction, limit: int) -> int:
    return await execute(
        tx,
        """
        update originals set state = 'deleting', changed_at = now(), lease_expires_at = null
        where id in (
            select id from originals where state = 'pending' and lease_expires_at < now()
            order by id limit %(limit)s for update skip locked)
        """,
        {"limit": limit},
    )


async def list_expired_leases(snapshot: Snapshot, limit: int) -> list[UUID]:
    cursor = await snapshot.connection.execute(
        "select id from original_references where lease_expires_at < now() limit %(limit)s",
        {"limit": limit},
    )
    return [row[0] for row in await cursor.fetchall()]


async def lock_original_of(tx: Transaction, reference: UUID) -> UUID | None:
    return await value(
        tx,
        "select id from originals where id ="
        " (select original_id from original_references where id = %(id)s) for update",
        {"id": reference},
    )


async def remove_expired(tx: Transaction, reference: UUID, original: UUID) -> int:
    """Remove an expired lease if it still holds *original*: healing may have moved it."""
    return await execute(
        tx,
        "delete from original_references"
        " where id = %(id)s and original_id = %(original)s and lease_expires_at < now()",
        {"id": reference, "original": original},
    )


# ── Reconcile ─────────────────────────────────────────────────────────────────────────────────


async def known_keys(snapshot: Snapshot, keys: Sequence[str]) -> set[str]:
    cursor = await snapshot.connection.execute(
        "select object_key from originals where object_key = any(%(keys)s)", {"keys": list(keys)}
    )
    return {row[0] for row in await cursor.fetchall()}


async def note_stray(tx: Transaction, key: str, size_bytes: int) -> None:
    await execute(
        tx,
        "insert into stray_objects (object_key, size_bytes) values (%(key)s, %(size)s)"
        " on conflict (object_key) do update set last_seen_at = now()",
        {"key": key, "size": size_bytes},
    )


async def list_proven_strays(snapshot: Snapshot, days: float) -> list[Stray]:
    """Strays that an earlier pass saw too, at least *days* before this one."""
    return await rows(
        snapshot,
        Stray,
        "select object_key, size_bytes from stray_objects"
        " where first_seen_at < last_seen_at - make_interval(secs => %(seconds)s)",
        {"seconds": days * 86400},
    )


async def forget_stray(tx: Transaction, key: str) -> None:
    await execute(tx, "delete from stray_objects where object_key = %(key)s", {"key": key})


async def forget_unseen_strays(tx: Transaction, pass_started: object) -> int:
    """Forget strays that this pass did not see: they are gone, or have a row by now."""
    return await execute(
        tx, "delete from stray_objects where last_seen_at < %(since)s", {"since": pass_started}
    )


async def now(snapshot: Snapshot, _: None) -> object:
    """The database's clock is the only one."""
    return await value(snapshot, "select now()", {})


# ── Epoch, history, statistics ────────────────────────────────────────────────────────────────


async def find_epoch(snapshot: Snapshot) -> UUID | None:
    return await value(snapshot, "select epoch from installation", {})


async def add_epoch(tx: Transaction) -> UUID:
    epoch: UUID = await value(
        tx,
        "insert into installation (epoch) values (%(epoch)s)"
        " on conflict (only_one) do update set epoch = installation.epoch returning epoch",
        {"epoch": new_id()},
    )
    return epoch


async def has_originals(snapshot: Snapshot) -> bool:
    return bool(await value(snapshot, "select true from originals limit 1", {}))


async def renew_epoch(tx: Transaction) -> None:
    await execute(tx, "update installation set epoch = %(epoch)s", {"epoch": new_id()})


async def add_sweep(tx: Transaction, swept: Swept) -> None:
    await execute(
        tx,
        """
        insert into sweeps (id, collected, collected_bytes, reaped, halted_because)
        values (%(id)s, %(collected)s, %(bytes)s, %(reaped)s, %(halted)s)
        """,
        {
            "id": new_id(),
            "collected": swept.collected,
            "bytes": swept.collected_bytes,
            "reaped": swept.reaped,
            "halted": swept.halted_because,
        },
    )


async def fold_stats(tx: Transaction) -> None:
    await execute(
        tx,
        """
        with taken as (
            delete from original_stat_changes where id in (
                select id from original_stat_changes limit 200000 for update skip locked)
            returning *)
        insert into original_stats as folded (scope_id, originals, bytes, orphans, orphan_bytes,
            references_held, logical_bytes)
        select scope_id, sum(originals), sum(bytes), sum(orphans), sum(orphan_bytes),
            sum(references_held), sum(logical_bytes)
        from taken group by scope_id
        on conflict (scope_id) do update set
            originals = folded.originals + excluded.originals,
            bytes = folded.bytes + excluded.bytes,
            orphans = folded.orphans + excluded.orphans,
            orphan_bytes = folded.orphan_bytes + excluded.orphan_bytes,
            references_held = folded.references_held + excluded.references_held,
            logical_bytes = folded.logical_bytes + excluded.logical_bytes
        """,
        {},
    )


# ── Scrub ─────────────────────────────────────────────────────────────────────────────────────


async def list_longest_unverified(snapshot: Snapshot, limit: int) -> list[Checked]:
    return await rows(
        snapshot,
        Checked,
        "select id, object_key, size_bytes, digest from originals where state = 'live'"
        " order by verified_at nulls first limit %(limit)s",
        {"limit": limit},
    )


async def list_visible(snapshot: Snapshot, *, after: UUID, number: int, of: int) -> list[Checked]:
    """A page of the share *number* of *of* of all visible originals, by id."""
    return await rows(
        snapshot,
        Checked,
        """
        select id, object_key, size_bytes, digest from originals
        where state in ('live', 'condemned') and id > %(after)s
            and abs(hashtext(id::text)::bigint) %% %(of)s = %(number)s
        order by id limit 500
        """,
        {"after": after, "number": number, "of": of},
    )


async def is_visible(snapshot: Snapshot, original: UUID) -> bool:
    return bool(
        await value(
            snapshot,
            "select true from originals where id = %(id)s and state in ('live', 'condemned')",
            {"id": original},
        )
    )


async def lock_unheld(tx: Transaction) -> list[UUID]:
    """Lock what seems to be held by nobody; a statement after this one knows for certain."""
    cursor = await tx.connection.execute(
        """
        select id from originals
        where state = 'live' and changed_at < now() - interval '1 hour'
            and not exists (select from original_references where original_id = originals.id)
        order by id for update
        """
    )
    return [row[0] for row in await cursor.fetchall()]


async def mark_verified(tx: Transaction, original: UUID) -> None:
    await execute(
        tx, "update originals set verified_at = now() where id = %(id)s", {"id": original}
    )


async def quarantine(tx: Transaction, original: UUID, reason: str) -> int:
    """Take an original whose bytes are not what they were out of sight of deduplication.

    A condemned one has nobody who could wait for its healing.
    """
    return await execute(
        tx,
        "update originals set changed_at = now(), facts = facts || %(why)s,"
        " state = case state when 'live' then 'quarantined' else 'deleting' end"
        " where id = %(id)s and state in ('live', 'condemned')",
        {"id": original, "why": Jsonb({"quarantined": reason})},
    )
