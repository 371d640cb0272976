"""The index in PostgreSQL, as the app role: exact, by its indexes, and for one tenant only."""

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from calotype.database import Caller
from calotype.similarity import WIDEST, Near, service, store
from calotype.similarity.banding import tile_keys
from tests.conftest import Cluster
from tests.laws.crash.stage import Stage, staged
from tests.similarity.hashes import apart, crowd, fingerprint, turned

RADII = [0, 5, 15, 16, WIDEST]


@pytest.fixture
async def stage(empty_cluster: Cluster, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(empty_cluster, tmp_path / "house") as opened:
        await opened.empty()
        yield opened


@dataclass
class Shelf:
    """Originals that have no bytes, only hashes."""

    stage: Stage
    hashes: dict[UUID, bytes] = field(default_factory=dict)

    def plant(self, hashes: Sequence[bytes], scope: UUID | None = None) -> list[UUID]:
        """Make originals of a tenant."""
        scope = scope or self.stage.editor.tenant
        planted = [uuid4() for _ in hashes]
        for original in planted:
            self.stage.owner.execute(
                "insert into originals (id, scope_id, digest, size_bytes, object_key, state,"
                " media_type, width, height, readable) values (%s, %s, %s, 1, %s, 'live',"
                " 'image/jpeg', 320, 240, true)",
                [original, scope, original.bytes * 2, str(original)],
            )
        return planted

    async def note(
        self, hashes: Sequence[bytes], caller: Caller | None = None, **more
    ) -> list[UUID]:
        caller = caller or self.stage.editor
        planted = self.plant(hashes, caller.tenant)
        async with self.stage.house.database.transaction(caller) as tx:
            for original, phash in zip(planted, hashes, strict=True):
                await self.stage.house.similarity.note(tx, original, fingerprint(phash, **more))
        self.hashes |= dict(zip(planted, hashes, strict=True))
        return planted

    async def near(
        self, phash: bytes, radius: int, caller: Caller | None = None, limit: int = 10_000
    ) -> list[Near]:
        async with self.stage.house.database.snapshot(caller or self.stage.editor) as snapshot:
            cursor = await snapshot.connection.execute("select current_user::text")
            assert await cursor.fetchone() == ("calotype_app",)
            return await store.list_near(snapshot, phash, radius, limit)

    async def likely(self, phash: bytes, caller: Caller | None = None, **more):
        async with self.stage.house.database.snapshot(caller or self.stage.editor) as snapshot:
            return await self.stage.house.similarity.likely(
                snapshot, fingerprint(phash, **more), near_distance=5
            )

    def hubs(self) -> set[UUID]:
        return {row[0] for row in self.stage.ask("select original_id from fingerprints where hub")}


@pytest.fixture
def shelf(stage: Stage) -> Shelf:
    return Shelf(stage)


async def test_every_radius_finds_what_brute_force_finds(shelf: Shelf) -> None:
    chance = random.Random(7)
    await shelf.note(crowd(chance, 600))
    for radius in RADII:
        for _ in range(20):
            wanted = turned(
                chance.choice(list(shelf.hashes.values())), chance.sample(range(256), radius)
            )
            found = await shelf.near(wanted, radius)
            true = {
                original: bits
                for original, phash in shelf.hashes.items()
                if (bits := apart(phash, wanted)) <= radius
            }
            assert {near.original_id: near.distance for near in found} == true
            assert [near.distance for near in found] == sorted(true.values())


def scans(stage: Stage) -> list[int]:
    stage.owner.execute("select pg_stat_clear_snapshot()")
    return [
        count
        for (count,) in stage.ask(
            "select idx_scan from pg_stat_user_indexes where relname = 'fingerprint_bands'"
            " and indexrelname ~ '_[0-9]+$' order by substring(indexrelname from '[0-9]+$')::int"
        )
    ]


async def look(shelf: Shelf, radius: int) -> list[int]:
    """In which bands a search looks."""
    before = scans(shelf.stage)
    async with shelf.stage.house.database.snapshot(shelf.stage.editor) as snapshot:
        await store.list_near(snapshot, bytes(range(32)), radius, 10)
        await snapshot.connection.execute("select pg_stat_force_next_flush()")
    after = scans(shelf.stage)
    return [band for band in range(16) if after[band] > before[band]]


async def test_a_search_looks_in_as_many_bands_as_it_must_as_the_app_role(shelf: Shelf) -> None:
    await shelf.note(crowd(random.Random(1), 50))
    assert await look(shelf, 5) == list(range(6))
    assert await look(shelf, 15) == list(range(16))
    assert await look(shelf, WIDEST) == list(range(16))


async def test_the_plan_of_a_search_reads_no_whole_table_as_the_app_role(shelf: Shelf) -> None:
    """The same conditions, asked without the function, so that the plan can be seen."""
    await shelf.note(crowd(random.Random(1), 50))
    async with shelf.stage.house.database.snapshot(shelf.stage.editor) as snapshot:
        await snapshot.connection.execute("set local enable_seqscan = off")
        cursor = await snapshot.connection.execute(
            "explain select original_id from fingerprint_bands where b0 = any('{1,2}') or b1 = 3"
        )
        plan = "\n".join(row[0] for row in await cursor.fetchall())
    assert "Bitmap Index Scan on fingerprint_bands_0" in plan
    assert "Bitmap Index Scan on fingerprint_bands_1" in plan
    assert "Seq Scan" not in plan


async def test_a_tenant_finds_nothing_of_another(shelf: Shelf) -> None:
    chance = random.Random(3)
    phash, tiles = chance.randbytes(32), (chance.randbytes(11), chance.randbytes(11))
    [theirs] = await shelf.note([phash], shelf.stage.stranger, tiles=tiles)
    assert await shelf.near(phash, WIDEST) == []
    assert (await shelf.likely(phash, tiles=tiles)).candidates == ()
    [own] = await shelf.near(phash, 0, shelf.stage.stranger)
    assert own.original_id == theirs


async def test_an_original_of_another_tenant_takes_no_fingerprint_from_here(shelf: Shelf) -> None:
    [theirs] = shelf.plant([bytes(32)], shelf.stage.stranger.tenant)
    async with shelf.stage.house.database.transaction(shelf.stage.editor) as tx:
        await shelf.stage.house.similarity.note(tx, theirs, fingerprint(bytes(32)))
    assert shelf.stage.ask("select * from fingerprints") == []


async def test_a_picture_that_so_many_match_is_set_aside(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "HUB_MATCHES", 5)
    phash = random.Random(4).randbytes(32)
    first = await shelf.note([turned(phash, [bit]) for bit in range(5)])
    assert shelf.hubs() == set()
    more = await shelf.note([turned(phash, [bit]) for bit in range(5, 8)])
    assert shelf.hubs() == set(more)
    assert {near.original_id for near in await shelf.near(phash, 15)} == set(first)
    findings = {finding.code for finding in await shelf.stage.findings("meta")}
    assert "fingerprint-unsearched" not in findings


async def test_an_answer_that_leaves_something_out_says_so(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_READ", 3)
    phash = random.Random(5).randbytes(32)
    planted = await shelf.note([turned(phash, range(bit)) for bit in range(3)])
    found = await shelf.likely(phash)
    assert (len(found.candidates), found.capped) == (3, False)
    await shelf.note([turned(phash, range(100, 104))])
    found = await shelf.likely(phash)
    assert found.capped
    assert [each.original_id for each in found.candidates] == planted


async def test_noting_a_fingerprint_twice_changes_nothing_and_a_new_one_replaces_it(
    shelf: Shelf,
) -> None:
    chance = random.Random(6)
    old, new = chance.randbytes(32), chance.randbytes(32)
    [original] = await shelf.note([old], tiles=(bytes(11),))
    similarity = shelf.stage.house.similarity
    for phash in (old, new, new):
        async with shelf.stage.house.database.transaction(shelf.stage.editor) as tx:
            await similarity.note(tx, original, fingerprint(phash, tiles=(bytes(11),)))
    assert await shelf.near(old, 0) == []
    assert [near.original_id for near in await shelf.near(new, 0)] == [original]
    async with shelf.stage.house.database.snapshot(shelf.stage.editor) as snapshot:
        assert await similarity.get(snapshot, original) == fingerprint(new, tiles=(bytes(11),))
    for table in ("fingerprints", "fingerprint_bands", "fingerprint_tiles"):
        assert shelf.stage.ask(f"select count(*) from {table}") == [(1,)]


async def test_a_fingerprint_is_forgotten_with_its_original(shelf: Shelf) -> None:
    chance = random.Random(8)
    gone, stays = await shelf.note([chance.randbytes(32), chance.randbytes(32)])
    shelf.stage.owner.execute("delete from originals where id = %s", [gone])
    for table in ("fingerprints", "fingerprint_bands", "fingerprint_tiles"):
        assert shelf.stage.ask(f"select original_id from {table}") == [(stays,)]


async def test_a_crop_is_found_by_details_that_it_shares(shelf: Shelf) -> None:
    chance = random.Random(9)
    details = tuple(chance.randbytes(11) for _ in range(8))
    other = tuple(chance.randbytes(11) for _ in range(8))
    whole, _ = [
        (await shelf.note([chance.randbytes(32)], tiles=tiles))[0] for tiles in (details, other)
    ]

    async with shelf.stage.house.database.snapshot(shelf.stage.editor) as snapshot:
        keys = tile_keys(shelf.stage.editor.tenant, details[:2])
        assert await store.list_sharing(snapshot, keys, 2, 10) == [whole]
        assert await store.list_sharing(snapshot, keys, 9, 10) == []
