"""Boundaries: every place where an operation waits for rows or bytes, named and numbered."""

import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from calotype.database import Caller, Database, Snapshot, Transaction
from calotype.digest import Digest
from calotype.storage import ObjectInfo, Objects

Act = Callable[[], Awaitable[None]]


class Interrupted(Exception):
    """The operation was stopped at a boundary."""


async def interrupt() -> None:
    raise Interrupted


class Watch:
    """Notes the boundaries that are reached, and acts once at the one that it is told of."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        self._acts: dict[int | str, Act] = {}

    def forget(self) -> None:
        self.reached.clear()
        self._acts.clear()

    def act_at(self, boundary: int | str, act: Act) -> None:
        """Act at a boundary, given by its number or, for the first of its kind, by its name."""
        self._acts[boundary] = act

    async def reach(self, name: str) -> None:
        number = len(self.reached)
        self.reached.append(name)
        for boundary in (name, number):
            if act := self._acts.pop(boundary, None):
                await act()


@dataclass(frozen=True, slots=True)
class WatchedDatabase(Database):
    """A database whose transactions begin and commit at boundaries."""

    watch: Watch

    @asynccontextmanager
    async def _changing(
        self, opening: AbstractAsyncContextManager[Transaction], who: str
    ) -> AsyncGenerator[Transaction]:
        await self.watch.reach(f"{who}: before begin")
        async with opening as tx:
            yield tx
            await self.watch.reach(f"{who}: before commit")
        await self.watch.reach(f"{who}: after commit")

    @asynccontextmanager
    async def _reading(
        self, opening: AbstractAsyncContextManager[Snapshot], who: str
    ) -> AsyncGenerator[Snapshot]:
        """Nothing has changed after reading, so that is no boundary of its own."""
        await self.watch.reach(f"{who}: before reading")
        async with opening as snapshot:
            yield snapshot

    def transaction(
        self, caller: Caller, *, durable: bool = True
    ) -> AbstractAsyncContextManager[Transaction]:
        return self._changing(Database.transaction(self, caller, durable=durable), _asker())

    def snapshot(self, caller: Caller) -> AbstractAsyncContextManager[Snapshot]:
        return self._reading(Database.snapshot(self, caller), _asker())


def _asker() -> str:
    """Name whoever opens a transaction: two frames up from here."""
    return sys._getframe(2).f_code.co_qualname


class WatchedObjects(Objects):
    """A store each of whose verbs lies between two boundaries."""

    def __init__(self, inner: Objects, watch: Watch) -> None:
        self._inner = inner
        self._watch = watch

    async def put(self, key: str, file: Path, *, size_bytes: int, digest: Digest) -> None:
        async with self._verb("put"):
            await self._inner.put(key, file, size_bytes=size_bytes, digest=digest)

    async def find(self, key: str) -> ObjectInfo | None:
        async with self._verb("find"):
            return await self._inner.find(key)

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        async with self._verb("read"):
            async for piece in self._inner.read(key, start, end):
                yield piece

    async def delete(self, key: str) -> None:
        async with self._verb("delete"):
            await self._inner.delete(key)

    async def list_pages(self, prefix: str = "") -> AsyncIterator[tuple[ObjectInfo, ...]]:
        async with self._verb("list_pages"):
            async for page in self._inner.list_pages(prefix):
                yield page

    async def write_marker(self, key: str, data: bytes) -> None:
        async with self._verb("write_marker"):
            await self._inner.write_marker(key, data)

    async def read_marker(self, key: str) -> bytes | None:
        async with self._verb("read_marker"):
            return await self._inner.read_marker(key)

    async def close(self) -> None:
        await self._inner.close()

    def local_path(self, key: str) -> Path | None:
        return self._inner.local_path(key)

    @asynccontextmanager
    async def _verb(self, name: str) -> AsyncGenerator[None]:
        await self._watch.reach(f"before {name}")
        yield
        await self._watch.reach(f"after {name}")
