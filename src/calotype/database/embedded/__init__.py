"""A PostgreSQL of one's own under the data folder, shared by every command that needs it."""

from calotype.database.embedded.claims import claim
from calotype.database.embedded.errors import (
    AlreadyServing,
    DatabaseNotStarted,
    DatabaseOfAnotherVersion,
    DataFolderUnusable,
)
from calotype.database.embedded.programs import program
from calotype.database.embedded.server import Embedded, embedded

__all__ = [
    "AlreadyServing",
    "DataFolderUnusable",
    "DatabaseNotStarted",
    "DatabaseOfAnotherVersion",
    "Embedded",
    "claim",
    "embedded",
    "program",
]
