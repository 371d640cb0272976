"""The mark that database and object store share, so that neither is mistaken for another's."""

import time
from dataclasses import dataclass

from calotype.database import SYSTEM, Database
from calotype.originals import upkeep_store
from calotype.originals.errors import StoreForeign
from calotype.storage import Objects

EPOCH_KEY = "epoch"
FOREIGN_STORE = (
    "The database and the object store do not carry the same mark: one of them was restored from"
    " a backup, or they do not belong together."
)
_TRUSTED_SECONDS = 60.0


async def belongs_together(database: Database, objects: Objects) -> bool:
    """Tell whether database and store carry the same mark."""
    ours, theirs = await _read_marks(database, objects)
    return ours is not None and ours == theirs


async def _read_marks(database: Database, objects: Objects) -> tuple[bytes | None, bytes | None]:
    async with database.snapshot(SYSTEM) as snapshot:
        epoch = await upkeep_store.find_epoch(snapshot)
    return epoch and str(epoch).encode(), await objects.read_marker(EPOCH_KEY)


@dataclass(slots=True)
class Trust:
    """Remembers for a while that the store is the one that this database knows."""

    until: float = 0.0

    async def demand(self, database: Database, objects: Objects) -> None:
        """Refuse a store with another mark, or none, for what is kept there may be lost.

        Another's owner would take it for litter, and where no mark is, a disk may not be mounted.
        A database that has no mark itself has just been made, and knows no store.
        """
        if time.monotonic() < self.until:
            return
        ours, theirs = await _read_marks(database, objects)
        if ours is not None and ours != theirs:
            raise StoreForeign(FOREIGN_STORE)
        self.until = time.monotonic() + _TRUSTED_SECONDS
