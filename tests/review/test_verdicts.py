"""Pairs that look alike: queued once, settled by people, and every verdict can be undone."""

import httpx
import pytest

from calotype.app import House
from calotype.originals import Subset
from tests.http.speaking import check_problem, of_new_tenant, with_key
from tests.review.conftest import add, as_jpeg, as_png, ask, do, pairs, scene, settle, work

LARGE, SMALL = as_jpeg(scene(), 90), as_jpeg(scene(), 60, (400, 300))


async def two_alike(client: httpx.AsyncClient, house: House) -> tuple[dict, dict, dict]:
    large, small = await add(client, LARGE), await add(client, SMALL)
    await work(house)
    [pair] = await pairs(client)
    return large, small, pair


async def bytes_of(house: House, media: dict) -> bytes:
    """What a media shows, read where it lies."""
    [(key,)] = await ask(
        house,
        "select object_key from originals o join media m on m.original_id = o.id"
        f" where m.id = '{media['id']}' and o.state = 'live'",
    )
    return b"".join([piece async for piece in house.objects.read(key)])


async def undo(client: httpx.AsyncClient, entry: str) -> httpx.Response:
    return await client.post(f"/api/journal/{entry}/undo")


WORLD = (
    "media", "original_references", "decisions", "aliases", "duplicates", "fingerprints",
)  # fmt: skip


async def world(house: House) -> dict[str, list]:
    """Every row that a verdict may touch."""
    found = {
        table: sorted(map(str, await ask(house, f"select to_jsonb(t) from {table} t")))
        for table in WORLD
    }
    states = "select id, state, object_key, digest from originals order by id"
    return found | {"originals": await ask(house, states)}


async def test_a_pair_tells_both_pictures_and_why(client, house: House) -> None:
    large, small, pair = await two_alike(client, house)
    assert pair["certainty"] == "near"
    shown = [[media["id"] for media in picture["media"]] for picture in pair["pictures"]]
    assert shown == [[large["id"]], [small["id"]]]
    assert pair["evidence"]["figures"]
    one = (await client.get(f"/api/duplicates/{pair['id']}")).json()
    assert one["id"] == pair["id"]
    await work(house)
    assert [each["id"] for each in await pairs(client)] == [pair["id"]]


async def test_the_queue_can_be_read_by_rung(client: httpx.AsyncClient, house: House) -> None:
    await add(client, scene(5))
    await add(client, as_png(scene(5)))
    await two_alike_more(client, house)
    assert {each["certainty"] for each in await pairs(client)} == {"pixels", "near"}
    for certainty in ("pixels", "near"):
        [one] = await pairs(client, certainty=certainty)
        assert one["certainty"] == certainty
    assert await pairs(client, certainty="variant") == []
    groups = (await client.get("/api/duplicates/groups")).json()
    assert sorted(len(group["originalIds"]) for group in groups) == [2, 2]


async def two_alike_more(client: httpx.AsyncClient, house: House) -> None:
    await add(client, LARGE)
    await add(client, SMALL)
    await work(house)


async def test_the_same_keeps_one_original_which_both_show(client, house: House) -> None:
    large, small, pair = await two_alike(client, house)
    answer = await settle(client, pair, "same")
    assert answer.status_code == 200, answer.text
    assert await bytes_of(house, small) == await bytes_of(house, large) == LARGE
    now = (await client.get(f"/api/media/{small['id']}")).json()
    then = (await client.get(f"/api/media/{large['id']}")).json()
    for field in ("width", "height", "sizeBytes", "mediaType", "sha256", "thumbhash"):
        assert now[field] == then[field], field
    assert (now["name"], now["url"].partition("?")[0]) == (
        small["name"], small["url"].partition("?")[0],
    )  # fmt: skip
    assert await pairs(client) == []
    findings = [found async for found in house.doctor.examine("head", Subset())]
    assert [found.code for found in findings] == []


@pytest.mark.parametrize("by", ["media", "original"])
async def test_people_choose_which_one_is_kept(client, house: House, by: str) -> None:
    large, small, pair = await two_alike(client, house)
    keep = small["id"] if by == "media" else pair["pictures"][1]["originalId"]
    answer = await settle(client, pair, "same", keep=keep)
    assert answer.json()["keptOriginalId"] == pair["pictures"][1]["originalId"]
    assert await bytes_of(house, large) == SMALL


@pytest.mark.parametrize("verdict", ["same", "different", "variant"])
async def test_a_verdict_is_undone_to_the_last_row(client, house: House, verdict: str) -> None:
    large, small, pair = await two_alike(client, house)
    before = await world(house)
    entry = (await settle(client, pair, verdict)).json()["journalId"]
    assert await world(house) != before
    answer = await undo(client, entry)
    assert answer.status_code == 200, answer.text
    assert answer.json()["undoneAt"]
    assert await world(house) == before
    assert (await bytes_of(house, large), await bytes_of(house, small)) == (LARGE, SMALL)
    assert [each["id"] for each in await pairs(client)] == [pair["id"]]
    check_problem(await undo(client, entry), 409)
    assert (await settle(client, pair, verdict)).status_code == 200


@pytest.mark.parametrize("verdict", ["same", "different", "variant"])
async def test_a_settled_pair_never_comes_back(client, house: House, verdict: str) -> None:
    _, _, pair = await two_alike(client, house)
    await settle(client, pair, verdict)
    await work(house)
    assert await pairs(client) == []
    check_problem(await client.get(f"/api/duplicates/{pair['id']}"), 404)
    check_problem(await settle(client, pair, verdict), 404)


@pytest.mark.parametrize("verdict", ["same", "different", "variant"])
async def test_nor_does_it_after_its_file_was_deleted_and_sent_again(
    client, house: House, verdict: str
) -> None:
    _, small, pair = await two_alike(client, house)
    await settle(client, pair, verdict)
    await client.delete(f"/api/media/{small['id']}")
    await do(house, "update media set deleted_at = now() - interval '40 days'"
             f" where id = '{small['id']}'")  # fmt: skip
    await do(house, "update journal set expires_at = now()")
    await house.undoing.close_expired()
    await house.library.empty_trash()
    await do(house, "update originals set changed_at = now() - interval '2 days'")
    await house.sweeper.sweep()
    assert len(await ask(house, "select id from originals")) == 1
    again = await add(client, SMALL)
    await work(house)
    assert await pairs(client) == []
    assert await bytes_of(house, again) == SMALL


async def test_what_was_merged_is_held_until_it_is_too_late_to_undo(client, house) -> None:
    _, small, pair = await two_alike(client, house)
    entry = (await settle(client, pair, "same")).json()["journalId"]
    await do(house, "update originals set changed_at = now() - interval '9 days'")
    await house.sweeper.sweep()
    assert await ask(house, "select distinct state from originals") == [("live",)]
    await do(house, "update journal set expires_at = now()")
    check_problem(await undo(client, entry), 409)
    assert await house.undoing.close_expired() == 1
    assert await house.undoing.close_expired() == 0
    check_problem(await undo(client, entry), 409)
    states = await ask(house, "select state from originals order by state")
    assert states == [("condemned",), ("live",)]
    assert await bytes_of(house, small) == LARGE


async def test_media_that_went_on_after_a_merge_stays_as_it_is_when_that_is_undone(
    client, house: House
) -> None:
    large, small, pair = await two_alike(client, house)
    again = await add(client, SMALL, name="another")
    entry = (await settle(client, pair, "same")).json()["journalId"]
    await client.delete(f"/api/media/{again['id']}")
    await do(
        house,
        f"update media set deleted_at = now() - interval '40 days' where id = '{again['id']}'",
    )
    await house.library.empty_trash()
    assert (await undo(client, entry)).status_code == 200
    assert (await bytes_of(house, large), await bytes_of(house, small)) == (LARGE, SMALL)
    check_problem(await client.get(f"/api/media/{again['id']}"), 404)


async def test_merges_that_build_on_each_other_are_undone_one_by_one(client, house) -> None:
    smallest = as_jpeg(scene(), 70, (320, 240))
    media = [await add(client, each) for each in (LARGE, SMALL, smallest)]
    await work(house)
    before = await world(house)
    entries = []
    for keep in (media[1], media[0]):
        [pair] = [
            each for each in await pairs(client)
            if keep["id"] in str(each["pictures"])
            and (keep is media[0] or media[2]["id"] in str(each["pictures"]))
        ][:1]  # fmt: skip
        entries.append((await settle(client, pair, "same", keep=keep["id"])).json()["journalId"])
    assert [await bytes_of(house, each) for each in media] == [LARGE] * 3
    for entry in reversed(entries):
        assert (await undo(client, entry)).status_code == 200
    assert await world(house) == before
    assert [await bytes_of(house, each) for each in media] == [LARGE, SMALL, smallest]


async def test_a_pair_is_seen_by_those_who_see_both_pictures(client, house: House) -> None:
    one, other = [await with_key(client, "editor") for _ in range(2)]
    await add(one, LARGE)
    mine = await add(other, SMALL)
    await work(house)
    assert await pairs(one) == await pairs(other) == []
    [pair] = await pairs(client)
    missing = "00000000-0000-7000-8000-000000000000"
    for who in (one, other, await of_new_tenant(client, "others", "admin")):
        answers = [
            [
                (await who.get(f"/api/duplicates/{each}")).status_code,
                (await settle(who, each, "different")).status_code,
                (await who.get(f"/api/duplicates/{each}/difference")).status_code,
            ]
            for each in (pair["id"], missing)
        ]
        assert answers == [[404, 404, 404]] * 2
    await other.patch(f"/api/media/{mine['id']}", json={"visibility": "tenant"})
    assert [each["id"] for each in await pairs(one)] == [pair["id"]]
    assert await pairs(other) == []


async def test_who_may_not_change_all_media_of_a_picture_does_not_merge_it_away(
    client, house: House
) -> None:
    one, other = [await with_key(client, "editor") for _ in range(2)]
    large, small = await add(one, LARGE), await add(one, SMALL)
    await add(other, SMALL)
    await work(house)
    [pair] = await pairs(one)
    before = await world(house)
    check_problem(await settle(one, pair, "same", keep=large["id"]), 403)
    assert await world(house) == before
    assert (await settle(one, pair, "same", keep=small["id"])).status_code == 200


async def test_viewers_look_and_do_not_decide(client, house: House) -> None:
    for data in (LARGE, SMALL):
        await add(client, data, visibility="tenant")
    await work(house)
    viewer = await with_key(client, "viewer")
    [pair] = await pairs(viewer)
    check_problem(await settle(viewer, pair, "different"), 403)
    check_problem(await client.post("/api/duplicates/nonsense", json={"verdict": "same"}), 422)


@pytest.mark.parametrize(
    "said",
    [{}, {"verdict": "maybe"}, {"verdict": "same", "keep": "x"}, {"verdict": "same", "k": 1}],
)
async def test_a_verdict_that_makes_no_sense_is_refused(client, house, said: dict) -> None:
    _, _, pair = await two_alike(client, house)
    check_problem(await client.post(f"/api/duplicates/{pair['id']}", json=said), 422)
    answer = await settle(client, pair, "same", keep="00000000-0000-7000-8000-000000000000")
    check_problem(answer, 422)
    assert len(await pairs(client)) == 1


async def test_a_verdict_sent_twice_with_one_key_is_one_verdict(client, house: House) -> None:
    _, _, pair = await two_alike(client, house)
    answers = [
        await client.post(
            f"/api/duplicates/{pair['id']}", json={"verdict": "same"},
            headers={"Idempotency-Key": "once"},
        )
        for _ in range(2)
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert len(await ask(house, "select id from journal")) == 1


async def test_where_two_pictures_differ_is_drawn(client, house: House) -> None:
    _, _, pair = await two_alike(client, house)
    answer = await client.get(f"/api/duplicates/{pair['id']}/difference")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")
    assert list((house.settings.data / "spool").iterdir()) == []
