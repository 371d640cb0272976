"""One PostgreSQL; every change happens inside a transaction that one can see."""

from calotype.database.caller import ANYBODY, SYSTEM, Caller, Role
from calotype.database.checks import DATABASE_CHECKS, RowCheck, Severity
from calotype.database.connection import Database, Snapshot, Transaction
from calotype.database.embedded import AlreadyServing, Embedded, claim, embedded, program
from calotype.database.errors import (
    DatabaseBusy,
    DatabaseTooOld,
    DatabaseUnreachable,
    RowsCollided,
    SchemaBehind,
)
from calotype.database.identity import new_id
from calotype.database.migrate import (
    Migration,
    Part,
    Pending,
    login_of,
    migrate,
    own_part,
    pending,
)
from calotype.database.reading import execute, one, rows, value

__all__ = [
    "ANYBODY",
    "DATABASE_CHECKS",
    "SYSTEM",
    "AlreadyServing",
    "Caller",
    "Database",
    "DatabaseBusy",
    "DatabaseTooOld",
    "DatabaseUnreachable",
    "Embedded",
    "Migration",
    "Part",
    "Pending",
    "Role",
    "RowCheck",
    "RowsCollided",
    "SchemaBehind",
    "Severity",
    "Snapshot",
    "Transaction",
    "claim",
    "embedded",
    "execute",
    "login_of",
    "migrate",
    "new_id",
    "one",
    "own_part",
    "pending",
    "program",
    "rows",
    "value",
]
