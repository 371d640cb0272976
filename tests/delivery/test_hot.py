"""What is remembered of pictures that were sent, and when it is forgotten."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest

from calotype.app import House
from calotype.delivery import HotAnswers, kept_fresh
from calotype.delivery.hot import HotAnswer, Key
from tests import pictures
from tests.conftest import Cluster
from tests.http.speaking import look_at_everything, speaking, upload

MEDIA = UUID(int=7)


def an_answer(size_bytes: int = 1000, media: UUID = MEDIA) -> HotAnswer:
    return HotAnswer(media, (), bytes(size_bytes), b'"tag"', None, for_strangers_only=False)


def key(number: int) -> Key:
    return Key(f"/i/{number}/small.webp", b"", "")


def hearing(limit_bytes: int = 1 << 20) -> HotAnswers:
    hot = HotAnswers(limit_bytes)
    hot.hear(of_changes=True)
    return hot


def test_the_memory_stays_within_its_bound_and_keeps_what_is_asked_for() -> None:
    hot = hearing(limit_bytes=10 * an_answer().size_bytes)
    for number in range(1000):
        hot.remember(key(number), an_answer(media=uuid4()), as_of=hot.changes)
        assert hot.find(key(0)) is not None, number
    assert len(hot) == 10
    hot.remember(key(1000), an_answer(1 << 20), as_of=hot.changes)
    assert hot.find(key(1000)) is None


def test_all_answers_of_one_media_are_forgotten_together() -> None:
    hot = hearing()
    other = uuid4()
    for number in range(3):
        hot.remember(key(number), an_answer(), as_of=hot.changes)
    hot.remember(key(3), an_answer(media=other), as_of=hot.changes)
    hot.forget(MEDIA)
    assert [hot.find(key(number)) is None for number in range(4)] == [True, True, True, False]
    hot.forget(uuid4())
    assert len(hot) == 1


def test_what_was_looked_up_before_a_change_is_not_remembered_after_it() -> None:
    hot = hearing()
    as_of = hot.changes
    hot.forget(MEDIA)
    hot.remember(key(1), an_answer(), as_of=as_of)
    assert hot.find(key(1)) is None


def test_nothing_is_remembered_while_nobody_tells_of_changes() -> None:
    hot = HotAnswers(1 << 20)
    hot.remember(key(1), an_answer(), as_of=hot.changes)
    assert hot.find(key(1)) is None
    hot.hear(of_changes=True)
    hot.remember(key(1), an_answer(), as_of=hot.changes)
    assert hot.find(key(1)) is not None
    hot.hear(of_changes=False)
    assert hot.find(key(1)) is None


@pytest.fixture
async def fresh(house: House, cluster: Cluster) -> AsyncIterator[HotAnswers]:
    """The memory of a house that listens to its database."""
    async with kept_fresh(house.hot, cluster.login_url):
        await _until(lambda: house.hot.hears_of_changes)
        yield house.hot


async def _until(happened) -> None:
    async with asyncio.timeout(20):
        while not happened():
            await asyncio.sleep(0.01)


async def added(client: httpx.AsyncClient, house: House, **fields: str) -> dict:
    answer = await upload(client, pictures.jpeg(seed=5), **fields)
    await look_at_everything(house)
    return answer.json()


async def test_a_remembered_answer_is_the_answer(client, house, fresh) -> None:
    media = await added(client, house, visibility="public")
    address = f"/m/{media['id']}/original"
    async with speaking(client, None) as anybody:
        first = await anybody.get(address)
        assert len(fresh) == 1
        second = await anybody.get(address)
        head = await anybody.head(address)
        known = await anybody.get(address, headers={"If-None-Match": first.headers["etag"]})
        part = await anybody.get(address, headers={"Range": "bytes=0-3"})
    assert (second.status_code, second.content) == (200, first.content)
    told = [dict(answer.headers) | {"x-request-id": ""} for answer in (first, second, head)]
    assert told[0] == told[1] == told[2]
    assert (head.content, known.status_code, known.content) == (b"", 304, b"")
    assert (part.status_code, part.content) == (206, first.content[:4])


async def test_an_owner_gets_the_exact_bytes_where_others_are_remembered(
    client, house, fresh
) -> None:
    telling = pictures.telling_jpeg(seed=6)
    media = (await upload(client, telling, visibility="public")).json()
    await look_at_everything(house)
    async with speaking(client, None) as anybody:
        stripped = (await anybody.get(media["url"])).content
        assert (await anybody.get(media["url"])).content == stripped
    assert stripped != telling
    assert len(fresh) == 1
    assert (await client.get(media["url"])).content == telling


@pytest.mark.parametrize("change", ["private", "deleted"])
async def test_a_change_is_heard_by_every_memory(client, house, fresh, change: str) -> None:
    media = await added(client, house, visibility="public")
    async with speaking(client, None) as anybody:
        assert (await anybody.get(media["url"])).status_code == 200
        assert len(fresh) == 1
        address = f"/api/media/{media['id']}"
        if change == "deleted":
            await client.delete(address)
        else:
            await client.patch(address, json={"visibility": "private"})
        await _until(lambda: len(fresh) == 0)
        assert (await anybody.get(media["url"])).status_code == 404


async def test_a_signature_is_looked_at_each_time(client, house, fresh, monkeypatch) -> None:
    media = await added(client, house)
    signed = (
        await client.post(f"/api/media/{media['id']}/signed-url", json={"expiresIn": 3600})
    ).json()["url"]
    async with speaking(client, None) as anybody:
        assert (await anybody.get(signed)).status_code == 200
        assert len(fresh) == 1
        assert (await anybody.get(signed)).status_code == 200
        assert (await anybody.get(signed[:-1] + "_")).status_code == 403
        later = time.time() + 4000
        monkeypatch.setattr("time.time", lambda: later)
        assert (await anybody.get(signed)).status_code == 403


async def test_a_lost_connection_is_made_again(house, fresh, cluster) -> None:
    async with house.database.pool.connection() as connection:
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %'"
        )
    await _until(lambda: not fresh.hears_of_changes)
    await _until(lambda: fresh.hears_of_changes)
