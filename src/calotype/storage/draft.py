"""Draft: a file in the spool while it arrives, hashed and written past the page cache."""

import asyncio
import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from errno import EINVAL
from pathlib import Path

from calotype.digest import Digest, Hasher
from calotype.storage.disk import disk_trouble

BUFFER_BYTES = 1 << 20
_BLOCK_BYTES = 4096
_HEAD_BYTES = 1 << 16
_DIRECT: int = getattr(os, "O_DIRECT", 0)


class Draft:
    """Collects bytes; a buffer full of them at a time is hashed and written.

    They go to the disk directly where the file system can do that, since filling the page cache
    costs more than the disk does. Only the head of the file, which is looked at next, goes
    through the cache, and so does what is no whole block at its end.
    """

    def __init__(self, path: Path, buffer: memoryview) -> None:
        self.path = path
        self.size_bytes = 0
        self._hasher = Hasher()
        self._buffer = buffer
        self._filled_bytes = 0
        self._written_bytes = 0
        with disk_trouble():
            self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)

    async def add(self, data: bytes | bytearray) -> None:
        self.size_bytes += len(data)
        left = memoryview(data)
        while left:
            filled = self._filled_bytes
            piece = left[: len(self._buffer) - filled]
            self._filled_bytes += len(piece)
            self._buffer[filled : self._filled_bytes] = piece
            left = left[len(piece) :]
            if self._filled_bytes == len(self._buffer):
                await self._drain()

    async def finish(self) -> Digest:
        """Write what is left; the bytes are on the disk for certain only once they are flushed."""
        await self._drain()
        return self._hasher.digest()

    def discard(self) -> None:
        """Close the file, and remove it unless it was moved; what cannot go now is removed later."""
        os.close(self._handle)
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    async def _drain(self) -> None:
        """Whoever is interrupted waits for the thread: neither file nor buffer may be taken from it."""
        loop = asyncio.get_running_loop()
        writing = loop.run_in_executor(None, self._write, self._filled_bytes)
        self._filled_bytes = 0
        interrupted: asyncio.CancelledError | None = None
        while not writing.done():
            try:
                await asyncio.wait([writing])
            except asyncio.CancelledError as interruption:
                interrupted = interruption
        trouble = interrupted or writing.exception()
        if trouble:
            raise trouble

    def _write(self, filled_bytes: int) -> None:
        filled = self._buffer[:filled_bytes]
        self._hasher.update(filled)
        head = 0 if self._written_bytes else _HEAD_BYTES
        blocks_end = max(head, filled_bytes - filled_bytes % _BLOCK_BYTES)
        with disk_trouble():
            self._write_all(filled[:head])
            with self._directly():
                self._write_all(filled[head:blocks_end])
            self._write_all(filled[blocks_end:])
        self._written_bytes += filled_bytes

    def _write_all(self, data: memoryview) -> None:
        """A file system may allow direct writes and then refuse one."""
        while data:
            try:
                data = data[os.write(self._handle, data) :]
            except OSError as error:
                flags = fcntl.fcntl(self._handle, fcntl.F_GETFL)
                if error.errno != EINVAL or not flags & _DIRECT:
                    raise
                fcntl.fcntl(self._handle, fcntl.F_SETFL, flags & ~_DIRECT)

    @contextmanager
    def _directly(self) -> Generator[None]:
        flags = fcntl.fcntl(self._handle, fcntl.F_GETFL)
        with suppress(OSError):
            fcntl.fcntl(self._handle, fcntl.F_SETFL, flags | _DIRECT)
        try:
            yield
        finally:
            fcntl.fcntl(self._handle, fcntl.F_SETFL, flags)
