"""Letting holders of one original hold another; one function, one statement."""

from collections.abc import Sequence
from uuid import UUID

from calotype.database import Transaction


async def lock_live(tx: Transaction, originals: Sequence[UUID]) -> list[UUID]:
    """Lock those of *originals* that are live, in the order in which everybody does."""
    cursor = await tx.connection.execute(
        "select id from originals where id = any(%(ids)s) and scope_id = current_tenant()"
        " and state = 'live' order by id for update",
        {"ids": list(originals)},
    )
    return [row[0] for row in await cursor.fetchall()]


async def move_media(
    tx: Transaction, source: UUID, target: UUID, only: Sequence[UUID] | None
) -> list[UUID]:
    """Have media hold *target* instead of *source*; name them."""
    cursor = await tx.connection.execute(
        """
        update original_references set original_id = %(target)s
        where original_id = %(source)s and holder_kind = 'media'
            and (%(only)s::uuid[] is null or holder_id = any(%(only)s))
        returning holder_id
        """,
        {"source": source, "target": target, "only": None if only is None else list(only)},
    )
    return [row[0] for row in await cursor.fetchall()]
