"""Removing what nobody can ask for any more, and finding what the store has lost."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from calotype.database import SYSTEM, Database
from calotype.originals import Finding, KeySpace, Sweeper
from calotype.renditions import store
from calotype.renditions.checks import RENDITION_MISSING
from calotype.storage import Objects

log = structlog.get_logger()

KEY_SPACE = KeySpace("r", store.known_keys)
"""Where the objects of renditions lie; reconcile asks whose they are."""

_BATCH = 100
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Keeps renditions and their objects together; what it removes can be made again."""

    database: Database
    objects: Objects
    originals: Sweeper

    async def sweep(self) -> int:
        """Reap what was never finished, and remove bytes, then rows; tell how many went."""
        if not await self.originals.belongs_together():
            return 0
        async with self.database.transaction(SYSTEM) as tx:
            await store.reap(tx, _BATCH)
        removed = 0
        async for doomed in self._iter_doomed():
            await self.objects.delete(doomed.object_key)
            async with self.database.transaction(SYSTEM) as tx:
                removed += await store.bury(tx, doomed.id)
        if removed:
            log.info("renditions.swept", removed=removed)
        return removed

    async def _iter_doomed(self) -> AsyncGenerator[store.Doomed]:
        last = UUID(int=0)
        while True:
            async with self.database.snapshot(SYSTEM) as snapshot:
                page = await store.list_doomed(snapshot, after=last, limit=_PAGE)
            for doomed in page:
                yield doomed
            if not page:
                return
            last = page[-1].id

    async def look(self) -> Sequence[Finding]:
        """Find the object of every live rendition."""
        return [RENDITION_MISSING.found(str(lost.id)) async for lost in self._iter_lost()]

    async def forget_lost(self) -> int:
        """Give up what has lost its object; whoever asks next has it made anew."""
        forgotten = 0
        async for lost in self._iter_lost():
            async with self.database.transaction(SYSTEM) as tx:
                forgotten += await store.forget(tx, lost.id)
        return forgotten

    async def _iter_lost(self) -> AsyncGenerator[store.Stored]:
        last = UUID(int=0)
        while True:
            async with self.database.snapshot(SYSTEM) as snapshot:
                page = await store.list_live(snapshot, after=last, limit=_PAGE)
            for stored in page:
                if await self._is_lost(stored):
                    yield stored
            if not page:
                return
            last = page[-1].id

    async def _is_lost(self, stored: store.Stored) -> bool:
        """What was swept since the page was read is not lost."""
        found = await self.objects.find(stored.object_key)
        if found is not None and found.size_bytes == stored.size_bytes:
            return False
        async with self.database.snapshot(SYSTEM) as snapshot:
            return await store.is_live(snapshot, stored.id)
