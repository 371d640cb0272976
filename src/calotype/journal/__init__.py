"""Journal: what was done, and what is needed to undo it."""

from calotype.journal.errors import AlreadyUndone, EntryMissing, UndoTooLate
from calotype.journal.model import Before, Entry
from calotype.journal.service import Inverse, Journal, Release, Undoing

__all__ = [
    "AlreadyUndone",
    "Before",
    "Entry",
    "EntryMissing",
    "Inverse",
    "Journal",
    "Release",
    "UndoTooLate",
    "Undoing",
]
