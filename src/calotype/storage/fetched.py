"""Having an object at hand as a file, wherever objects lie."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from calotype.storage.objects import Objects
from calotype.storage.spool import Spool


@asynccontextmanager
async def at_hand(objects: Objects, spool: Spool, key: str) -> AsyncGenerator[Path]:
    """Name a file that is this object, fetched where the store is no folder."""
    local = objects.local_path(key)
    if local is not None:
        yield local
        return
    with tempfile.TemporaryDirectory(dir=spool.folder) as folder:
        file = Path(folder) / "object"
        await objects.fetch(key, file)
        yield file
