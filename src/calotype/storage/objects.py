"""Objects: what every place for bytes can do, whichever it is."""

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from calotype.digest import Digest
from calotype.storage.disk import disk_trouble
from calotype.storage.errors import BadKey

PAGE_LENGTH = 1000

# A part that starts with a dot is refused: "." and ".." would leave the store, and the
# folder store keeps unfinished files under hidden names.
_PART = r"(?!\.)[^/\\\x00-\x1f\x7f]+"
_KEY = re.compile(rf"{_PART}(/{_PART})*")
_LONGEST_KEY = 250


def is_key(key: str) -> bool:
    """Whether every store can hold an object of that name."""
    return len(key) <= _LONGEST_KEY and _KEY.fullmatch(key) is not None


def check_key(key: str) -> str:
    if not is_key(key):
        raise BadKey(repr(key[:_LONGEST_KEY]))
    return key


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a store tells about an object without handing it out."""

    key: str
    size_bytes: int
    modified_at: datetime


class Objects(ABC):
    """Objects are written once, under random keys, and never changed.

    Markers are the exception: tiny objects with a fixed name that may be replaced.
    """

    @abstractmethod
    async def put(self, key: str, file: Path, *, size_bytes: int, digest: Digest) -> None:
        """Move *file* into the store; durable and verified when this returns.

        Afterwards *file* is gone from its path. Whatever is raised, it is still there.
        """

    @abstractmethod
    async def find(self, key: str) -> ObjectInfo | None:
        """None only where the store says clearly that there is no such object."""

    @abstractmethod
    def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Stream the bytes from *start* to before *end*, a few megabytes at most at a time."""

    @abstractmethod
    async def delete(self, key: str) -> None:
        """Remove an object; one that is absent already is fine."""

    @abstractmethod
    def list_pages(self, prefix: str = "") -> AsyncIterator[tuple[ObjectInfo, ...]]:
        """Everything in the folder of keys *prefix*, in no particular order.

        A listing that cannot be finished raises; it never just ends.
        """

    @abstractmethod
    async def write_marker(self, key: str, data: bytes) -> None:
        """Write or replace a small object."""

    @abstractmethod
    async def read_marker(self, key: str) -> bytes | None:
        """None only where the store says clearly that it was never written."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of threads and connections."""

    def local_path(self, key: str) -> Path | None:
        """Name the file that is this object, where the store is a folder."""
        check_key(key)

    async def fetch(self, key: str, to: Path) -> None:
        """Copy the whole object into the local file *to*, or leave no such file."""
        with disk_trouble():
            out = await asyncio.to_thread(to.open, "xb")
        try:
            with out:
                await self._copy_out(key, out)
        except BaseException:
            await asyncio.to_thread(to.unlink)
            raise

    async def _copy_out(self, key: str, out: BinaryIO) -> None:
        async for piece in self.read(key):
            with disk_trouble():
                await asyncio.to_thread(out.write, piece)
