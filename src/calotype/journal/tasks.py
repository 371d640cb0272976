"""What the journal does in the background."""

from typing import Any

from calotype.database import Caller
from calotype.jobs import Task
from calotype.journal.model import CloseEntries
from calotype.journal.service import Undoing


def journal_task(undoing: Undoing) -> Task[Any]:
    async def close(_: Caller, __: CloseEntries) -> None:
        await undoing.close_expired()

    return Task(CloseEntries, close, every="*/15 * * * *")
