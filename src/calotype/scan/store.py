"""The cache: what scans found out about files, in one SQLite file; one function, one statement."""

import json
import os
import sqlite3
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, LiteralString, Self

from calotype.imaging import FINGERPRINT_ALGORITHM, Fingerprint
from calotype.scan.errors import CacheDamaged, CacheUnusable
from calotype.scan.model import Entry, Known

_LAYOUT = 1
"""A cache of another layout is begun anew."""
_TABLES = """
create table if not exists files (
    id integer primary key,
    path blob not null unique,
    size_bytes integer not null,
    modified_ns integer not null,
    inode integer not null,
    seen_on integer not null,
    digest blob,
    refusal text,
    algorithm integer,
    width integer,
    height integer,
    fingerprint text
);
create table if not exists comparisons (
    first integer not null references files on delete cascade,
    second integer not null references files on delete cascade,
    same_pixels integer not null,
    primary key (first, second)
) without rowid;
create index if not exists comparisons_by_second on comparisons (second);
create table if not exists thumbnails (
    file integer primary key references files on delete cascade,
    picture blob not null
);
"""
_DAY_SECONDS = 86_400
_KEPT_DAYS = 180
_SAVE_SECONDS = 0.5
_BUSY_SECONDS = 60.0
_PRIVATE = 0o700
_DAMAGE = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


class Cache:
    """Knows files by path, size, time and inode; everything is forgotten once one of them differs."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._today = int(time.time()) // _DAY_SECONDS
        self._saved_at = time.monotonic()

    @classmethod
    def open(cls, file: Path | None) -> Self:
        """Open the cache in *file*, begun anew if it is damaged; without one, a passing cache."""
        try:
            return cls._opened(file)
        except CacheDamaged:
            if file is None:
                raise
            _remove(file)
            return cls._opened(file)

    @classmethod
    def _opened(cls, file: Path | None) -> Self:
        with _trouble():
            if file is not None:
                file.parent.mkdir(_PRIVATE, parents=True, exist_ok=True)
            # SQLite keeps a database without a name in a file that nobody else sees.
            cache = cls(sqlite3.connect(file or "", timeout=_BUSY_SECONDS))
            cache.prepare()
            return cache

    def prepare(self) -> None:
        """Make the tables, and forget files that nobody has seen for half a year."""
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")
        self._connection.execute("pragma foreign_keys = on")
        (layout,) = self._connection.execute("pragma user_version").fetchone()
        if layout not in {0, _LAYOUT}:
            raise CacheDamaged
        self._connection.executescript(_TABLES)
        self._connection.execute(f"pragma user_version = {_LAYOUT}")
        self._connection.execute("delete from files where seen_on < ?", [self._today - _KEPT_DAYS])
        self._connection.commit()

    def save(self) -> None:
        """Let what was noted so far survive whatever comes."""
        with _trouble():
            self._connection.commit()
        self._saved_at = time.monotonic()

    def close(self) -> None:
        self.save()
        self._connection.close()

    def find(self, entry: Entry) -> Known | None:
        """Return what is known of a file that has not changed."""
        found = self._rows(
            """select id, digest, refusal, width, height, seen_on, algorithm from files
            where path = ? and size_bytes = ? and modified_ns = ? and inode = ?""",
            [_key(entry), entry.size_bytes, entry.modified_ns, entry.inode],
        )
        if not found:
            return None
        *known, seen_on, algorithm = found[0]
        if seen_on != self._today:
            self._write("update files set seen_on = ? where id = ?", [self._today, known[0]])
        if algorithm != FINGERPRINT_ALGORITHM:
            known[2:] = [None] * 3
        return Known(entry, *known)

    def add(self, entry: Entry) -> Known:
        """Begin to know a file, in the place of one that had its path before."""
        self._write("delete from files where path = ?", [_key(entry)])
        self._write(
            """insert into files (path, size_bytes, modified_ns, inode, seen_on)
            values (?, ?, ?, ?, ?)""",
            [_key(entry), entry.size_bytes, entry.modified_ns, entry.inode, self._today],
        )
        ((number,),) = self._rows("select last_insert_rowid()", [])
        return Known(entry, number)

    def note_digest(self, file: int, digest: bytes) -> None:
        self._write("update files set digest = ? where id = ?", [digest, file])

    def note_refusal(self, file: int, reason: str) -> None:
        self._write(
            "update files set refusal = ?, algorithm = ? where id = ?",
            [reason, FINGERPRINT_ALGORITHM, file],
        )

    def note_fingerprint(self, file: int, found: Fingerprint) -> None:
        self._write(
            """update files set refusal = null, algorithm = ?, width = ?, height = ?,
            fingerprint = ? where id = ?""",
            [found.algorithm, found.width, found.height, json.dumps(found.to_json()), file],
        )

    def fingerprint(self, file: int) -> Fingerprint:
        ((told,),) = self._rows("select fingerprint from files where id = ?", [file])
        return Fingerprint.from_json(json.loads(told))

    def note_comparison(self, first: int, second: int, *, same_pixels: bool) -> None:
        self._write(
            "insert or replace into comparisons values (?, ?, ?)",
            [*sorted((first, second)), same_pixels],
        )

    def comparison(self, first: int, second: int) -> bool | None:
        """Tell whether two files have the same pixels, None when nobody has looked."""
        found = self._rows(
            "select same_pixels from comparisons where first = ? and second = ?",
            sorted((first, second)),
        )
        return bool(found[0][0]) if found else None

    def note_thumbnail(self, file: int, picture: bytes) -> None:
        self._write("insert or replace into thumbnails values (?, ?)", [file, picture])

    def thumbnail(self, file: int) -> bytes | None:
        found = self._rows("select picture from thumbnails where file = ?", [file])
        return found[0][0] if found else None

    def _rows(self, query: LiteralString, values: Iterable[object]) -> list[Any]:
        with _trouble():
            return self._connection.execute(query, tuple(values)).fetchall()

    def _write(self, statement: LiteralString, values: Iterable[object]) -> None:
        """Write without waiting for the disk each time: a scan writes much and can repeat little."""
        with _trouble():
            self._connection.execute(statement, tuple(values))
        if time.monotonic() - self._saved_at > _SAVE_SECONDS:
            self.save()


def _key(entry: Entry) -> bytes:
    return os.fsencode(os.path.abspath(entry.path))  # noqa: PTH100 -- names are bytes, not always text


def _remove(file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            file.with_name(file.name + suffix).unlink()


@contextmanager
def _trouble() -> Generator[None, None, None]:
    """Say in our words what SQLite and the disk say in theirs."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        if getattr(error, "sqlite_errorcode", None) in _DAMAGE:
            raise CacheDamaged from error
        raise CacheUnusable(f"the cache of scans cannot be used: {error}") from error
