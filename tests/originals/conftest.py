"""A stage with two tenants, and what a test of originals does all the time."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from calotype.database import Caller
from calotype.originals import Facts, Holder, Kept
from tests.conftest import Cluster
from tests.laws.crash.stage import Stage, staged

FACTS = Facts(media_type="image/png", width=24, height=16)


@pytest.fixture
async def stage(empty_cluster: Cluster, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(empty_cluster, tmp_path / "house") as opened:
        await opened.empty()
        yield opened


class Holding:
    """Keeps, holds and releases originals for holders that have no other meaning."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.originals = stage.house.originals

    async def keep(self, data: bytes, caller: Caller | None = None) -> Kept:
        """Keep bytes, leased to an upload."""
        received = self.stage.arrive(data)
        return await self.originals.keep(
            caller or self.stage.editor, received.file, received.digest, received.size_bytes,
            FACTS, holder=Holder("upload", uuid4()),
        )  # fmt: skip

    async def keep_for_good(self, data: bytes, caller: Caller | None = None) -> tuple[UUID, UUID]:
        """Keep bytes for a holder; return the original and the holder."""
        kept = await self.keep(data, caller)
        holder = uuid4()
        async with self.stage.house.database.transaction(caller or self.stage.editor) as tx:
            await self.originals.take_over(tx, kept, Holder("upload", holder))
        return kept.original_id, holder

    async def release(self, *holders: UUID, caller: Caller | None = None) -> int:
        async with self.stage.house.database.transaction(caller or self.stage.editor) as tx:
            return await self.originals.release(tx, "upload", holders)

    def states(self) -> list[str]:
        return sorted(row[0] for row in self.stage.ask("select state from originals"))


@pytest.fixture
def holding(stage: Stage) -> Holding:
    return Holding(stage)
