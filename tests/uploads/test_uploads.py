"""A file arrives and becomes media."""

import httpx

from calotype.app import House
from tests import pictures


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
