"""One media at its address: read, changed, shared for a while, deleted."""

import time
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest

from calotype.app import House
from tests import pictures
from tests.http.speaking import check_problem, look_at_everything, speaking, upload, with_key

WEEK_SECONDS = 7 * 24 * 3600


async def test_media_is_read_changed_and_deleted_at_its_address(client: httpx.AsyncClient) -> None:
    added = (await upload(client, pictures.jpeg(), name="before")).json()
    address = f"/api/media/{added['id']}"
    read = (await client.get(address)).json()
    assert (read["id"], read["name"], read["deletedAt"]) == (added["id"], "before", None)

    changed = (await client.patch(address, json={"name": "after", "tags": ["x"]})).json()
    assert (changed["name"], changed["tags"]) == ("after", ["x"])
    assert datetime.fromisoformat(changed["updatedAt"]) > datetime.fromisoformat(read["updatedAt"])
    assert changed["createdAt"] == read["createdAt"]
    assert (await client.get(address)).json()["name"] == "after"

    assert (await client.delete(address)).status_code == 204
    assert (await client.get("/api/media")).json()["items"] == []
    assert (await client.get(address)).json()["deletedAt"] is not None
    trash = (await client.get("/api/media", params={"trash": True})).json()["items"]
    assert [media["id"] for media in trash] == [added["id"]]


async def test_upkeep_is_no_change_of_media(client: httpx.AsyncClient) -> None:
    address = "/api/media/" + (await upload(client, pictures.jpeg())).json()["id"]
    before = (await client.get(address)).json()["updatedAt"]
    await client.delete(address)
    restored = await client.post(f"{address}/restore")
    assert restored.json()["updatedAt"] == before


async def test_media_says_where_it_comes_from(client: httpx.AsyncClient) -> None:
    added = (await upload(client, pictures.jpeg())).json()
    [listed] = (await client.get("/api/media")).json()["items"]
    for shown in (added, listed):
        assert (shown["sourceType"], shown["source"]) == ("upload", "upload")
        assert (shown["enhancementType"], shown["originalMediaId"]) == (None, None)
    for source, count in (("upload", 1), ("stock", 0)):
        page = await client.get("/api/media", params={"source": source})
        assert page.json()["total"] == count
    check_problem(await client.get("/api/media", params={"source": "camera"}), 422)


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (pictures.jpeg(), "image/jpeg"), (pictures.png(), "image/png"),
        (pictures.webp(), "image/webp"), (pictures.gif(), "image/gif"),
        (pictures.tiff(), "image/tiff"), (pictures.avif(), "image/avif"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)  # fmt: skip
async def test_media_says_of_what_type_it_is(
    client: httpx.AsyncClient, data: bytes, media_type: str
) -> None:
    media = (await upload(client, data, "misnamed.txt")).json()
    assert (media["mediaType"], media["mime_type"]) == (media_type, media_type)
    assert (await client.head(f"/m/{media['id']}")).headers["content-type"] == media_type


async def test_a_signed_address_lives_a_week_unless_told_otherwise(
    client: httpx.AsyncClient, house: House
) -> None:
    media = (await upload(client, pictures.jpeg())).json()
    await look_at_everything(house)
    address = f"/api/media/{media['id']}/signed-url"
    for said, lifetime in (({}, WEEK_SECONDS), ({"expiresIn": 60}, 60)):
        earliest = int(time.time()) + lifetime
        made = (await client.post(address, json=said)).json()
        latest = int(time.time()) + lifetime
        [expires] = parse_qs(urlsplit(made["url"]).query)["exp"]
        assert earliest <= int(expires) <= latest
        assert datetime.fromisoformat(made["expiresAt"]).timestamp() == int(expires)
        answer = await speaking(client, None).get(made["url"])
        assert answer.status_code == 200
    longest = await client.post(address, json={"expiresIn": WEEK_SECONDS})
    assert longest.status_code == 201
    check_problem(await client.post(address, json={"expiresIn": WEEK_SECONDS + 1}), 422)


async def test_the_state_does_not_tell_that_a_colleague_has_the_bytes(client, cluster) -> None:
    data = pictures.jpeg(seed=77)
    mine, yours = [await with_key(client, role="editor") for _ in range(2)]
    await upload(mine, data)
    with psycopg.connect(cluster.owner_url, autocommit=True) as connection:
        connection.execute("update calotype.originals set readable = true")
    again = (await upload(mine, data)).json()
    assert (again["deduplicated"], again["state"]) == (True, "ready")
    answer = (await upload(yours, data)).json()
    assert (answer["deduplicated"], answer["state"]) == (False, "processing")


async def test_tags_may_be_sent_one_by_one(client: httpx.AsyncClient) -> None:
    parts = [("file", ("a.jpg", pictures.jpeg())), ("tags", (None, "a")), ("tags", (None, "b"))]
    answer = await client.post("/api/media", files=parts)
    assert (answer.status_code, answer.json()["tags"]) == (201, ["a", "b"])
