"""What goes wrong with originals."""

from calotype.errors import Conflict, Missing, Unavailable


class OriginalMissing(Missing):
    """There is no such original."""


class ReferenceLost(Conflict):
    """The reference that held the original until now is gone; send the file again."""


class SizesDiffer(Conflict):
    """These bytes have the digest of an original of another size, which cannot be."""


class KeepContended(Unavailable):
    """Others kept or removed the same bytes at the same time; send the file again."""
