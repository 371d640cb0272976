"""The running server: everybody who needs it holds it, and the last one stops it."""

import os
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self
from urllib.parse import quote

from psycopg import pq

from calotype.database.local.cluster import Passwords, prepare
from calotype.database.local.errors import DatabaseNotStarted, using
from calotype.database.local.files import create
from calotype.database.local.layout import PORT, Layout
from calotype.database.local.locks import (
    PAUSE_SECONDS,
    in_time,
    open_lock,
    release,
    seize,
    share,
)
from calotype.database.local.programs import Programs, last_lines

# Replaying the log after a crash takes the longest.
_START_SECONDS = 120
_LOG_SECONDS = 6 * 86400
_RECORD_LINES = 8
_STOPS = ((signal.SIGINT, 10), (signal.SIGQUIT, 5))
_STOP_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Embedded:
    """A server that runs, and the two ways to sign in to it."""

    folder: Path
    owner_url: str = field(repr=False)
    login_url: str = field(repr=False)

    def revive(self) -> None:
        """Start the server again should it have died while one was using it."""
        with using(self.folder):
            _ensure(Layout(self.folder))


@dataclass(frozen=True, slots=True)
class _Record:
    """What a server writes down about itself, line by line while it starts."""

    pid: int
    socket_folder: str
    ready: bool

    @classmethod
    def read(cls, layout: Layout) -> Self | None:
        try:
            lines = (layout.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return None
        if not lines:
            return None
        lines += [""] * _RECORD_LINES
        return cls(int(lines[0]), lines[4], ready=lines[7].startswith("ready"))


@contextmanager
def embedded(folder: Path) -> Generator[Embedded]:
    """Use the PostgreSQL in *folder* for the length of the block; it starts if it has to.

    This waits for files and processes: enter it before the event loop, or in a thread.
    """
    with _layout(folder) as (layout, presence):
        try:
            yield _arrive(layout, presence)
        finally:
            _leave(layout, presence)


@contextmanager
def _layout(folder: Path) -> Generator[tuple[Layout, BinaryIO]]:
    with using(folder):
        layout = Layout.at(folder)
        presence = open_lock(layout.users)
    with presence:
        yield layout, presence


def _arrive(layout: Layout, presence: BinaryIO) -> Embedded:
    """Be counted before looking: from then on nobody stops the server."""
    with using(layout.folder):
        if not in_time(lambda: share(presence), seconds=_STOP_SECONDS):
            because = f"another program has been stopping it for {_STOP_SECONDS} s"
            raise DatabaseNotStarted(because)
        return _ensure(layout)


def _leave(layout: Layout, presence: BinaryIO) -> None:
    """Stop it as the last one; should that not work, the next user finds it running.

    Of two who leave at once, the one who lets go later finds nobody in the way.
    """
    with suppress(OSError):
        release(presence)
        if seize(presence):
            _stop(layout)


def _ensure(layout: Layout) -> Embedded:
    """Wait until the server answers, and start it once if no part of one is alive."""
    deadline = time.monotonic() + _START_SECONDS
    started = False
    while time.monotonic() < deadline:
        with open_lock(layout.alive) as alive:
            if seize(alive):
                if started:
                    break
                _start(layout, alive)
                started = True
        if server := _answering(layout):
            return server
        time.sleep(PAUSE_SECONDS)
    raise DatabaseNotStarted(_last_words(layout))


def _start(layout: Layout, alive: BinaryIO) -> None:
    """PostgreSQL inherits the lock, and the system frees it when the last of it has ended."""
    programs = Programs.of(layout, alive.fileno())
    prepare(layout, programs)
    _forget_old_logs(layout)
    with create(layout.log / "start.log") as output:
        programs.release("postgres", "-D", str(layout.data), output=output)


def _forget_old_logs(layout: Layout) -> None:
    """Make up for the overwriting that a server does which runs for a whole week."""
    for log in layout.log.glob("*.log"):
        if time.time() - log.stat().st_mtime > _LOG_SECONDS:
            log.unlink()


def _answering(layout: Layout) -> Embedded | None:
    record = _Record.read(layout)
    if record is None or not record.ready:
        return None
    passwords = Passwords.read(layout.cluster)
    place = f":{PORT}/calotype?host={quote(record.socket_folder, safe='')}"
    server = Embedded(
        folder=layout.folder,
        owner_url=f"postgresql://calotype_owner:{passwords.owner}@{place}",
        login_url=f"postgresql://calotype_login:{passwords.login}@{place}",
    )
    answer = pq.PGconn.ping(f"{server.owner_url}&connect_timeout=5".encode())
    return server if answer == pq.Ping.OK else None


def _stop(layout: Layout) -> None:
    """Ask it to end, then urge it."""
    for request, seconds in _STOPS:
        if _ends(layout, seconds=0):
            return
        record = _Record.read(layout)
        with suppress(ProcessLookupError):
            if record:
                os.kill(record.pid, request)
        if _ends(layout, seconds):
            _remove_short_folder(layout, record)
            return


def _ends(layout: Layout, seconds: float) -> bool:
    """Tell whether its last process ends in time, and with it its lock."""
    with open_lock(layout.alive) as alive:
        return in_time(lambda: seize(alive), seconds=seconds)


def _remove_short_folder(layout: Layout, record: _Record | None) -> None:
    if record and record.socket_folder not in {"", str(layout.folder / "socket")}:
        with suppress(OSError):
            Path(record.socket_folder).rmdir()


def _last_words(layout: Layout) -> str:
    logs = sorted(layout.log.glob("*.log"), key=lambda log: log.stat().st_mtime)
    return last_lines(logs[-1].read_text(errors="replace")) if logs else "it left no log"
