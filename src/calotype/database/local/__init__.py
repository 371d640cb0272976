"""A PostgreSQL of one's own under the data folder, shared by every command that needs it."""

from calotype.database.local.claims import claim
from calotype.database.local.errors import (
    AlreadyServing,
    DatabaseNotStarted,
    DatabaseOfAnotherVersion,
    DataFolderUnusable,
)
from calotype.database.local.programs import last_lines, program
from calotype.database.local.server import Embedded, embedded

__all__ = [
    "AlreadyServing",
    "DataFolderUnusable",
    "DatabaseNotStarted",
    "DatabaseOfAnotherVersion",
    "Embedded",
    "claim",
    "embedded",
    "last_lines",
    "program",
]
