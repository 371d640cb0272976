"""Reading bytes again and comparing them with their digest, before somebody misses them."""

from dataclasses import dataclass

import structlog

from calotype.database import SYSTEM, Database
from calotype.digest import Digest, Hasher
from calotype.originals import upkeep_store
from calotype.originals.epoch import FOREIGN_STORE, belongs_together
from calotype.storage import ObjectMissing, Objects

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Scrubber:
    """Verifies originals, those first that were not verified for longest."""

    database: Database
    objects: Objects

    async def scrub(self, count: int) -> int:
        """Verify *count* originals; tell how many were damaged and are quarantined now.

        A store that is not ours says nothing about our bytes.
        """
        if not await belongs_together(self.database, self.objects):
            log.error("originals.scrub_halted", reason=FOREIGN_STORE)
            return 0
        async with self.database.snapshot(SYSTEM) as snapshot:
            chosen = await upkeep_store.list_longest_unverified(snapshot, count)
        return sum([await self._verify(checked) for checked in chosen])

    async def _verify(self, checked: upkeep_store.Checked) -> bool:
        """Read twice before believing in damage: the bytes may have been disturbed on their way."""
        damage = await self.damage(checked) and await self.damage(checked)
        async with self.database.transaction(SYSTEM) as tx:
            if damage is None:
                await upkeep_store.mark_verified(tx, checked.id)
            else:
                await upkeep_store.quarantine(tx, checked.id, damage)
        if damage:
            log.error("originals.quarantined", original=str(checked.id), reason=damage)
        return damage is not None

    async def damage(self, checked: upkeep_store.Checked) -> str | None:
        """Read the whole object; None means that every byte is as it was."""
        hasher = Hasher()
        try:
            async for chunk in self.objects.read(checked.object_key):
                hasher.update(chunk)
        except ObjectMissing:
            return "missing"
        return None if hasher.digest() == Digest(checked.digest) else "changed"
