"""One `calotype serve` for each data folder."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from calotype.database.local.errors import AlreadyServing, using
from calotype.database.local.locks import open_lock, seize


@contextmanager
def claim(folder: Path) -> Generator[None]:
    """Have the data folder to oneself for the block, as the only one who serves from it."""
    with _open(folder) as lock:
        if not seize(lock):
            raise AlreadyServing(folder, _pid(lock))
        lock.truncate(0)
        lock.write(str(os.getpid()).encode())
        lock.flush()
        yield


def _open(folder: Path) -> BinaryIO:
    with using(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return open_lock(folder / "serve.lock")


def _pid(lock: BinaryIO) -> int | None:
    """Whose claim it is; nothing in the instant before the holder has written it down."""
    written = lock.read()
    return int(written) if written.isdigit() else None
