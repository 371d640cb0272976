"""The whole database in one file, by PostgreSQL's own programs."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from calotype.database.local import program
from calotype.errors import Unavailable


class DumpFailed(Unavailable):
    """The database could not be written to, or read from, a file."""


def dump(
    owner_url: str, file: Path, query: LiteralString, note: Callable[[dict[str, Any]], None]
) -> None:
    """Write the database to *file*, and *note* each row of *query* as of the same moment."""
    with psycopg.connect(owner_url) as connection:
        connection.execute("set transaction isolation level repeatable read")
        found = connection.execute("select pg_export_snapshot()").fetchone()
        assert found is not None
        # The owner's policies show it every row; without the switch, forced policies are an error.
        _run(
            "pg_dump",
            "--format=custom",
            "--enable-row-security",
            f"--snapshot={found[0]}",
            f"--file={file}",
            owner_url,
        )
        with connection.cursor(name="noted", row_factory=dict_row) as cursor:
            for row in cursor.execute(query):
                note(row)


def load(owner_url: str, file: Path) -> None:
    """Read *file* into a database that has nothing of calotype yet: all of it or nothing."""
    _run(
        "pg_restore",
        "--no-owner",
        "--no-comments",
        "--single-transaction",
        "--exit-on-error",
        f"--dbname={owner_url}",
        str(file),
    )


def _run(name: str, *arguments: str) -> None:
    command = [str(program(name)), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DumpFailed(f"{name}: {done.stderr.strip().splitlines()[-1]}")
