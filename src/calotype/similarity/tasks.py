"""What similarity does in the background."""

from typing import Any

from calotype.database import Caller
from calotype.jobs import Task
from calotype.similarity.model import MakeUpFor, TakeFingerprint
from calotype.similarity.service import Similarity


def similarity_tasks(similarity: Similarity) -> list[Task[Any]]:
    async def make_up_for(_: Caller, __: MakeUpFor) -> None:
        await similarity.make_up_for()

    return [
        Task(TakeFingerprint, similarity.take),
        Task(MakeUpFor, make_up_for, every="37 * * * *"),
    ]
