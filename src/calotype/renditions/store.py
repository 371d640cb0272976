"""The table `renditions`; one function, one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from calotype.database import Snapshot, Transaction, execute, new_id, one, rows, value
from calotype.imaging import Rendered
from calotype.renditions.model import Claim, Format, Rendition, State, Stats

_LEASE = "60 seconds"
RENEW_SECONDS = 20
"""How often a maker says that it lives, within its lease."""
_RETRY_FAILED = "1 hour"
_LINGER = "10 minutes"
"""How long an object outlives its row's end: somebody may be reading it."""

_COLUMNS: LiteralString = """
    id, original_id, scope_id, recipe, format, object_key, media_type, width, height, size_bytes,
    quick
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a rendition that is not live."""

    state: State
    over: bool
    """The lease has ended: it may be made anew."""
    trouble: str | None


@dataclass(frozen=True, slots=True)
class Doomed:
    """A row whose object may go."""

    id: UUID
    object_key: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A live rendition, to be compared with the store."""

    id: UUID
    object_key: str
    size_bytes: int


# ── Finding ───────────────────────────────────────────────────────────────────────────────────


async def find(snapshot: Snapshot, original: UUID, recipe: str, form: Format) -> Rendition | None:
    """Find a live rendition, whoever asks: who may have it was decided with the address."""
    return await one(
        snapshot,
        Rendition,
        "select" + _COLUMNS + "from find_rendition(%(original)s, %(recipe)s, %(format)s)",
        {"original": original, "recipe": recipe, "format": form},
    )


async def find_by_id(snapshot: Snapshot, rendition: UUID) -> Rendition | None:
    return await one(
        snapshot,
        Rendition,
        "select" + _COLUMNS + "from renditions where id = %(id)s and state = 'live'",
        {"id": rendition},
    )


async def find_entry(snapshot: Snapshot, original: UUID, recipe: str, form: Format) -> Entry | None:
    return await one(
        snapshot,
        Entry,
        """
        select state, coalesce(lease_expires_at < now(), false) as over, trouble from renditions
        where original_id = %(original)s and recipe = %(recipe)s and format = %(format)s
            and state in ('pending', 'live', 'failed')
        """,
        {"original": original, "recipe": recipe, "format": form},
    )


# ── Making ────────────────────────────────────────────────────────────────────────────────────


async def end_overdue(tx: Transaction, original: UUID, recipe: str, form: Format) -> None:
    """Make room where a maker died, or where what failed may be tried again."""
    await execute(
        tx,
        """
        update renditions set state = 'deleting', changed_at = now(), lease_expires_at = null
        where original_id = %(original)s and recipe = %(recipe)s and format = %(format)s
            and state in ('pending', 'improving', 'failed') and lease_expires_at < now()
        """,
        {"original": original, "recipe": recipe, "format": form},
    )


async def claim(
    tx: Transaction, original: UUID, recipe: str, form: Format, *, state: State, quick: bool
) -> Claim | None:
    """Claim the making, if the original is live and readable and nobody else was first.

    The original is locked, so that it cannot go between its row's look and this one's birth.
    """
    rendition = new_id()
    return await one(
        tx,
        Claim,
        f"""
        insert into renditions (id, original_id, scope_id, recipe, format, state, quick,
            object_key, lease_expires_at)
        select %(id)s, id, scope_id, %(recipe)s, %(format)s, %(state)s, %(quick)s, %(key)s,
            now() + interval '{_LEASE}'
        from originals
        where id = %(original)s and state = 'live' and readable is distinct from false
        for share
        on conflict do nothing
        returning id, original_id, recipe, format, object_key, quick
        """,
        {
            "id": rendition,
            "original": original,
            "recipe": recipe,
            "format": form,
            "state": state,
            "quick": quick,
            "key": f"r/{rendition.hex[-2:]}/{rendition.hex[-4:-2]}/{rendition}",
        },
    )


async def renew(tx: Transaction, claims: Sequence[UUID]) -> None:
    await execute(
        tx,
        f"update renditions set lease_expires_at = now() + interval '{_LEASE}'"
        " where id = any(%(ids)s) and state in ('pending', 'improving')",
        {"ids": list(claims)},
    )


async def share_original(tx: Transaction, original: UUID) -> None:
    """Keep the original from changing, before rows are changed that follow it."""
    await value(tx, "select id from originals where id = %(id)s for share", {"id": original})


async def retire(tx: Transaction, improved: Claim) -> None:
    """Take the live rendition out of the way of the one that improves it."""
    await execute(
        tx,
        """
        update renditions set state = 'deleting', changed_at = now()
        where original_id = %(original)s and recipe = %(recipe)s and format = %(format)s
            and state = 'live' and id <> %(id)s
            and exists (select from renditions where id = %(id)s and state = 'improving')
        """,
        {
            "id": improved.id,
            "original": improved.original_id,
            "recipe": improved.recipe,
            "format": improved.format,
        },
    )


async def make_live(
    tx: Transaction, made: Claim, rendered: Rendered, trouble: str | None
) -> Rendition | None:
    """Show what was made, unless the lease was lost or the original has gone."""
    return await one(
        tx,
        Rendition,
        """
        update renditions set state = 'live', changed_at = now(), lease_expires_at = null,
            media_type = %(media_type)s, width = %(width)s, height = %(height)s,
            size_bytes = %(size)s, trouble = %(trouble)s
        where id = %(id)s and state in ('pending', 'improving')
        returning
        """
        + _COLUMNS,
        {
            "id": made.id,
            "media_type": rendered.media_type,
            "width": rendered.width,
            "height": rendered.height,
            "size": rendered.size_bytes,
            "trouble": trouble,
        },
    )


async def fail(tx: Transaction, failed: UUID, reason: str) -> None:
    """Remember that no encoder could do it, for a while; a better one was no loss."""
    await execute(
        tx,
        f"""
        update renditions set changed_at = now(), trouble = %(reason)s,
            state = case state when 'pending' then 'failed' else 'deleting' end,
            lease_expires_at = case state
                when 'pending' then now() + interval '{_RETRY_FAILED}' end
        where id = %(id)s and state in ('pending', 'improving')
        """,
        {"id": failed, "reason": reason},
    )


async def give_up(tx: Transaction, claims: Sequence[UUID]) -> None:
    await execute(
        tx,
        """
        update renditions set state = 'deleting', changed_at = now(), lease_expires_at = null
        where id = any(%(ids)s) and state in ('pending', 'improving')
        """,
        {"ids": list(claims)},
    )


async def forget(tx: Transaction, rendition: UUID) -> int:
    """Give up a live rendition, so that the next who asks has it made anew."""
    return await execute(
        tx,
        "update renditions set state = 'deleting', changed_at = now()"
        " where id = %(id)s and state = 'live'",
        {"id": rendition},
    )


# ── Upkeep ────────────────────────────────────────────────────────────────────────────────────


async def reap(tx: Transaction, limit: int) -> int:
    """End what was begun and never finished."""
    return await execute(
        tx,
        """
        update renditions set state = 'deleting', changed_at = now(), lease_expires_at = null
        where id in (
            select id from renditions
            where state in ('pending', 'improving') and lease_expires_at < now()
            order by id limit %(limit)s for update skip locked)
        """,
        {"limit": limit},
    )


async def list_doomed(snapshot: Snapshot, *, after: UUID, limit: int) -> list[Doomed]:
    return await rows(
        snapshot,
        Doomed,
        f"""
        select id, object_key from renditions
        where state = 'deleting' and changed_at < now() - interval '{_LINGER}' and id > %(after)s
        order by id limit %(limit)s
        """,
        {"after": after, "limit": limit},
    )


async def bury(tx: Transaction, rendition: UUID) -> int:
    return await execute(
        tx,
        "delete from renditions where id = %(id)s and state = 'deleting'",
        {"id": rendition},
    )


async def known_keys(snapshot: Snapshot, keys: Sequence[str]) -> set[str]:
    cursor = await snapshot.connection.execute(
        "select object_key from renditions where object_key = any(%(keys)s)", {"keys": list(keys)}
    )
    return {row[0] for row in await cursor.fetchall()}


async def list_live(snapshot: Snapshot, *, after: UUID, limit: int) -> list[Stored]:
    return await rows(
        snapshot,
        Stored,
        "select id, object_key, size_bytes from renditions"
        " where state = 'live' and id > %(after)s order by id limit %(limit)s",
        {"after": after, "limit": limit},
    )


async def is_live(snapshot: Snapshot, rendition: UUID) -> bool:
    return bool(
        await value(
            snapshot,
            "select true from renditions where id = %(id)s and state = 'live'",
            {"id": rendition},
        )
    )


async def stats(snapshot: Snapshot) -> Stats:
    found = await one(
        snapshot,
        Stats,
        """
        select count(*) as count, coalesce(sum(size_bytes), 0)::bigint as size_bytes
        from renditions where state = 'live'
        """,
        {},
    )
    return found or Stats()
