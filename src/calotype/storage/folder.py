"""FolderObjects: a folder on a disk, where every object is a file that was flushed first."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from errno import EINVAL
from io import FileIO
from itertools import islice, takewhile
from pathlib import Path
from stat import S_ISREG
from typing import TypeVar

from calotype.digest import Digest
from calotype.storage.disk import (
    CANNOT_LINK,
    disk_trouble,
    flush_file,
    flush_folder,
    remove_older_files,
    rename_once,
)
from calotype.storage.errors import (
    KeyTaken,
    ListingCutShort,
    ObjectMissing,
    StoreUnavailable,
)
from calotype.storage.objects import PAGE_LENGTH, ObjectInfo, Objects, check_key
from calotype.storage.spool import Spool

_CHUNK_BYTES = 1 << 20
_THREADS = 16
_UNFINISHED_HOURS = 24
_ABSENT = (FileNotFoundError, NotADirectoryError)

T = TypeVar("T")


class FolderObjects(Objects):
    """Objects in a folder; a key is a path below it.

    A write is durable when it returns: bytes are flushed before they get their name, and a
    name is flushed with its folder. All blocking work of one put is one hop to a thread.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._unfinished = Spool(root / ".unfinished")
        with disk_trouble():
            remove_older_files(self._unfinished.folder, _UNFINISHED_HOURS)
        self._flushed_folders = {root}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="folder-objects")

    def local_path(self, key: str) -> Path:
        return self._root / check_key(key)

    async def put(self, key: str, file: Path, *, size_bytes: int, digest: Digest) -> None:
        target = self.local_path(key)
        await self._in_thread(lambda: self._put(file, target, size_bytes, digest))

    async def find(self, key: str) -> ObjectInfo | None:
        path = self.local_path(key)
        return await self._in_thread(lambda: self._find(path))

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        path = self.local_path(key)
        with await self._in_thread(lambda: self._open(path, start)) as file:
            while piece := await self._in_thread(lambda: _read_piece(file, end)):
                yield piece

    async def delete(self, key: str) -> None:
        path = self.local_path(key)
        await self._in_thread(lambda: self._delete(path))

    async def list_pages(self, prefix: str = "") -> AsyncIterator[tuple[ObjectInfo, ...]]:
        entries = self._walk(self.local_path(prefix) if prefix else self._root)
        while page := await self._in_thread(lambda: _next_page(entries)):
            yield page

    async def write_marker(self, key: str, data: bytes) -> None:
        path = self.local_path(key)
        await self._in_thread(lambda: self._write_marker(path, data))

    async def read_marker(self, key: str) -> bytes | None:
        path = self.local_path(key)
        return await self._in_thread(lambda: self._read_marker(path))

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        with disk_trouble():
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _put(self, file: Path, target: Path, size_bytes: int, digest: Digest) -> None:
        made = self._make_folders(target.parent)
        flush_file(file, size_bytes)
        try:
            self._place(file, target, size_bytes)
        except FileExistsError as error:
            if not _holds(target, size_bytes, digest):
                raise KeyTaken(self._key(target)) from error
        self._flush_names(target.parent, made)
        file.unlink()

    def _place(self, file: Path, target: Path, size_bytes: int) -> None:
        """Give *file* a second name, so that it is still there if anything fails later."""
        try:
            os.link(file, target)
        except FileNotFoundError:
            # Somebody removed an empty folder by hand; the next attempt makes it anew.
            self._flushed_folders = {self._root}
            raise
        except OSError as error:
            if error.errno not in CANNOT_LINK:
                raise
            self._copy(file, target, size_bytes)

    def _copy(self, file: Path, target: Path, size_bytes: int) -> None:
        """Copy what cannot be linked, as from another file system; unseen until it is whole."""
        copy = self._unfinished.new_path()
        try:
            shutil.copyfile(file, copy)
            flush_file(copy, size_bytes)
            rename_once(copy, target)
        except OSError:
            copy.unlink(missing_ok=True)
            raise

    def _make_folders(self, folder: Path) -> list[Path]:
        """Make *folder* and its parents; returns those whose names may not be on disk yet.

        That a folder exists does not mean that its name is on disk: another thread may have
        made it a moment ago. So whoever needs one flushes its name, unless that is known done.
        """
        unsure = takewhile(lambda f: f not in self._flushed_folders, (folder, *folder.parents))
        made = list(unsure)
        for new in reversed(made):
            new.mkdir(exist_ok=True)
        return made

    def _flush_names(self, folder: Path, made: list[Path]) -> None:
        """Flush once all names exist: most file systems then write them in one go."""
        flush_folder(folder)
        for new in made:
            flush_folder(new.parent)
        self._flushed_folders.update(made)

    def _find(self, path: Path) -> ObjectInfo | None:
        try:
            status = path.stat()
        except _ABSENT:
            self._check_root()
            return None
        return self._info(path, status) if S_ISREG(status.st_mode) else None

    def _open(self, path: Path, start: int) -> FileIO:
        try:
            file = FileIO(path)
        except (*_ABSENT, IsADirectoryError) as error:
            self._check_root()
            raise ObjectMissing(self._key(path)) from error
        file.seek(start)
        return file

    def _delete(self, path: Path) -> None:
        """Nothing is flushed: an object that a power cut brings back is litter, not a loss."""
        try:
            path.unlink()
        except _ABSENT:
            self._check_root()

    def _write_marker(self, path: Path, data: bytes) -> None:
        """Write a marker as a symbolic link that leads nowhere, so that every file is an object."""
        made = self._make_folders(path.parent)
        draft = self._unfinished.new_path()
        try:
            draft.symlink_to(data.decode())
        except OSError:
            draft.write_bytes(data)
            flush_file(draft, len(data))
        draft.replace(path)
        self._flush_names(path.parent, made)

    def _read_marker(self, path: Path) -> bytes | None:
        try:
            return str(path.readlink()).encode()
        except _ABSENT:
            self._check_root()
            return None
        except OSError as error:
            if error.errno != EINVAL:
                raise
            return path.read_bytes()

    def _walk(self, folder: Path) -> Iterator[ObjectInfo]:
        """Depth first, one entry at a time: a million files take no more memory than ten."""
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    yield from self._visit(entry)
        except _ABSENT:
            self._check_root()

    def _visit(self, entry: os.DirEntry[str]) -> Iterator[ObjectInfo]:
        if entry.name.startswith("."):
            return
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from self._walk(path)
        elif info := self._find(path):
            yield info

    def _check_root(self) -> None:
        """Refuse to say that anything is absent where all is, as when a disk is not mounted."""
        if not self._root.is_dir():
            raise StoreUnavailable("There is no folder " + str(self._root))

    def _key(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    def _info(self, path: Path, status: os.stat_result) -> ObjectInfo:
        modified_at = datetime.fromtimestamp(status.st_mtime, UTC)
        return ObjectInfo(self._key(path), status.st_size, modified_at)


def _holds(path: Path, size_bytes: int, digest: Digest) -> bool:
    with path.open("rb") as file:
        return path.stat().st_size == size_bytes and Digest.of_stream(file) == digest


def _read_piece(file: FileIO, end: int | None) -> bytes:
    left = _CHUNK_BYTES if end is None else end - file.tell()
    return file.read(max(0, min(_CHUNK_BYTES, left)))


def _next_page(entries: Iterator[ObjectInfo]) -> tuple[ObjectInfo, ...]:
    try:
        with disk_trouble():
            return tuple(islice(entries, PAGE_LENGTH))
    except StoreUnavailable as error:
        raise ListingCutShort(error.detail) from error
