"""What uploads do in the background."""

from typing import Any

from calotype.database import Caller
from calotype.jobs import Task
from calotype.uploads.model import Examine, Expire
from calotype.uploads.service import Uploads


def uploads_tasks(uploads: Uploads) -> list[Task[Any]]:
    async def expire(_: Caller, __: Expire) -> None:
        await uploads.expire()
        await uploads.examine_overdue()

    return [Task(Examine, uploads.examine), Task(Expire, expire, every="23 * * * *")]
