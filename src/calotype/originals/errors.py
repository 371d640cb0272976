"""What goes wrong with originals."""

from calotype.errors import Conflict, Invalid, Missing, Unavailable


class OriginalMissing(Missing):
    """There is no such original."""


class ReferenceLost(Conflict):
    """The reference that held the original until now is gone; send the file again."""


class SizesDiffer(Conflict):
    """These bytes have the digest of an original of another size, which cannot be."""


class OriginalStillNamed(Conflict):
    """A row that is no reference names this original."""


class NothingToRepair(Invalid):
    """There is no repair by this name."""


class RepairHalted(Conflict):
    """The repair stopped, because it could not be certain of doing no harm."""


class StoreForeign(Unavailable):
    """The database and the object store do not carry the same mark."""


class KeepContended(Unavailable):
    """Others kept or removed the same bytes at the same time; send the file again."""
