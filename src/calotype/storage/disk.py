"""Files on a disk: made durable, given a name once, and their troubles told in our words."""

import errno
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from calotype.storage.errors import FileCutShort, StoreFull, StoreRefused, StoreUnavailable

_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

_HOUR_SECONDS = 3600

# What is answered across file systems, and by those without hard links (FAT, some shares).
CANNOT_LINK = {errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


@contextmanager
def disk_trouble() -> Generator[None]:
    """Tell an OSError as StoreFull, StoreRefused or StoreUnavailable."""
    try:
        yield
    except OSError as error:
        reason = str(error)
        if error.errno in _FULL:
            raise StoreFull(reason) from error
        if error.errno in _REFUSED:
            raise StoreRefused(reason) from error
        raise StoreUnavailable(reason) from error


def flush_file(file: Path, size_bytes: int) -> None:
    """Bring the bytes of *file* to the disk, and make sure that it has them all."""
    handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        found = os.fstat(handle).st_size
        if found != size_bytes:
            raise FileCutShort(found, size_bytes)
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_folder(folder: Path) -> None:
    """Bring the names in *folder* to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make *folder* and the parents that it lacks; their names are on disk when this returns."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    flush_folder(folder.parent)


def rename_once(file: Path, target: Path) -> None:
    """Rename *file* to *target* on the same file system; FileExistsError if that is taken.

    A plain rename would replace what is there, a hard link never does. Without hard links
    the target is looked for first: keys are random, so nobody races for one.
    """
    try:
        os.link(file, target)
    except OSError as error:
        if error.errno not in CANNOT_LINK:
            raise
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from error
        file.rename(target)
    else:
        file.unlink()


def remove_older_files(folder: Path, hours: float) -> int:
    """Remove the files of *folder* that nobody wrote to for so long; returns how many."""
    oldest = time.time() - hours * _HOUR_SECONDS
    return sum(_remove_if_older(file, oldest) for file in folder.iterdir())


def _remove_if_older(file: Path, oldest: float) -> bool:
    """Leave alone what is moved into the store while this looks at it."""
    try:
        if not file.is_file() or file.stat().st_mtime >= oldest:
            return False
        file.unlink()
    except FileNotFoundError:
        return False
    return True
