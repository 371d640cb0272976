"""`/api/originals`: what is kept, found by id and by hash, and what nobody refers to."""

from dataclasses import replace
from hashlib import sha256
from uuid import uuid4

import httpx

from calotype.app import House
from calotype.database import SYSTEM, execute
from tests import pictures
from tests.http.speaking import check_problem, upload, with_key

A, B = pictures.jpeg(seed=1), pictures.png(seed=2)


async def let_go(client: httpx.AsyncClient, house: House, media: str) -> None:
    """Delete media and empty the trash at once."""
    assert (await client.delete(f"/api/media/{media}")).status_code == 204
    assert await replace(house.library, trash_days=0).empty_trash() == 1


async def by_hash(client: httpx.AsyncClient, text: str) -> list[dict]:
    page = (await client.get("/api/originals", params={"sha256": text})).json()
    assert page["total"] == len(page["items"])
    return page["items"]


async def test_an_original_is_found_by_its_hash_and_by_its_id(client: httpx.AsyncClient) -> None:
    for data in (A, A, B):
        await upload(client, data)
    name = sha256(A).hexdigest()
    [found] = await by_hash(client, name)
    assert await by_hash(client, name.upper()) == [found]
    assert (await client.get(f"/api/originals/{found['id']}")).json() == found
    told = {
        "sha256": name, "sizeBytes": len(A), "state": "live", "mediaType": "image/jpeg",
        "width": 64, "height": 48, "frames": 1, "referenceCount": 2,
    }  # fmt: skip
    assert told.items() <= found.items()
    assert await by_hash(client, sha256(b"nothing").hexdigest()) == []
    check_problem(await client.get(f"/api/originals/{uuid4()}"), 404)


async def test_what_nobody_refers_to_can_be_listed_alone(
    client: httpx.AsyncClient, house: House
) -> None:
    first, second = [(await upload(client, data)).json()["id"] for data in (A, A)]
    await upload(client, B)
    for media, orphans in ((first, 0), (second, 1)):
        await let_go(client, house, media)
        page = (await client.get("/api/originals", params={"orphaned": True})).json()
        assert (page["total"], len(page["items"])) == (orphans, orphans)
    [orphan] = page["items"]
    assert (orphan["sha256"], orphan["state"]) == (sha256(A).hexdigest(), "condemned")
    assert orphan["referenceCount"] == 0
    assert (await client.get("/api/originals")).json()["total"] == 2


async def test_the_figures_say_what_is_kept_held_saved_and_orphaned(
    client: httpx.AsyncClient, house: House
) -> None:
    media = [(await upload(client, data)).json()["id"] for data in (A, A, A, B)]
    await let_go(client, house, media[-1])
    figures = (await client.get("/api/originals/stats")).json()
    assert figures == {
        "totalCount": 2, "totalSize": len(A + B), "orphanedCount": 1, "orphanedSize": len(B),
        "avgReferences": 1.5, "logicalSize": 3 * len(A), "savedSize": 2 * len(A),
        "savedRatio": 2 / 3,
    }  # fmt: skip


async def test_only_admins_look_at_originals(client: httpx.AsyncClient) -> None:
    await upload(client, A)
    [found] = await by_hash(client, sha256(A).hexdigest())
    editor = await with_key(client, "editor")
    for address in ("", "/stats", f"/{found['id']}"):
        check_problem(await editor.get(f"/api/originals{address}"), 403)


async def test_damaged_originals_are_listed_and_counted(
    client: httpx.AsyncClient, house: House
) -> None:
    for data in (A, B):
        await upload(client, data)
    async with house.database.transaction(SYSTEM) as tx:
        await execute(
            tx, "update originals set state = 'quarantined' where size_bytes = %(size)s",
            {"size": len(A)},
        )  # fmt: skip
    page = (await client.get("/api/originals")).json()
    assert (page["total"], len(page["items"])) == (2, 2)
