"""RemoteObjects: a bucket, or plain memory, spoken to through obstore."""

import asyncio
import mmap
from collections.abc import AsyncIterator, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    UnauthenticatedError,
)

from calotype.digest import Digest
from calotype.errors import CalotypeError, Unavailable
from calotype.storage.disk import disk_trouble
from calotype.storage.errors import (
    FileCutShort,
    KeyTaken,
    ListingCutShort,
    ObjectMissing,
    StoreFull,
    StoreRefused,
    StoreUnavailable,
)
from calotype.storage.objects import PAGE_LENGTH, ObjectInfo, Objects, check_key, is_key

if TYPE_CHECKING:
    from obstore import GetOptions, GetResult, ListResult, ObjectMeta
    from obstore.store import ObjectStore

_WINDOW_BYTES = 4 << 20
_PART_BYTES = 5 << 20
_PARTS_AT_ONCE = 2

_NO_BUCKET = ("<Code>NoSuchBucket</Code>", "<Code>ContainerNotFound</Code>")
_NOT_PERMITTED = ("401 Unauthorized", "403 Forbidden")
_NO_ROOM = ("507 Insufficient Storage", "<Code>QuotaExceeded</Code>")


class Catalogue(Protocol):
    """The side of a store that lists; obstore's types describe it by a package of its own."""

    def list(
        self, prefix: str | None = None, *, chunk_size: int = 50
    ) -> "AsyncIterator[Sequence[ObjectMeta]]": ...

    async def list_with_delimiter_async(
        self, prefix: str | None = None
    ) -> "ListResult[Sequence[ObjectMeta]]": ...


class RemoteObjects(Objects):
    """Objects behind somebody else's interface.

    The answer to a write is only a hint: it may be lost, late, or about an earlier attempt.
    After every put the store is asked what it holds, and that alone decides.
    """

    def __init__(self, store: "ObjectStore") -> None:
        self._store = store
        self._catalogue: Catalogue = store

    async def put(self, key: str, file: Path, *, size_bytes: int, digest: Digest) -> None:
        check_key(key)
        await _check_length(file, size_bytes)
        trouble = await self._try_upload(key, file, size_bytes, digest)
        held = await self._look(key)
        if held is None or not _is_same(held, size_bytes, digest):
            raise _why_not(key, held, trouble)
        with disk_trouble():
            await asyncio.to_thread(file.unlink)

    async def find(self, key: str) -> ObjectInfo | None:
        held = await self._look(check_key(key))
        return held and _info(held.meta)

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """One request per window: a slow reader holds no connection open until it times out."""
        check_key(key)
        while end is None or start < end:
            stop = start + _WINDOW_BYTES
            piece, size_bytes = await self._read_window(key, start, min(stop, end or stop))
            end = size_bytes if end is None else min(end, size_bytes)
            if start >= end:
                return
            if not piece:
                raise StoreUnavailable(key)
            start += len(piece)
            yield piece

    async def delete(self, key: str) -> None:
        check_key(key)
        try:
            with store_trouble(key):
                await self._store.delete_async(key)
        except ObjectMissing:
            return

    async def list_pages(self, prefix: str = "") -> AsyncIterator[tuple[ObjectInfo, ...]]:
        top = check_key(prefix) if prefix else None
        with listing_trouble(prefix):
            async for page in self._catalogue.list(top, chunk_size=PAGE_LENGTH):
                yield info_page(page)

    async def write_marker(self, key: str, data: bytes) -> None:
        check_key(key)
        with store_trouble(key):
            await self._replace(key, data)

    async def read_marker(self, key: str) -> bytes | None:
        try:
            return b"".join([piece async for piece in self.read(key)])
        except ObjectMissing:
            return None

    async def close(self) -> None:
        """Do nothing: obstore closes its connections when they are idle."""

    async def _try_upload(
        self, key: str, file: Path, size_bytes: int, digest: Digest
    ) -> CalotypeError | None:
        """Send the file once; returns what went wrong, which may not mean that it failed."""
        try:
            with store_trouble(key):
                await self._upload(key, file, size_bytes, digest)
        except CalotypeError as trouble:
            return trouble
        return None

    async def _upload(self, key: str, file: Path, size_bytes: int, digest: Digest) -> None:
        """Only an upload in one piece can ask the store itself not to replace anything."""
        named = {Digest.algorithm: str(digest)}
        if size_bytes <= _PART_BYTES:
            await self._store.put_async(key, file, attributes=named, mode="create")
            return
        await self._demand_free(key)
        await self._store.put_async(
            key, file, attributes=named, chunk_size=_PART_BYTES, max_concurrency=_PARTS_AT_ONCE
        )

    async def _replace(self, key: str, body: mmap.mmap | bytes) -> None:
        await self._store.put_async(key, body, mode="overwrite", use_multipart=False)

    async def _demand_free(self, key: str) -> None:
        if await self._look(key) is not None:
            raise KeyTaken(key)

    async def _look(self, key: str) -> "GetResult | None":
        """Ask twice before saying absent: a HEAD cannot tell a lost bucket from a lost object."""
        questions: tuple[GetOptions, ...] = ({"head": True}, {"range": (0, 1)})
        for question in questions:
            try:
                with store_trouble(key):
                    return await self._store.get_async(key, options=question)
            except ObjectMissing:
                continue
        return None

    async def _read_window(self, key: str, start: int, stop: int) -> tuple[bytes, int]:
        """Return the bytes, and how many the whole object has.

        A window that starts behind the last byte is an error with every store, and each says
        it in its own words; so the size is looked up where a read fails.
        """
        try:
            with store_trouble(key):
                answer = await self._store.get_async(key, options={"range": (start, stop)})
                return bytes(await answer.bytes_async()), answer.meta["size"]
        except StoreUnavailable:
            info = await self.find(key)
            if info is None or info.size_bytes > start:
                raise
            return b"", info.size_bytes


@contextmanager
def store_trouble(key: str) -> Generator[None]:
    """Tell what obstore raises in our words."""
    try:
        yield
    except FileNotFoundError as error:
        if _tells(error, _NO_BUCKET):
            raise StoreUnavailable("There is no such bucket.") from error
        raise ObjectMissing(key) from error
    except AlreadyExistsError as error:
        raise KeyTaken(key) from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise StoreRefused(_first_line(error)) from error
    except (BaseError, OSError, NotImplementedError, ValueError) as error:
        raise _failure(error)(_first_line(error)) from error


@contextmanager
def listing_trouble(prefix: str) -> Generator[None]:
    """Tell whatever interrupts a listing as ListingCutShort, unless it is not permitted."""
    try:
        with store_trouble(prefix):
            yield
    except (StoreUnavailable, ObjectMissing) as error:
        raise ListingCutShort(error.detail) from error


def info_page(found: "Iterable[ObjectMeta]") -> tuple[ObjectInfo, ...]:
    """Leave out what no key can name, such as the hidden files of a share."""
    return tuple(_info(meta) for meta in found if is_key(meta["path"]))


def _info(meta: "ObjectMeta") -> ObjectInfo:
    return ObjectInfo(meta["path"], meta["size"], meta["last_modified"])


def _is_same(held: "GetResult", size_bytes: int, digest: Digest) -> bool:
    """Sizes are equal, and digests too where the store keeps them."""
    named = held.attributes.get(Digest.algorithm, str(digest))
    return held.meta["size"] == size_bytes and named == str(digest)


def _why_not(key: str, held: "GetResult | None", trouble: CalotypeError | None) -> CalotypeError:
    if isinstance(trouble, Unavailable) or (held and isinstance(trouble, KeyTaken)):
        return trouble
    return StoreUnavailable(f"{key} was written but is not there, or not whole.")


def _failure(error: Exception) -> type[Unavailable]:
    """Read the status where obstore does not tell: listings, and what few stores answer."""
    if _tells(error, _NOT_PERMITTED):
        return StoreRefused
    return StoreFull if _tells(error, _NO_ROOM) else StoreUnavailable


def _tells(error: Exception, signs: tuple[str, ...]) -> bool:
    return any(sign in str(error) for sign in signs)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


async def _check_length(file: Path, size_bytes: int) -> None:
    with disk_trouble():
        status = await asyncio.to_thread(file.stat)
    if status.st_size != size_bytes:
        raise FileCutShort(status.st_size, size_bytes)
