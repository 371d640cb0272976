"""The verbs of the journal: write, list, undo, close.

The journal knows nothing of what its entries are about. Whoever writes one also says how it is
undone; what undoing needs is held in the name of the entry, until it is undone or too old.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from calotype.database import SYSTEM, Database, Snapshot, Transaction
from calotype.journal import store
from calotype.journal.errors import AlreadyUndone, EntryMissing, UndoTooLate
from calotype.journal.model import Before, Entry

log = structlog.get_logger()

_BATCH = 100

Inverse = Callable[[Transaction, UUID, Before], Awaitable[None]]
"""Puts things back as they were before an entry; it locks what it needs by itself."""
Release = Callable[[Transaction, Sequence[UUID]], Awaitable[object]]
"""Lets go of what is held in the name of entries."""


@dataclass(frozen=True, slots=True)
class Journal:
    """Writes down what is done; for `keep_days` it can be undone."""

    keep_days: float

    async def write(
        self,
        tx: Transaction,
        entry: UUID,
        action: str,
        subjects: Mapping[str, int],
        before: Before,
    ) -> None:
        """Write an entry with the change that it tells of; it may hold something already."""
        await store.add(tx, entry, action, subjects, before, self.keep_days)

    async def get(self, snapshot: Snapshot, entry: UUID) -> Entry:
        """What the caller did; what anybody did, for those who administer."""
        found = await store.find(snapshot, entry)
        if found is None:
            raise EntryMissing
        return found

    async def list_entries(
        self, snapshot: Snapshot, *, after: UUID | None, limit: int
    ) -> list[Entry]:
        return await store.list_entries(snapshot, after=after, limit=limit)

    async def count(self, snapshot: Snapshot, *, up_to: int) -> int:
        return await store.count(snapshot, up_to)


@dataclass(frozen=True, slots=True)
class Undoing:
    """Undoes entries by the inverses of the slices that wrote them."""

    database: Database
    journal: Journal
    inverses: Mapping[str, Inverse]
    release: Release

    async def undo(self, tx: Transaction, entry: UUID) -> Entry:
        """Put things back; of two who do it at once, the second changes nothing.

        The inverse comes first, because it locks originals, which everybody does before all else.
        """
        found = await self.journal.get(tx, entry)
        if found.undone_at is not None:
            raise AlreadyUndone
        if found.before is None or not found.undoable:
            raise UndoTooLate
        await self.inverses[found.action](tx, entry, found.before)
        await self.release(tx, [entry])
        if not await store.note_undone(tx, entry):
            raise AlreadyUndone
        log.info("journal.undone", entry=str(entry), action=found.action)
        return await self.journal.get(tx, entry)

    async def close_expired(self) -> int:
        """Let go of what can no longer be undone, a batch at a time."""
        closed = 0
        while True:
            async with self.database.transaction(SYSTEM) as tx:
                expired = await store.list_expired(tx, _BATCH)
                await self.release(tx, expired)
                closed += await store.close(tx, expired)
            if len(expired) < _BATCH:
                return closed
