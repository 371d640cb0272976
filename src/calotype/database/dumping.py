"""The whole database in one file, by PostgreSQL's own programs."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from calotype.database.local import last_lines, program
from calotype.errors import Unavailable

# Forced policies would hide every row from a login that is the only one, and the connection that
# holds the snapshot idles for as long as the dump takes.
_OPTIONS = "-c calotype.role=system -c idle_in_transaction_session_timeout=0"


class DumpFailed(Unavailable):
    """The database could not be written to, or read from, a file."""


@dataclass(frozen=True, slots=True)
class _Access:
    """How the owner gets in; the password stays apart, since arguments are for all to see."""

    conninfo: str
    password: str | None = field(repr=False)

    @classmethod
    def of(cls, owner_url: str) -> Self:
        found = conninfo_to_dict(owner_url)
        password = found.pop("password", None)
        found["options"] = f"{found.get('options') or ''} {_OPTIONS}".strip()
        return cls(make_conninfo("", **found), None if password is None else str(password))

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self.conninfo, password=self.password)

    def run(self, name: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs, which has to succeed."""
        secret = {} if self.password is None else {"PGPASSWORD": self.password}
        command = [str(program(name)), f"--dbname={self.conninfo}", *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, **secret}
        )
        if done.returncode:
            reason = last_lines(done.stderr) or f"exit code {done.returncode}"
            raise DumpFailed(f"{name}: {reason}")


def dump(
    owner_url: str, file: Path, query: LiteralString, note: Callable[[dict[str, Any]], None]
) -> None:
    """Write the database to *file*, and *note* each row of *query* as of the same moment."""
    access = _Access.of(owner_url)
    try:
        with access.connect() as connection:
            access.run("pg_dump", *_what(_export(connection), file))
            with connection.cursor(name="noted", row_factory=dict_row) as cursor:
                for row in cursor.execute(query):
                    note(row)
    except psycopg.Error as error:
        raise DumpFailed(last_lines(str(error))) from error


def _export(connection: psycopg.Connection[tuple[Any, ...]]) -> str:
    """Hold on to this moment, under a name by which others can see it too."""
    connection.execute("set transaction isolation level repeatable read")
    found = connection.execute("select pg_export_snapshot()").fetchone()
    assert found is not None
    return str(found[0])


def _what(snapshot: str, file: Path) -> tuple[str, ...]:
    """Every row, which policies show; without the switch, forced policies are an error."""
    return (
        "--format=custom",
        "--enable-row-security",
        f"--snapshot={snapshot}",
        f"--file={file}",
    )


def load(owner_url: str, file: Path) -> None:
    """Read *file* into a database that has nothing of calotype yet: all of it or nothing."""
    _Access.of(owner_url).run(
        "pg_restore",
        "--no-owner",
        "--no-comments",
        "--single-transaction",
        "--exit-on-error",
        str(file),
    )
