"""What the library does in the background."""

from typing import Any

from calotype.database import Caller
from calotype.jobs import Task
from calotype.library.model import EmptyTrash
from calotype.library.service import Library


def library_tasks(library: Library) -> list[Task[Any]]:
    async def empty_trash(_: Caller, __: EmptyTrash) -> None:
        await library.empty_trash()

    return [Task(EmptyTrash, empty_trash, every="*/15 * * * *")]
