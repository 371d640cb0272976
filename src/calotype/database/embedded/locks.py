"""Locks on files, which the system lets go of when their holder dies in whatever way."""

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from calotype.database.embedded.files import hand_over

PAUSE_SECONDS = 0.02


def open_lock(path: Path) -> BinaryIO:
    """Open a file to lock; it stays where it is for ever, since a removed one locks nothing."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    lock = os.fdopen(os.open(path, flags, 0o600), "r+b")
    hand_over(path)
    return lock


def seize(lock: BinaryIO) -> bool:
    """Lock for oneself alone unless somebody else holds it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def share(lock: BinaryIO) -> None:
    """Lock together with others who share it."""
    fcntl.flock(lock, fcntl.LOCK_SH)


@contextmanager
def alone(path: Path, *, seconds: float) -> Generator[None]:
    """Hold the lock of *path* for the block; TimeoutError if nobody lets go of it in time."""
    deadline = time.monotonic() + seconds
    with open_lock(path) as lock:
        while not seize(lock):
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(PAUSE_SECONDS)
        yield
