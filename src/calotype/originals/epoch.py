"""The mark that database and object store share, so that neither is mistaken for another's."""

from calotype.database import SYSTEM, Database
from calotype.originals import upkeep_store
from calotype.storage import Objects

EPOCH_KEY = "epoch"
FOREIGN_STORE = (
    "The database and the object store do not carry the same mark: one of them was restored from"
    " a backup, or they do not belong together."
)


async def belongs_together(database: Database, objects: Objects) -> bool:
    """Tell whether database and store carry the same mark."""
    async with database.snapshot(SYSTEM) as snapshot:
        epoch = await upkeep_store.find_epoch(snapshot)
    return epoch is not None and await objects.read_marker(EPOCH_KEY) == str(epoch).encode()
