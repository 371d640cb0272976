"""FaultyObjects: a store in front of another one, which fails as told."""

from collections import deque
from collections.abc import AsyncIterator
from enum import Enum, auto
from pathlib import Path
from tempfile import TemporaryDirectory

from calotype.digest import Digest
from calotype.storage import (
    ListingCutShort,
    ObjectInfo,
    Objects,
    StoreFull,
    StoreRefused,
    StoreUnavailable,
)


class Fault(Enum):
    """What may go wrong; after each but BIT_FLIP the caller is told something."""

    DOWN = auto()  # a 5xx answer: nothing was done
    ANSWER_LOST = auto()  # done, but the caller hears of a time-out
    LATE = auto()  # a time-out; done when `land()` is called
    HALF_DONE = auto()  # put: half the bytes are there; read, list: the first half is told
    REFUSED = auto()  # no permission: nothing was done
    FULL = auto()  # no room: nothing was done
    BIT_FLIP = auto()  # put, read: one bit is wrong, and nobody says so


_AT_ONCE = {
    Fault.DOWN: StoreUnavailable,
    Fault.REFUSED: StoreRefused,
    Fault.FULL: StoreFull,
}


class Plan:
    """Which calls will fail: some next ones of a verb, or all until it is healed.

    Verbs are the names of the methods of Objects: put, find, read, delete, list_pages,
    write_marker, read_marker.
    """

    def __init__(self) -> None:
        self._next: dict[str, deque[Fault | None]] = {}
        self._always: dict[str, Fault] = {}
        self.met: list[tuple[str, Fault]] = []

    def next(self, verb: str, *faults: Fault | None) -> None:
        """The next calls of *verb* meet these; None lets one pass."""
        self._next.setdefault(verb, deque()).extend(faults)

    def always(self, verb: str, fault: Fault) -> None:
        self._always[verb] = fault

    def heal(self) -> None:
        self._next.clear()
        self._always.clear()

    def draw(self, verb: str) -> Fault | None:
        waiting = self._next.get(verb)
        fault = waiting.popleft() if waiting else self._always.get(verb)
        if fault is not None:
            self.met.append((verb, fault))
        return fault


class FaultyObjects(Objects):
    """All verbs of *inner*, with the faults of *plan*.

    There is no local path, so that every byte is read where it can be spoilt.
    """

    def __init__(self, inner: Objects, plan: Plan) -> None:
        self._inner = inner
        self._plan = plan
        self._late: list[tuple[str, bytes | None]] = []

    async def put(self, key: str, file: Path, *, size_bytes: int, digest: Digest) -> None:
        match self._draw("put"):
            case None:
                await self._inner.put(key, file, size_bytes=size_bytes, digest=digest)
            case Fault.BIT_FLIP:
                await self._put_copy(key, _flipped(file.read_bytes()))
                file.unlink()
            case Fault.LATE:
                self._late.append((key, file.read_bytes()))
                raise StoreUnavailable("late")
            case Fault.HALF_DONE:
                await self._put_copy(key, file.read_bytes()[: size_bytes // 2])
                raise StoreUnavailable("half done")
            case _:
                await self._put_copy(key, file.read_bytes())
                raise StoreUnavailable("answer lost")

    async def find(self, key: str) -> ObjectInfo | None:
        self._draw_question("find")
        return await self._inner.find(key)

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        fault = self._draw("read")
        if fault in {Fault.ANSWER_LOST, Fault.LATE}:
            raise StoreUnavailable(fault.name)
        async for piece in self._inner.read(key, start, end):
            if fault is Fault.HALF_DONE:
                yield piece[: len(piece) // 2]
                raise StoreUnavailable("half done")
            yield _flipped(piece) if fault is Fault.BIT_FLIP else piece
            fault = None

    async def delete(self, key: str) -> None:
        fault = self._draw("delete")
        if fault is Fault.LATE:
            self._late.append((key, None))
            raise StoreUnavailable("late")
        await self._inner.delete(key)
        if fault is not None:
            raise StoreUnavailable("answer lost")

    async def list_pages(self, prefix: str = "") -> AsyncIterator[tuple[ObjectInfo, ...]]:
        fault = self._draw("list_pages")
        async for page in self._inner.list_pages(prefix):
            yield page[: len(page) // 2] if fault else page
            if fault:
                break
        if fault:
            raise ListingCutShort(fault.name)

    async def write_marker(self, key: str, data: bytes) -> None:
        self._draw_question("write_marker")
        await self._inner.write_marker(key, data)

    async def read_marker(self, key: str) -> bytes | None:
        self._draw_question("read_marker")
        return await self._inner.read_marker(key)

    async def close(self) -> None:
        await self._inner.close()

    async def land(self) -> int:
        """Carry out what was late, in the order in which it was asked for."""
        late, self._late = self._late, []
        for key, data in late:
            if data is None:
                await self._inner.delete(key)
            else:
                await self._put_copy(key, data)
        return len(late)

    def _draw(self, verb: str) -> Fault | None:
        """Raise what needs no further work; returns what does."""
        fault = self._plan.draw(verb)
        if fault in _AT_ONCE:
            raise _AT_ONCE[fault](fault.name)
        return fault

    def _draw_question(self, verb: str) -> None:
        """A question that is not answered in full is not answered."""
        if fault := self._draw(verb):
            raise StoreUnavailable(fault.name)

    async def _put_copy(self, key: str, data: bytes) -> None:
        """The caller keeps the file, as every failed put promises."""
        with TemporaryDirectory() as folder:
            copy = Path(folder) / "copy"
            copy.write_bytes(data)
            await self._inner.put(key, copy, size_bytes=len(data), digest=Digest.of(data))


def _flipped(data: bytes) -> bytes:
    """One bit in the middle is the other way round."""
    middle = len(data) // 2
    return (
        data[:middle] + bytes(byte ^ 1 for byte in data[middle : middle + 1]) + data[middle + 1 :]
    )
