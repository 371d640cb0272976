"""Asking what a file repeats: on every rung, without keeping or telling anything."""

import hashlib
import io

import httpx
import pytest
from PIL import Image

from calotype.app import House
from tests import pictures
from tests.http.speaking import check_nothing_kept, check_problem, of_new_tenant, speaking, with_key
from tests.review.conftest import add, as_jpeg, as_png, pairs, scene, settle, work

ADDRESS = "/api/images/check-duplicate"


async def check(client: httpx.AsyncClient, data: bytes) -> dict:
    answer = await client.post(ADDRESS, files={"file": ("a.jpg", data)})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def check_digest(client: httpx.AsyncClient, data: bytes, **more) -> dict:
    question = {"sha256": hashlib.sha256(data).hexdigest(), "sizeBytes": len(data)} | more
    answer = await client.post(ADDRESS, json=question)
    assert answer.status_code == 200, answer.text
    return answer.json()


NOTHING = {"duplicate": False, "certainty": None, "matches": [], "capped": False}


async def test_the_same_bytes_are_a_duplicate(client: httpx.AsyncClient, house: House) -> None:
    media = await add(client, as_jpeg(scene()))
    for _ in range(2):
        for answer in (
            await check(client, as_jpeg(scene())), await check_digest(client, as_jpeg(scene())),
        ):  # fmt: skip
            assert (answer["duplicate"], answer["certainty"]) == (True, "bytes")
            [match] = answer["matches"]
            assert match["media"]["id"] == media["id"]
            assert (match["certainty"], match["distance"]) == ("bytes", 0)
            assert match["evidence"]["figures"]
        await work(house)


async def test_the_same_pixels_in_another_file_are_a_duplicate(
    client: httpx.AsyncClient, house: House
) -> None:
    media = await add(client, scene())
    await work(house)
    answer = await check(client, as_png(scene()))
    assert (answer["duplicate"], answer["certainty"]) == (True, "pixels")
    assert [match["media"]["id"] for match in answer["matches"]] == [media["id"]]


async def test_the_same_pixels_are_found_in_a_flat_picture_too(
    client: httpx.AsyncClient, house: House
) -> None:
    flat = pictures.pixels(1, 320, 240) * 0 + 200
    blue = flat.cast("uchar").pngsave_buffer(keep="none")
    await add(client, blue)
    await work(house)
    assert (await check(client, as_png(blue)))["certainty"] == "pixels"
    other = (flat - 30).cast("uchar").pngsave_buffer(keep="none")
    assert await check(client, other) == NOTHING


@pytest.mark.parametrize("size", [None, (400, 300)])
async def test_a_picture_that_was_encoded_anew_is_near(client, house, size) -> None:
    media = await add(client, as_jpeg(scene(), 92))
    await work(house)
    answer = await check(client, as_jpeg(scene(), 55, size))
    assert (answer["duplicate"], answer["certainty"]) == (True, "near")
    [match] = answer["matches"]
    assert match["media"]["id"] == media["id"]
    assert {figure["name"] for figure in match["evidence"]["figures"]} >= {"phash", "dhash"}


async def test_another_colour_of_the_same_thing_is_a_variant_and_no_duplicate(
    client: httpx.AsyncClient, house: House
) -> None:
    image = Image.open(io.BytesIO(scene()))
    lightness, a, b = image.convert("LAB").split()
    turned = Image.merge("LAB", (lightness, b, a)).convert("RGB")
    written = io.BytesIO()
    turned.save(written, "JPEG", quality=90)
    await add(client, as_jpeg(scene(), 90))
    await work(house)
    answer = await check(client, written.getvalue())
    assert (answer["duplicate"], answer["certainty"]) == (False, "variant")


async def test_a_turned_picture_is_similar_and_no_duplicate(client, house) -> None:
    await add(client, as_jpeg(scene(), 90))
    await work(house)
    written = io.BytesIO()
    Image.open(io.BytesIO(scene())).transpose(Image.Transpose.ROTATE_90).save(written, "PNG")
    answer = await check(client, written.getvalue())
    assert (answer["duplicate"], answer["certainty"]) == (False, "similar")


async def test_another_picture_repeats_nothing_and_is_not_kept(
    client: httpx.AsyncClient, house: House
) -> None:
    await add(client, as_jpeg(scene(1)))
    await work(house)
    assert await check(client, as_jpeg(scene(2))) == NOTHING
    assert await check_digest(client, as_jpeg(scene(2))) == NOTHING
    assert (await client.get("/api/media")).json()["total"] == 1
    assert list((house.settings.data / "spool").iterdir()) == []


async def test_nothing_is_told_of_media_that_the_caller_does_not_see(
    client: httpx.AsyncClient, house: House
) -> None:
    one, other = [await with_key(client, "editor") for _ in range(2)]
    strangers = await of_new_tenant(client, "others", "admin")
    data = as_jpeg(scene())
    mine = await add(one, data)
    await work(house)
    for who in (other, strangers):
        for alike in (data, as_jpeg(scene(), 50), as_jpeg(scene(), 80, (480, 360))):
            assert await check(who, alike) == NOTHING
        assert await check_digest(who, data) == NOTHING
    await one.patch(f"/api/media/{mine['id']}", json={"visibility": "tenant"})
    assert (await check(other, data))["certainty"] == "bytes"
    await one.delete(f"/api/media/{mine['id']}")
    assert await check(one, data) == NOTHING


async def test_a_digest_of_another_size_matches_nothing(client: httpx.AsyncClient) -> None:
    data = as_jpeg(scene())
    await add(client, data)
    assert await check_digest(client, data, sizeBytes=len(data) + 1) == NOTHING
    snake = {"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}
    assert (await client.post(ADDRESS, json=snake)).json()["certainty"] == "bytes"


async def test_a_file_that_was_merged_into_another_is_answered_with_that(
    client: httpx.AsyncClient, house: House
) -> None:
    large, small = as_jpeg(scene(), 90), as_jpeg(scene(), 60, (400, 300))
    media = await add(client, large)
    await add(client, small)
    await work(house)
    [pair] = await pairs(client)
    assert (await settle(client, pair, "same")).status_code == 200
    answer = await check_digest(client, small)
    assert (answer["duplicate"], answer["certainty"]) == (True, "near")
    assert media["id"] in [match["media"]["id"] for match in answer["matches"]]


BROKEN = {
    "nothing": (b"", 422),
    "text": (b"this is no picture", 415),
    "a page": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415),
    "half a header": (b"\xff\xd8\xff\xe0", 422),
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_a_file_that_is_no_picture_is_refused(client, house, empty_cluster, kind) -> None:
    data, status = BROKEN[kind]
    check_problem(await client.post(ADDRESS, files={"file": ("a.jpg", data)}), status)
    check_nothing_kept(house, empty_cluster.owner_url)


async def test_a_picture_that_is_cut_short_is_refused(client, house, empty_cluster) -> None:
    data = as_jpeg(scene())
    answer = await client.post(ADDRESS, files={"file": ("a.jpg", data[: len(data) // 2])})
    check_problem(answer, 422)
    check_nothing_kept(house, empty_cluster.owner_url)


async def test_a_file_over_the_limit_is_refused(client, settings, house: House) -> None:
    object.__setattr__(house.checking, "limit_bytes", 1000)
    answer = await client.post(ADDRESS, files={"file": ("a.jpg", bytes(2000))})
    check_problem(answer, 413)


GOOD = {"sha256": "0" * 64, "sizeBytes": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"sha256": "x"}, {"sha256": "g" * 64}, {"sha256": 7}, {"sha256": None}, {"sizeBytes": 0},
        {"sizeBytes": -1}, {"sizeBytes": "many"}, {"sizeBytes": 1 << 70}, {"sizeBytes": 1.5},
        {"sha256": "0" * 10_000}, {"other": 1},
    ],
)  # fmt: skip
async def test_a_question_that_makes_no_sense_is_refused(client, wrong) -> None:
    check_problem(await client.post(ADDRESS, json=GOOD | wrong), 422)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"nul", b"[" * 10_000])
async def test_what_is_no_json_is_unreadable(client: httpx.AsyncClient, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    check_problem(await client.post(ADDRESS, content=body, headers=headers), 400)


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"7"])
async def test_json_of_another_shape_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    check_problem(await client.post(ADDRESS, content=body, headers=headers), 422)


async def test_a_question_that_never_ends_is_cut_off(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    body = b'{"sha256": "' + b"0" * 100_000 + b'"}'
    check_problem(await client.post(ADDRESS, content=body, headers=headers), 413)


@pytest.mark.parametrize("sent", [{"data": {"file": "text"}}, {"files": {"other": b"x"}}, {}])
async def test_a_form_without_a_file_is_refused(client: httpx.AsyncClient, sent: dict) -> None:
    answer = await client.post(ADDRESS, **sent)
    assert answer.status_code in (400, 422), answer.text
    check_problem(answer, answer.status_code)


async def test_nobody_in_particular_learns_nothing(client: httpx.AsyncClient) -> None:
    check_problem(await speaking(client, None).post(ADDRESS, json=GOOD), 401)
