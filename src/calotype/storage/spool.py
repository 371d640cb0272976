"""Spool: the folder where files lie while they arrive."""

import asyncio
import time
from pathlib import Path
from uuid import uuid4

from calotype.storage.disk import disk_trouble, make_folder

_HOUR_SECONDS = 3600


class Spool:
    """Hands out paths that nobody else has, in a folder that nobody else may enter."""

    def __init__(self, folder: Path) -> None:
        with disk_trouble():
            make_folder(folder)
            folder.chmod(0o700)
        self.folder = folder

    def new_path(self) -> Path:
        return self.folder / uuid4().hex

    async def remove_leftovers(self, *, older_than_hours: float) -> int:
        """Remove what a crash left behind; returns how many files that were."""
        return await asyncio.to_thread(self._remove_leftovers, older_than_hours)

    def _remove_leftovers(self, older_than_hours: float) -> int:
        oldest = time.time() - older_than_hours * _HOUR_SECONDS
        with disk_trouble():
            return sum(_remove_older(file, oldest) for file in self.folder.iterdir())


def _remove_older(file: Path, oldest: float) -> bool:
    """Leave alone what is moved into the store while this looks at it."""
    try:
        if not file.is_file() or file.stat().st_mtime >= oldest:
            return False
        file.unlink()
    except FileNotFoundError:
        return False
    return True
