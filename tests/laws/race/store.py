"""A folder that many processes share, as slow and as forgetful as a bucket far away."""

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path

from calotype.digest import Digest
from calotype.storage import ObjectInfo, Objects, StoreUnavailable, open_objects

_USUAL_SECONDS = 0.004
_LISTING_SECONDS = 0.02
_SLOW_SECONDS = 0.2
_LATE_SECONDS = 0.05
_SLOW_PUTS = 0.3
_LATE_PUTS = 0.01
_LATE_DELETES = 0.15


class FarObjects(Objects):
    """Puts may take long; puts and deletes may be said to have failed, and land later."""

    def __init__(self, root: Path, chance: random.Random) -> None:
        self._inner = open_objects(f"file://{root}")
        self._spare = root.parent / "late"
        self._chance = chance
        self._late: set[asyncio.Task[None]] = set()

    async def put(self, key: str, file: Path, *, size_bytes: int, digest: Digest) -> None:
        if self._chance.random() < _LATE_PUTS:
            copy = self._spare / file.name
            shutil.copyfile(file, copy)
            self._land_later(self._inner.put(key, copy, size_bytes=size_bytes, digest=digest))
            raise StoreUnavailable("late")
        await self._dawdle(_SLOW_SECONDS if self._chance.random() < _SLOW_PUTS else _USUAL_SECONDS)
        await self._inner.put(key, file, size_bytes=size_bytes, digest=digest)

    async def delete(self, key: str) -> None:
        if self._chance.random() < _LATE_DELETES:
            self._land_later(self._inner.delete(key))
            raise StoreUnavailable("late")
        await self._dawdle(_USUAL_SECONDS)
        await self._inner.delete(key)

    async def find(self, key: str) -> ObjectInfo | None:
        await self._dawdle(_USUAL_SECONDS)
        return await self._inner.find(key)

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        async for piece in self._inner.read(key, start, end):
            yield piece

    async def list_pages(self, prefix: str = "") -> AsyncIterator[tuple[ObjectInfo, ...]]:
        await self._dawdle(_LISTING_SECONDS)
        async for page in self._inner.list_pages(prefix):
            yield page

    async def write_marker(self, key: str, data: bytes) -> None:
        await self._inner.write_marker(key, data)

    async def read_marker(self, key: str) -> bytes | None:
        return await self._inner.read_marker(key)

    async def close(self) -> None:
        """Whatever was late lands, as it would whether or not its sender lives."""
        while self._late:
            await asyncio.wait(self._late)
        await self._inner.close()

    def _land_later(self, landing: Coroutine[None, None, None]) -> None:
        async def land() -> None:
            await self._dawdle(_LATE_SECONDS)
            await landing

        task = asyncio.create_task(land())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _dawdle(self, seconds: float) -> None:
        await asyncio.sleep(self._chance.random() * seconds)
