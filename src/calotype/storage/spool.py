"""Spool: the folder where files lie while they arrive."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from pathlib import Path
from uuid import uuid4

from calotype.storage.disk import disk_trouble, make_folder, remove_older_files
from calotype.storage.draft import BUFFER_BYTES, Draft
from calotype.storage.objects import Objects

_MOST_SPARE_BUFFERS = 16


class Spool:
    """Hands out files that nobody else has, in a folder that nobody else may enter."""

    def __init__(self, folder: Path) -> None:
        with disk_trouble():
            make_folder(folder)
            folder.chmod(0o700)
        self.folder = folder
        self._spare_buffers: list[memoryview] = []

    def new_path(self) -> Path:
        return self.folder / uuid4().hex

    @contextmanager
    def draft(self) -> Generator[Draft]:
        """Open a new file; it is gone after the block, unless it was moved into the store."""
        buffer = self._spare_buffers.pop() if self._spare_buffers else _new_buffer()
        draft = Draft(self.new_path(), buffer)
        try:
            yield draft
        finally:
            draft.discard()
            if len(self._spare_buffers) < _MOST_SPARE_BUFFERS:
                self._spare_buffers.append(buffer)

    @contextmanager
    def paths(self) -> Generator[Callable[[], Path]]:
        """Hand out new paths; whatever lies there after the block is removed."""
        given: list[Path] = []

        def new_path() -> Path:
            given.append(self.new_path())
            return given[-1]

        try:
            yield new_path
        finally:
            with disk_trouble():
                for path in given:
                    path.unlink(missing_ok=True)

    @asynccontextmanager
    async def at_hand(self, objects: Objects, key: str) -> AsyncGenerator[Path]:
        """Name a file that is this object, fetched where the store is no folder."""
        local = objects.local_path(key)
        if local is not None:
            yield local
            return
        with self.paths() as new_path:
            file = new_path()
            await objects.fetch(key, file)
            yield file

    async def remove_leftovers(self, *, older_than_hours: float) -> int:
        """Remove what a crash left behind; returns how many files that were."""
        with disk_trouble():
            return await asyncio.to_thread(remove_older_files, self.folder, older_than_hours)


def _new_buffer() -> memoryview:
    """Memory that begins with a page, which direct writes ask for."""
    with disk_trouble():
        return memoryview(mmap(-1, BUFFER_BYTES, flags=MAP_PRIVATE | MAP_ANONYMOUS))
