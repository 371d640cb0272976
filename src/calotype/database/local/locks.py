"""Locks on files, which the system lets go of when their holder dies in whatever way."""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from calotype.database.local.files import hand_over

PAUSE_SECONDS = 0.02


def open_lock(path: Path) -> BinaryIO:
    """Open a file to lock; it stays where it is for ever, since a removed one locks nothing."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    lock = os.fdopen(os.open(path, flags, 0o600), "r+b")
    hand_over(path)
    return lock


def seize(lock: BinaryIO) -> bool:
    """Lock for oneself alone unless somebody else holds it."""
    return _lock(lock, fcntl.LOCK_EX)


def share(lock: BinaryIO) -> bool:
    """Lock together with others who share it, unless somebody has it alone."""
    return _lock(lock, fcntl.LOCK_SH)


def release(lock: BinaryIO) -> None:
    fcntl.flock(lock, fcntl.LOCK_UN)


def in_time(attempt: Callable[[], bool], *, seconds: float) -> bool:
    """Attempt it until it succeeds, at least once."""
    deadline = time.monotonic() + seconds
    while not (done := attempt()) and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
    return done


def _lock(lock: BinaryIO, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
