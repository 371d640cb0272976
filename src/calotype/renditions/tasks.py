"""What renditions do in the background."""

from typing import Any

from calotype.database import Caller
from calotype.jobs import Task
from calotype.renditions.model import Improve, Prepare, Sweep
from calotype.renditions.service import Renditions
from calotype.renditions.upkeep import Upkeep


def renditions_tasks(renditions: Renditions, upkeep: Upkeep) -> list[Task[Any]]:
    async def sweep(_: Caller, __: Sweep) -> None:
        await upkeep.sweep()

    return [
        Task(Prepare, renditions.prepare),
        Task(Improve, renditions.improve),
        Task(Sweep, sweep, every="2-59/5 * * * *"),
    ]
