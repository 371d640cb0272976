"""Kept originals, and two houses' worth of renditions over one database."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from calotype.app import House
from calotype.database import Caller, Database
from calotype.digest import Digest
from calotype.imaging import Pixels
from calotype.originals import Facts, Holder, Kept
from calotype.renditions import PRESETS, Recipe, Rendition, Renditions
from calotype.storage import Spool
from tests.conftest import Cluster

SMALL = Recipe(PRESETS[1])
LARGE = Recipe(PRESETS[3])


@dataclass(frozen=True)
class Stage:
    """A house, and what tests do with it again and again."""

    house: House
    cluster: Cluster
    caller: Caller
    folder: Path

    @property
    def scope(self) -> UUID:
        assert self.caller.tenant is not None
        return self.caller.tenant

    async def keep(self, data: bytes, caller: Caller | None = None) -> Kept:
        file = self.folder / uuid4().hex
        file.write_bytes(data)
        facts = Facts(media_type="image/jpeg", width=64, height=48)
        return await self.house.originals.keep(
            caller or self.caller, file, Digest.of(data), len(data), facts,
            holder=Holder("upload", uuid4()),
        )  # fmt: skip

    async def demand(self, kept: Kept, recipe: Recipe = SMALL, **more) -> Rendition:
        renditions = more.pop("by", self.house.renditions)
        return await renditions.demand(
            original_id=kept.original_id, scope_id=more.pop("scope", self.scope), recipe=recipe,
            **more,
        )  # fmt: skip

    async def read(self, rendition: Rendition) -> bytes:
        pieces = [piece async for piece in self.house.objects.read(rendition.object_key)]
        return b"".join(pieces)

    async def keys(self) -> set[str]:
        """The objects of renditions that lie in the store."""
        return {info.key async for page in self.house.objects.list_pages("r") for info in page}

    def sql(self, statement: str, *values: object) -> list[tuple]:
        with psycopg.connect(self.cluster.owner_url, autocommit=True) as connection:
            connection.execute("set search_path = calotype, public")
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def states(self) -> list[str]:
        return [row[0] for row in self.sql("select state from renditions order by id")]

    async def other_tenant(self) -> UUID:
        async with self.house.database.transaction(Caller("service")) as tx:
            return (await self.house.accounts.tenants.add(tx, "other", "")).id

    def pass_time(self) -> None:
        """Let what was given up linger no longer."""
        self.sql("update renditions set changed_at = changed_at - interval '1 hour'")


@pytest.fixture
def stage(house: House, empty_cluster: Cluster, editor: Caller, tmp_path: Path) -> Stage:
    folder = tmp_path / "arriving"
    folder.mkdir()
    return Stage(house, empty_cluster, editor, folder)


@pytest.fixture
async def elsewhere(stage: Stage, tmp_path: Path) -> AsyncIterator[Renditions]:
    """Another machine: its own connections, children, spool and tasks, the same database."""
    async with AsyncExitStack() as stack:
        database = await Database.connect(stage.cluster.login_url, connections=4)
        stack.push_async_callback(database.close)
        pixels = Pixels()
        stack.push_async_callback(pixels.close)
        here = stage.house.renditions
        making = replace(
            here.making, database=database, pixels=pixels, spool=Spool(tmp_path / "other-spool")
        )
        renditions = replace(here, database=database, making=making, _under_way={})
        stack.push_async_callback(renditions.close)
        yield renditions
