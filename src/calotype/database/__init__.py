"""One PostgreSQL; every change happens inside a transaction that one can see."""

from calotype.database.caller import ANYBODY, SYSTEM, Caller, Role
from calotype.database.checks import DATABASE_CHECKS, RowCheck, Severity
from calotype.database.connection import Database, Snapshot, Transaction
from calotype.database.dumping import DumpFailed, dump, load
from calotype.database.errors import (
    DatabaseBusy,
    DatabaseSlow,
    DatabaseTooOld,
    DatabaseUnreachable,
    RowsCollided,
    SchemaBehind,
)
from calotype.database.identity import new_id
from calotype.database.listening import hearing
from calotype.database.local import AlreadyServing, Embedded, claim, embedded, program
from calotype.database.migrating import (
    Migration,
    Part,
    Pending,
    Phase,
    is_new,
    login_of,
    make_roles,
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
    "DatabaseSlow",
    "DatabaseTooOld",
    "DatabaseUnreachable",
    "DumpFailed",
    "Embedded",
    "Migration",
    "Part",
    "Pending",
    "Phase",
    "Role",
    "RowCheck",
    "RowsCollided",
    "SchemaBehind",
    "Severity",
    "Snapshot",
    "Transaction",
    "claim",
    "dump",
    "embedded",
    "execute",
    "hearing",
    "is_new",
    "load",
    "login_of",
    "make_roles",
    "migrate",
    "new_id",
    "one",
    "own_part",
    "pending",
    "program",
    "rows",
    "value",
]
