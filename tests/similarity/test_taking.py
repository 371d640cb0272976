"""Taking fingerprints: after the upload, once, and made up for where a job died."""

import httpx

from calotype.app import House
from calotype.database import Caller
from calotype.similarity import TakeFingerprint, service
from tests.http.speaking import look_at_everything, with_key
from tests.review.conftest import add, as_jpeg, ask, do, scene, work


def jobs(name: str) -> str:
    return f"select args from procrastinate_jobs where task_name = '{name}'"


async def test_a_picture_that_can_be_read_has_its_fingerprint_taken(
    client: httpx.AsyncClient, house: House
) -> None:
    await add(client, scene())
    assert await ask(house, jobs("similarity:fingerprint")) == []
    await look_at_everything(house)
    [(asked,)] = await ask(house, jobs("similarity:fingerprint"))
    [(original,)] = await ask(house, "select id from originals")
    assert asked["original"] == str(original)


async def test_taking_it_twice_looks_once_and_has_it_compared(
    client: httpx.AsyncClient, house: House
) -> None:
    await add(client, scene())
    await look_at_everything(house)
    [(original, scope)] = await ask(house, "select id, scope_id from originals")
    for _ in range(2):
        await house.similarity.take(Caller("service", scope), TakeFingerprint(original=original))
    assert len(await ask(house, jobs("review:compare"))) == 1
    assert len(await ask(house, "select * from fingerprints")) == 1


async def test_media_shows_its_blurred_picture_and_colour_once_it_is_ready(
    client: httpx.AsyncClient, house: House
) -> None:
    media = await add(client, scene())
    assert (media["thumbhash"], media["dominantColor"]) == (None, None)
    await work(house)
    seen = (await client.get(f"/api/media/{media['id']}")).json()
    assert seen["thumbhash"]
    assert len(seen["dominantColor"]) == 7
    assert seen["dominantColor"].startswith("#")


async def test_the_colour_does_not_tell_that_bytes_were_here_before(
    client: httpx.AsyncClient, house: House
) -> None:
    await add(client, scene())
    await work(house)
    theirs = await add(await with_key(client, "editor"), scene())
    assert theirs["state"] == "processing"
    assert (theirs["thumbhash"], theirs["dominantColor"]) == (None, None)


async def test_a_picture_without_pixels_has_no_fingerprint(
    client: httpx.AsyncClient, house: House
) -> None:
    whole = as_jpeg(scene())
    await add(client, whole[: len(whole) // 2])
    await work(house)
    assert await ask(house, "select * from fingerprints") == []
    assert await ask(house, jobs("similarity:fingerprint")) == []


async def test_what_is_missing_or_old_is_made_up_for(
    client: httpx.AsyncClient, house: House, monkeypatch
) -> None:
    await add(client, scene())
    await work(house)
    assert await house.similarity.make_up_for() == 0
    await do(house, "update originals set changed_at = now() - interval '1 hour'")
    assert await house.similarity.make_up_for() == 0
    monkeypatch.setattr(service, "FINGERPRINT_ALGORITHM", 99)
    assert await house.similarity.make_up_for() == 1
    monkeypatch.undo()
    await do(house, "delete from fingerprints")
    assert await house.similarity.make_up_for() == 1
    await work(house)
    assert await house.similarity.make_up_for() == 0


async def test_an_original_that_is_gone_is_passed_over(house: House, tenant) -> None:
    job = TakeFingerprint(original=tenant)
    await house.similarity.take(Caller("service", tenant), job)
    assert await ask(house, "select * from fingerprints") == []
