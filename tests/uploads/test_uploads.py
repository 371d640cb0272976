"""A file arrives and becomes media."""

from uuid import UUID

import httpx
import psycopg

from calotype.app import House
from calotype.database import Caller
from calotype.originals import Examined
from calotype.uploads.model import Examine
from tests import pictures
from tests.conftest import Cluster
from tests.http.speaking import look_at_everything


async def upload(
    client: httpx.AsyncClient, data: bytes, name: str = "a.jpg", **more
) -> httpx.Response:
    return await client.post("/api/media", files={"file": (name, data)}, **more)


async def test_the_same_bytes_twice_are_kept_once(client: httpx.AsyncClient, house: House) -> None:
    data = pictures.jpeg(seed=1)
    first, second = await upload(client, data), await upload(client, data, "b.jpg")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]
    assert (first.json()["deduplicated"], second.json()["deduplicated"]) == (False, True)
    stats = (await client.get("/api/originals/stats")).json()
    assert (stats["totalCount"], stats["avgReferences"], stats["savedSize"]) == (1, 2.0, len(data))


async def test_deleting_one_of_two_leaves_the_other(
    client: httpx.AsyncClient, house: House
) -> None:
    data = pictures.jpeg(seed=1)
    one, other = [(await upload(client, data)).json() for _ in range(2)]
    assert (await client.delete(f"/api/media/{one['id']}")).status_code == 204
    answer = await client.get(other["url"])
    assert (answer.status_code, answer.content) == (200, data)


async def test_a_look_that_was_lost_is_made_up_for(
    client: httpx.AsyncClient, house: House, empty_cluster: Cluster
) -> None:
    await upload(client, pictures.jpeg())
    with psycopg.connect(empty_cluster.owner_url, autocommit=True) as owner:
        owner.execute("truncate procrastinate.procrastinate_jobs cascade")
        assert await house.uploads.examine_overdue() == 0
        owner.execute("update calotype.originals set changed_at = now() - interval '2 hours'")
        assert await house.uploads.examine_overdue() == 1
        jobs = owner.execute("select task_name from procrastinate.procrastinate_jobs").fetchall()
    assert jobs == [(Examine.name,)]


async def test_who_looks_second_overrules_nobody(
    client: httpx.AsyncClient, house: House, tenant: UUID
) -> None:
    await upload(client, pictures.jpeg())
    await look_at_everything(house)
    [original] = (await client.get("/api/originals")).json()["items"]
    async with house.database.transaction(Caller("service", tenant)) as tx:
        failed = Examined(readable=False, stripped=None)
        assert await house.originals.note_examined(tx, UUID(original["id"]), failed) is True
