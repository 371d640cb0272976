"""Spool: the folder where files lie while they arrive."""

import asyncio
from pathlib import Path
from uuid import uuid4

from calotype.storage.disk import disk_trouble, make_folder, remove_older_files


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
        with disk_trouble():
            return await asyncio.to_thread(remove_older_files, self.folder, older_than_hours)
