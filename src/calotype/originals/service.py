"""The verbs of originals: keep, hold, release, read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from calotype.database import Caller, Snapshot, Transaction
from calotype.digest import Digest
from calotype.originals import merge_store, store
from calotype.originals.errors import OriginalMissing, ReferenceLost
from calotype.originals.keeping import Arrival, Keeping
from calotype.originals.model import Examined, Facts, Holder, HolderKind, Kept, Original, Stats


@dataclass(frozen=True, slots=True)
class Originals:
    """Keeps every distinct file once, for as long as a reference holds it."""

    keeping: Keeping

    async def keep(
        self,
        caller: Caller,
        file: Path,
        digest: Digest,
        size_bytes: int,
        facts: Facts,
        *,
        holder: Holder,
    ) -> Kept:
        """Keep the bytes in *file* and lease a reference to them to *holder*.

        Slow, and no transaction may be open. What is not taken over within the lease is reaped.
        """
        assert caller.tenant is not None
        return await self.keeping.keep(
            caller,
            Arrival(
                scope=caller.tenant,
                file=file,
                digest=digest,
                size_bytes=size_bytes,
                facts=facts,
                holder=holder,
            ),
        )

    async def take_over(self, tx: Transaction, kept: Kept, holder: Holder) -> None:
        """Turn the leased reference into one that *holder* has for good."""
        if not await store.take_over(tx, kept, holder):
            raise ReferenceLost

    async def hold(self, tx: Transaction, original: UUID, holder: Holder) -> None:
        """Add a reference to a live original; holding twice changes nothing."""
        await store.add_reference(tx, original, holder, leased=False)

    async def lock(self, tx: Transaction, kind: HolderKind, holders: Sequence[UUID]) -> None:
        """Lock what *holders* hold: whoever locks rows of holders too does this before."""
        await store.lock_held(tx, kind, holders)

    async def release(self, tx: Transaction, kind: HolderKind, holders: Sequence[UUID]) -> int:
        """Remove what *holders* hold; originals that nobody holds any more are condemned.

        Healing may move a reference while this waits for a lock, hence another look.
        """
        removed = 0
        while held := await store.lock_held(tx, kind, holders):
            removed += await store.remove_references(tx, kind, holders, held)
            await store.condemn_unreferenced(tx, held)
        return removed

    async def lock_live(self, tx: Transaction, *originals: UUID) -> None:
        """Lock originals of the caller's tenant before their references are moved."""
        if len(await merge_store.lock_live(tx, originals)) < len(originals):
            raise OriginalMissing

    async def move_media(
        self, tx: Transaction, source: UUID, target: UUID, only: Sequence[UUID] | None = None
    ) -> list[UUID]:
        """Have all media that hold *source*, or *only* some, hold *target*; name them.

        Both were locked before. Whoever wants *source* to stay holds it before.
        """
        moved = await merge_store.move_media(tx, source, target, only)
        await store.condemn_unreferenced(tx, [source])
        return moved

    async def note_examined(
        self, tx: Transaction, original: UUID, examined: Examined
    ) -> bool | None:
        """Write down what a look at every byte told; whoever was first is believed.

        Tells whether the pixels can be read, None for an original that is gone.
        """
        return await store.note_examined(tx, original, examined)

    async def list_unexamined(self, snapshot: Snapshot, limit: int) -> list[Original]:
        """Originals of all tenants that somebody should have looked at long ago."""
        return await store.list_unexamined(snapshot, limit)

    async def get(self, snapshot: Snapshot, original: UUID) -> Original:
        found = await store.find(snapshot, original)
        if found is None:
            raise OriginalMissing
        return found

    async def find_by_digest(self, snapshot: Snapshot, digest: Digest) -> Original | None:
        return await store.find_by_digest(snapshot, digest)

    async def list_originals(
        self, snapshot: Snapshot, *, after: UUID | None, limit: int, orphaned: bool = False
    ) -> list[Original]:
        return await store.list_originals(snapshot, after=after, limit=limit, orphaned=orphaned)

    async def count(self, snapshot: Snapshot, *, orphaned: bool = False) -> int:
        """Tell how many `list_originals` lists in all; the statistics know no damaged ones."""
        stats = await self.stats(snapshot)
        if orphaned:
            return stats.orphaned_count
        return stats.total_count + await store.count_quarantined(snapshot)

    async def stats(self, snapshot: Snapshot) -> Stats:
        """Figures of the caller's tenant; of all tenants for the system."""
        return await store.stats(snapshot, snapshot.caller.tenant)
