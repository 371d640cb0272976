"""What goes wrong with undoing."""

from calotype.errors import Conflict, Missing


class EntryMissing(Missing):
    """There is no such entry in the journal."""


class AlreadyUndone(Conflict):
    """This was undone before."""


class UndoTooLate(Conflict):
    """What undoing this would need is not kept any more."""
