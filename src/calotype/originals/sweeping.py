"""Removing what nobody refers to: collect, reap and reconcile, and every reason not to."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

import structlog

from calotype.database import SYSTEM, Database, Snapshot
from calotype.errors import Unavailable
from calotype.originals import store, upkeep_store
from calotype.originals.epoch import EPOCH_KEY, FOREIGN_STORE, belongs_together
from calotype.originals.errors import OriginalStillNamed
from calotype.originals.model import Reconciled, Stats, SweepPlan, Swept
from calotype.storage import ObjectInfo, Objects

log = structlog.get_logger()

Argument = TypeVar("Argument")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class KeySpace:
    """A folder of keys in the store, and the rows that know them."""

    prefix: str
    known_keys: Callable[[Snapshot, Sequence[str]], Awaitable[set[str]]]


ORIGINALS = KeySpace("o", upkeep_store.known_keys)
_BATCH = 100
_SHARE_THAT_HALTS = 0.01
_COUNT_THAT_NEVER_HALTS = 100


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Removes bytes, and only those that are certainly nobody's.

    `grace_seconds` is how long bytes without a reference are kept for whoever changes their
    mind; `stray_days` how far apart two passes must have seen an object without a row;
    `key_spaces` all that objects may be kept under.
    """

    database: Database
    objects: Objects
    grace_seconds: int
    stray_days: float = 1.0
    key_spaces: tuple[KeySpace, ...] = (ORIGINALS,)

    async def ensure_epoch(self) -> None:
        """Mark a new store as belonging to this database; never overwrite another's mark.

        Once there are originals, a store without a mark is not new: its disk may be missing.
        """
        async with self.database.transaction(SYSTEM) as tx:
            epoch = await upkeep_store.add_epoch(tx)
            begun = await upkeep_store.has_originals(tx)
        if not begun and await self.objects.read_marker(EPOCH_KEY) is None:
            await self.objects.write_marker(EPOCH_KEY, str(epoch).encode())

    async def mark_store(self) -> bool:
        """Put the database's mark on the store, whatever mark it has; tell whether it changed."""
        if await self.belongs_together():
            return False
        async with self.database.transaction(SYSTEM) as tx:
            epoch = await upkeep_store.add_epoch(tx)
        await self.objects.write_marker(EPOCH_KEY, str(epoch).encode())
        return True

    async def renew_epoch(self) -> None:
        """Give a restored database a mark that no store carries yet."""
        async with self.database.transaction(SYSTEM) as tx:
            await upkeep_store.renew_epoch(tx)

    async def plan(self) -> SweepPlan:
        """Say what a sweep would do now, and what speaks against it."""
        plan = await self._count()
        if not await self.belongs_together():
            return replace(plan, halted_because=FOREIGN_STORE)
        if _is_too_much(plan.collectable, plan.collectable_bytes, plan.live_bytes):
            return replace(plan, halted_because=_too_much(plan.collectable, plan.collectable_bytes))
        return plan

    async def _count(self) -> SweepPlan:
        async with self.database.snapshot(SYSTEM) as snapshot:
            return await upkeep_store.plan(snapshot, self.grace_seconds, self.stray_days)

    async def belongs_together(self) -> bool:
        """Tell whether database and store carry the same mark."""
        return await belongs_together(self.database, self.objects)

    async def stats(self) -> Stats:
        """Figures over all tenants."""
        return await self._read(store.stats, None)

    async def sweep(self, *, force: bool = False) -> Swept:
        """Collect and reap; *force* overrules the limit on how much may go at once."""
        try:
            swept = await self._sweep(force=force)
        except Unavailable as error:
            swept = Swept(halted_because=str(error))
        if swept.halted_because:
            log.error("originals.sweep_halted", reason=swept.halted_because)
        async with self.database.transaction(SYSTEM) as tx:
            await upkeep_store.add_sweep(tx, swept)
        return swept

    async def _sweep(self, *, force: bool) -> Swept:
        plan = await self.plan()
        if plan.halted_because == FOREIGN_STORE or (plan.halted_because and not force):
            return Swept(halted_because=plan.halted_because)
        await self._doom(plan.collectable)
        reaped = await self._reap()
        return replace(await self._remove_doomed(), reaped=reaped)

    async def _doom(self, expected: int) -> None:
        """Mark what is collectable as never to be live again, no more than was planned."""
        while expected > 0:
            async with self.database.transaction(SYSTEM) as tx:
                found = await upkeep_store.lock_collectable(
                    tx, self.grace_seconds, min(_BATCH, expected)
                )
                await upkeep_store.doom(tx, found)
            if not found:
                break
            expected -= len(found)

    async def _reap(self) -> int:
        """End what was begun and never finished: pending rows and leased references."""
        async with self.database.transaction(SYSTEM) as tx:
            reaped = await upkeep_store.reap_pending(tx, _BATCH)
        for reference in await self._read(upkeep_store.list_expired_leases, _BATCH):
            reaped += await self._reap_reference(reference)
        return reaped

    async def _reap_reference(self, reference: UUID) -> int:
        async with self.database.transaction(SYSTEM) as tx:
            original = await upkeep_store.lock_original_of(tx, reference)
            if original is None:
                return 0
            removed = await upkeep_store.remove_expired(tx, reference, original)
            await store.condemn_unreferenced(tx, [original])
        return removed

    async def _remove_doomed(self) -> Swept:
        """Remove the bytes, then the row; what a crash left undone is done by the next sweep."""
        swept = Swept()
        async for doomed in self._iter_doomed():
            try:
                await self.objects.delete(doomed.object_key)
            except Unavailable as error:
                return replace(swept, halted_because=str(error))
            buried = await self._bury(doomed)
            swept = replace(
                swept,
                collected=swept.collected + buried,
                collected_bytes=swept.collected_bytes + buried * doomed.size_bytes,
            )
        return swept

    async def _iter_doomed(self) -> AsyncGenerator[upkeep_store.Doomed]:
        last = UUID(int=0)
        while True:
            async with self.database.snapshot(SYSTEM) as snapshot:
                page = await upkeep_store.list_doomed(snapshot, after=last, limit=_BATCH)
            for doomed in page:
                yield doomed
            if not page:
                return
            last = page[-1].id

    async def _bury(self, doomed: upkeep_store.Doomed) -> int:
        """Remove one row; one that cannot go must not keep the others."""
        try:
            async with self.database.transaction(SYSTEM) as tx:
                return await upkeep_store.bury(tx, doomed.id)
        except OriginalStillNamed as error:
            log.error("originals.not_buried", original=str(doomed.id), reason=str(error.__cause__))
            return 0

    async def reconcile(self, *, force: bool = False) -> Reconciled:
        """List the store, then ask whose each object is; what nobody owns goes after two passes.

        A row is written before its object, so an object that has no row now never gets one.
        """
        try:
            return await self._reconcile(force=force)
        except Unavailable as error:
            log.error("originals.reconcile_halted", reason=str(error))
            return Reconciled(halted_because=str(error))

    async def _reconcile(self, *, force: bool) -> Reconciled:
        if not await self.belongs_together():
            return Reconciled(halted_because=FOREIGN_STORE)
        strays = await self._note_strays()
        proven = await self._read(upkeep_store.list_proven_strays, self.stray_days)
        size_bytes = sum(stray.size_bytes for stray in proven)
        live_bytes = (await self._count()).live_bytes
        if _is_too_much(len(proven), size_bytes, live_bytes) and not force:
            return Reconciled(strays=strays, halted_because=_too_much(len(proven), size_bytes))
        for stray in proven:
            await self.objects.delete(stray.object_key)
            async with self.database.transaction(SYSTEM) as tx:
                await upkeep_store.forget_stray(tx, stray.object_key)
        return Reconciled(strays=strays, strays_removed=len(proven))

    async def _note_strays(self) -> int:
        """Write down which objects have no row now; forget those that were not seen again."""
        started = await self._read(upkeep_store.now, None)
        strays = 0
        async for stray in self.iter_strays():
            strays += 1
            async with self.database.transaction(SYSTEM) as tx:
                await upkeep_store.note_stray(tx, stray.key, stray.size_bytes)
        async with self.database.transaction(SYSTEM) as tx:
            await upkeep_store.forget_unseen_strays(tx, started)
        return strays

    async def iter_strays(self) -> AsyncGenerator[ObjectInfo]:
        """Objects without a row: each page is listed first and looked up second."""
        for space in self.key_spaces:
            async for page in self.objects.list_pages(space.prefix):
                known = await self._read(space.known_keys, [found.key for found in page])
                for found in page:
                    if found.key not in known:
                        yield found

    async def _read(
        self, query: Callable[[Snapshot, Argument], Awaitable[Found]], argument: Argument
    ) -> Found:
        async with self.database.snapshot(SYSTEM) as snapshot:
            return await query(snapshot, argument)


def _is_too_much(count: int, size_bytes: int, live_bytes: int) -> bool:
    return count > _COUNT_THAT_NEVER_HALTS and size_bytes > _SHARE_THAT_HALTS * live_bytes


def _too_much(count: int, size_bytes: int) -> str:
    return (
        f"{count} objects ({size_bytes} bytes) would go at once, more than"
        f" {_SHARE_THAT_HALTS:.0%} of all bytes: look first, then sweep with --force."
    )
