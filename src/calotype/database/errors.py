"""What goes wrong between calotype and its PostgreSQL."""

from calotype.errors import Unavailable


class DatabaseUnreachable(Unavailable):
    """The database cannot be reached."""


class DatabaseBusy(Unavailable):
    """All connections to the database are in use."""


class DatabaseSlow(Unavailable):
    """The database took too long."""


class DatabaseTooOld(Unavailable):
    """This PostgreSQL is too old: calotype needs version 15 or newer."""


class SchemaBehind(Unavailable):
    """The database schema is older than this program: run `calotype migrate`."""


class RowsCollided(Unavailable):
    """Somebody else changed the same thing at the same time."""
