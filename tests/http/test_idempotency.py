"""The same request sent again has one effect and one answer."""

import asyncio
from uuid import UUID

import httpx
import psycopg
import pytest

from calotype.app import House
from calotype.database import Caller
from calotype.http import Answer, AnsweredMeanwhile, Idempotency, StillRunning
from tests import pictures
from tests.conftest import Cluster
from tests.http.speaking import check_problem, of_new_tenant, upload, with_key


async def count(client: httpx.AsyncClient) -> int:
    return (await client.get("/api/media")).json()["total"]


async def test_the_same_key_gives_the_same_answer(client: httpx.AsyncClient) -> None:
    first, again = [await upload(client, pictures.jpeg(), key="k", caption="c") for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert await count(client) == 1


@pytest.mark.parametrize(
    ("data", "name", "fields"),
    [(pictures.jpeg(1), "a.jpg", {}), (pictures.jpeg(), "b.jpg", {}),
     (pictures.jpeg(), "a.jpg", {"caption": "c"})],
    ids=["bytes", "file name", "fields"],
)  # fmt: skip
async def test_another_payload_under_the_same_key_is_refused(client, data, name, fields) -> None:
    await upload(client, pictures.jpeg(), key="k")
    check_problem(await upload(client, data, name, key="k", **fields), 422)
    assert await count(client) == 1


async def test_many_at_the_same_time_make_one_media(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(upload(client, pictures.jpeg(), key="k") for _ in range(8)))
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    for answer in answers:
        if answer.status_code != 201:
            check_problem(answer, 409)
            assert int(answer.headers["retry-after"]) > 0
    assert (await upload(client, pictures.jpeg(), key="k")).json()["id"] in made
    assert await count(client) == 1


async def test_a_request_that_still_runs_is_waited_for(house: House, editor: Caller) -> None:
    async with house.idempotency.turn(editor, "k", "payload"):
        with pytest.raises(StillRunning):
            async with house.idempotency.turn(editor, "k", "payload"):
                pass
    async with house.idempotency.turn(editor, "k", "payload") as turn:
        assert await house.idempotency.recall(turn) is None


async def test_two_nodes_that_answer_at_once_have_one_effect(house: House, editor: Caller) -> None:
    here, there = house.idempotency, Idempotency(house.database)
    async with here.turn(editor, "k", "x") as ours, there.turn(editor, "k", "x") as theirs:
        async with house.database.transaction(editor) as tx:
            await there.settle(tx, theirs, Answer(201, {"by": "them"}))
        with pytest.raises(AnsweredMeanwhile):
            async with house.database.transaction(editor) as tx:
                await here.settle(tx, ours, Answer(201, {"by": "us"}))
        assert await here.recall(ours) == Answer(201, {"by": "them"})


async def test_everybody_has_keys_of_their_own(client: httpx.AsyncClient) -> None:
    others = [
        client, await with_key(client, "editor"), await with_key(client, "editor"),
        await of_new_tenant(client, "others", "editor"),
    ]  # fmt: skip
    made = [(await upload(who, pictures.jpeg(), key="k")).json()["id"] for who in others]
    assert len(set(made)) == len(others)


async def test_a_refused_request_may_be_sent_again_mended(client: httpx.AsyncClient) -> None:
    check_problem(await upload(client, pictures.text_named_jpg(), key="k"), 415)
    assert (await upload(client, pictures.jpeg(), key="k")).status_code == 201


async def test_a_key_is_forgotten_after_a_day(client: httpx.AsyncClient, cluster: Cluster) -> None:
    first = (await upload(client, pictures.jpeg(), key="k")).json()["id"]
    with psycopg.connect(cluster.owner_url) as connection:
        kept = connection.execute(
            "select expires_at - now() between '23 hours 59 minutes' and '24 hours'"
            " from calotype.idempotency_keys"
        ).fetchall()
        assert kept == [(True,)]
        connection.execute("update calotype.idempotency_keys set expires_at = now()")
    second = await upload(client, pictures.jpeg(1), key="k")
    assert second.status_code == 201
    assert second.json()["id"] != first
    assert (await upload(client, pictures.jpeg(1), key="k")).json()["id"] == second.json()["id"]


async def test_a_key_that_is_too_long_is_refused(client: httpx.AsyncClient) -> None:
    check_problem(await upload(client, pictures.jpeg(), key="k" * 201), 422)
    assert (await upload(client, pictures.jpeg(), key="k" * 200)).status_code == 201


async def test_keys_and_tenants_are_made_once_too(client: httpx.AsyncClient) -> None:
    for path, body in (("/api/tenants", {"slug": "once", "name": "Once"}),
                       ("/api/keys", {"role": "viewer"})):  # fmt: skip
        headers = {"Idempotency-Key": path}
        first, again = [await client.post(path, json=body, headers=headers) for _ in range(2)]
        assert (first.status_code, again.status_code) == (201, 201)
        assert UUID(first.json()["id"]) == UUID(again.json()["id"])


async def test_a_restore_that_is_sent_twice_is_answered_twice(client: httpx.AsyncClient) -> None:
    media = (await upload(client, pictures.jpeg())).json()["id"]
    await client.delete(f"/api/media/{media}")
    once = {"Idempotency-Key": "restore it"}
    first = await client.post(f"/api/media/{media}/restore", headers=once)
    second = await client.post(f"/api/media/{media}/restore", headers=once)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    without = await client.post(f"/api/media/{media}/restore")
    assert without.status_code == 422
