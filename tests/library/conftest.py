"""A stage, and people who add and look at media."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from calotype.database import Caller
from calotype.library import Description, Filter, Media
from tests.conftest import Cluster
from tests.laws.crash.stage import Stage, picture, show, staged


@pytest.fixture
async def stage(empty_cluster: Cluster, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(empty_cluster, tmp_path / "house") as opened:
        await opened.empty()
        yield opened


class Shelves:
    """What a caller does with the library, one transaction each."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.library = stage.house.library
        self.editor = stage.editor
        self.stranger = stage.stranger
        tenant = stage.editor.tenant
        self.colleague = Caller(role="editor", tenant=tenant, person=UUID(int=2))
        self.viewer = Caller(role="viewer", tenant=tenant, person=UUID(int=3))
        self.admin = Caller(role="admin", tenant=tenant, person=UUID(int=4))

    async def add(self, name: str, caller: Caller | None = None, *, seed: int = 0, **more) -> UUID:
        answer = await self.stage.house.uploads.receive(
            caller or self.editor, self.stage.arrive(picture(seed)),
            Description(name=name, **more), key=None, show=show,
        )  # fmt: skip
        return UUID(answer.body["id"])

    async def names(
        self, caller: Caller | None = None, *, after: UUID | None = None, limit: int = 100, **wanted
    ) -> list[str]:
        found = await self.list_media(caller, after=after, limit=limit, **wanted)
        return [media.name for media in found]

    async def list_media(
        self, caller: Caller | None = None, *, after: UUID | None = None, limit: int = 100, **wanted
    ) -> list[Media]:
        async with self.stage.house.database.snapshot(caller or self.editor) as snapshot:
            return await self.library.list_media(
                snapshot, Filter(**wanted), after=after, limit=limit
            )

    async def count(self, caller: Caller | None = None, *, up_to: int = 100, **wanted) -> int:
        async with self.stage.house.database.snapshot(caller or self.editor) as snapshot:
            return await self.library.count(snapshot, Filter(**wanted), up_to=up_to)

    async def get(self, media: UUID, caller: Caller | None = None) -> Media:
        async with self.stage.house.database.snapshot(caller or self.editor) as snapshot:
            return await self.library.get(snapshot, media)

    async def change(
        self, media: UUID, changes: Mapping[str, Any], caller: Caller | None = None
    ) -> Media:
        async with self.stage.house.database.transaction(caller or self.editor) as tx:
            return await self.library.change(tx, media, changes)


@pytest.fixture
def shelves(stage: Stage) -> Shelves:
    return Shelves(stage)
