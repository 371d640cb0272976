"""A picture at an address: to whom it goes, in which bytes, and what is said about it."""

import time
from uuid import UUID, uuid4

import httpx
import pytest
import pyvips
from structlog.testing import capture_logs

from calotype.app import House
from calotype.database import Caller
from calotype.delivery import BytesMissing, Wanted
from calotype.delivery.answering import _read
from calotype.delivery.ranges import Part
from calotype.library import Addresses, SignatureRefused
from calotype.settings import Settings
from tests import pictures
from tests.http.speaking import (
    check_problem,
    kept_files,
    look_at_everything,
    of_new_tenant,
    speaking,
    upload,
    with_key,
)

SAFE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "accept-ranges": "bytes",
}
TELLING = pictures.telling_jpeg(seed=1)
LARGE = pictures.jpeg(seed=2) + bytes(range(256)) * 2000


async def added(client: httpx.AsyncClient, data: bytes, **fields: str) -> dict:
    answer = await upload(client, data, **fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def shown(client: httpx.AsyncClient, house: House, data: bytes, **fields: str) -> dict:
    """Add a picture that a worker has looked at, so that others may see it."""
    media = await added(client, data, **fields)
    await look_at_everything(house)
    return media


def plain(address: str) -> str:
    """The address without its signature."""
    return address.partition("?")[0]


@pytest.mark.parametrize("data", [pictures.jpeg(), LARGE], ids=["small", "large"])
async def test_the_exact_bytes_go_to_those_who_may_change_them(client, data) -> None:
    media = await added(client, data)
    for address in (f"/m/{media['id']}", f"/m/{media['id']}/original", media["original_url"]):
        answer = await client.get(address)
        assert (answer.status_code, answer.content) == (200, data)
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["content-length"] == str(len(data))
        assert answer.headers["content-disposition"].startswith("inline;")
        assert SAFE.items() <= answer.headers.items()
        assert media["sha256"] not in str(answer.headers)


async def test_what_is_there_already_is_not_sent_again(client: httpx.AsyncClient) -> None:
    media = await added(client, pictures.jpeg())
    address = f"/m/{media['id']}"
    etag = (await client.get(address)).headers["etag"]
    assert etag.startswith('"')
    for known in (etag, f'"x", {etag}', f"W/{etag}", "*"):
        answer = await client.get(address, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
        assert "cache-control" in answer.headers
    assert (await client.get(address, headers={"If-None-Match": '"x"'})).status_code == 200
    answer = await client.get(address, headers={"If-None-Match": etag, "Range": "bytes=0-1"})
    assert answer.status_code == 304


async def test_a_name_of_bytes_tells_nothing_about_other_media(client: httpx.AsyncClient) -> None:
    tags = set()
    for _ in range(2):
        media = await added(client, pictures.jpeg())
        tags.add((await client.get(f"/m/{media['id']}")).headers["etag"])
    assert len(tags) == 2


async def test_a_head_has_the_headers_and_no_body(client: httpx.AsyncClient) -> None:
    address = "/m/" + (await added(client, LARGE))["id"]
    for headers in ({}, {"Range": "bytes=5-9"}):
        got = await client.get(address, headers=headers)
        head = await client.head(address, headers=headers)
        assert (head.status_code, head.content) == (got.status_code, b"")
        told = [dict(answer.headers) | {"x-request-id": ""} for answer in (head, got)]
        assert told[0] == told[1]


RANGES = {
    "bytes=0-0": (0, 1),
    "bytes=10-19": (10, 20),
    "bytes=500-": (500, len(LARGE)),
    "bytes=-7": (len(LARGE) - 7, len(LARGE)),
    "bytes=-999999999": (0, len(LARGE)),
    "bytes=100-999999999": (100, len(LARGE)),
    f"bytes={len(LARGE) - 1}-": (len(LARGE) - 1, len(LARGE)),
}


async def test_a_part_is_sent_to_those_who_want_a_part(client: httpx.AsyncClient) -> None:
    address = "/m/" + (await added(client, LARGE))["id"]
    for wanted, (start, stop) in RANGES.items():
        answer = await client.get(address, headers={"Range": wanted})
        assert (answer.status_code, answer.content) == (206, LARGE[start:stop]), wanted
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(LARGE)}"
        assert SAFE.items() <= answer.headers.items()


@pytest.mark.parametrize(
    "wanted", ["bytes=0-1,3-4", "bytes=5-2", "bytes=-", "lines=0-1", "bytes", "x"]
)
async def test_ranges_of_another_kind_are_passed_over(client, wanted) -> None:
    address = "/m/" + (await added(client, pictures.jpeg()))["id"]
    answer = await client.get(address, headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (200, pictures.jpeg())


@pytest.mark.parametrize("wanted", [f"bytes={10**9}-", "bytes=-0"])
async def test_a_range_beyond_the_end_is_refused(client: httpx.AsyncClient, wanted) -> None:
    address = "/m/" + (await added(client, pictures.jpeg()))["id"]
    answer = await client.get(address, headers={"Range": wanted})
    check_problem(answer, 416)
    assert answer.headers["content-range"] == f"bytes */{len(pictures.jpeg())}"


async def test_a_part_of_something_newer_is_the_whole(client: httpx.AsyncClient) -> None:
    address = "/m/" + (await added(client, LARGE))["id"]
    etag = (await client.head(address)).headers["etag"]
    for condition, status in ((etag, 206), ('"older"', 200), (f"W/{etag}", 200),
                              ("Sat, 21 Nov 2020 01:00:00 GMT", 200)):  # fmt: skip
        headers = {"Range": "bytes=0-9", "If-Range": condition}
        answer = await client.get(address, headers=headers)
        assert answer.status_code == status, condition


async def test_a_private_picture_and_a_missing_one_look_the_same(client: httpx.AsyncClient) -> None:
    media = await added(client, pictures.jpeg())
    strangers = [
        speaking(client, None), await with_key(client, "viewer"), await with_key(client, "editor"),
        await of_new_tenant(client, "others", "admin"),
    ]  # fmt: skip
    missing = {f"/m/{uuid4()}", "/i/" + "A" * 22 + "/original"}
    for stranger in strangers:
        seen = []
        for address in (f"/m/{media['id']}", plain(media["original_url"]), *missing):
            answer = await stranger.get(address)
            seen.append((check_problem(answer, 404), dict(answer.headers)))
            assert (await stranger.head(address)).status_code == 404
        for body, headers in seen:
            del body["instance"], headers["x-request-id"], headers["content-length"]
        assert all(each == seen[0] for each in seen)


async def test_visibility_decides_who_sees_a_picture(
    client: httpx.AsyncClient, house: House
) -> None:
    nobody, viewer = speaking(client, None), await with_key(client, "viewer")
    other = await of_new_tenant(client, "others", "admin")
    seen = {"private": (404, 404, 404), "tenant": (404, 200, 404), "public": (200, 200, 200)}
    for visibility, expected in seen.items():
        media = await shown(client, house, pictures.jpeg(), visibility=visibility)
        for address in (f"/m/{media['id']}", plain(media["original_url"])):
            answers = [await who.get(address) for who in (nobody, viewer, other)]
            assert tuple(answer.status_code for answer in answers) == expected
    media_id = media["id"]
    assert (
        await client.patch(f"/api/media/{media_id}", json={"isPublic": False})
    ).status_code == 200
    assert (await nobody.get(f"/m/{media_id}")).status_code == 404


async def test_others_wait_until_a_worker_has_looked_at_a_picture(
    client: httpx.AsyncClient, house: House
) -> None:
    media = await added(client, TELLING, visibility="public")
    nobody = speaking(client, None)
    refused = await nobody.get(media["url"])
    check_problem(refused, 503)
    assert int(refused.headers["retry-after"]) > 0
    assert (await client.get(media["url"])).content == TELLING
    await look_at_everything(house)
    assert (await nobody.get(media["url"])).status_code == 200


async def test_an_address_does_not_tell_that_a_colleague_has_the_bytes(
    client: httpx.AsyncClient, house: House
) -> None:
    mine, yours = [await with_key(client, "editor") for _ in range(2)]
    await shown(mine, house, TELLING)
    known = await added(yours, TELLING, visibility="public")
    new = await added(yours, pictures.jpeg(), visibility="public")
    nobody = speaking(client, None)
    answers = [await nobody.get(media["url"]) for media in (known, new)]
    assert [answer.status_code for answer in answers] == [503, 503]


async def test_caches_keep_what_is_public_and_nothing_else(
    client: httpx.AsyncClient, house: House
) -> None:
    nobody = speaking(client, None)
    public = await shown(client, house, pictures.jpeg(), visibility="public")
    fixed, stable = [await nobody.get(public[name]) for name in ("original_url", "url")]
    assert fixed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "stale-while-revalidate" in stable.headers["cache-control"]
    assert fixed.headers["cross-origin-resource-policy"] == "cross-origin"
    private = await shown(client, house, pictures.jpeg())
    for media in (private, public):
        answer = await client.get(plain(media["url"]))
        assert answer.headers["cache-control"].startswith("private")
    signed = (await nobody.get(private["url"])).headers["cache-control"]
    lifetime = int(signed.removeprefix("private, max-age="))
    assert 0 < lifetime <= 26 * 3600


async def test_a_signed_address_opens_one_picture_for_a_time(
    client: httpx.AsyncClient, house: House
) -> None:
    media, other = [await shown(client, house, pictures.jpeg()) for _ in range(2)]
    made = await client.post(f"/api/media/{media['id']}/signed-url", json={"expiresIn": 60})
    nobody, address = speaking(client, None), made.json()["url"]
    answer = await nobody.get(address)
    assert (answer.status_code, len(answer.content) > 0) == (200, True)
    assert int(answer.headers["cache-control"].removeprefix("private, max-age=")) <= 60
    path, query = address.split("?")
    exp, kid, sig = (part.split("=", 1)[1] for part in query.split("&"))
    altered = [
        f"{path}?exp={int(exp) + 1}&kid={kid}&sig={sig}",
        f"{path}?exp={exp}&kid=00000000&sig={sig}",
        f"{path}?exp={exp}&kid={kid}&sig={sig[:-1]}",
        f"{path}?exp={exp}&kid={kid}&sig=",
        f"{path}?exp={exp}&kid={kid}",
        f"{path}?exp=-1&kid={kid}&sig={sig}",
        f"{path}?exp={'9' * 30}&kid={kid}&sig={sig}",
        f"{path}?exp=²&kid={kid}&sig={sig}",
        f"{path}?exp={exp}&kid=🐈&sig=🐈",
        f"{path}/original?{query}",
        f"/m/{other['id']}?{query}",
    ]
    for wrong in altered:
        check_problem(await nobody.get(wrong), 403)
    for seconds in (0, -1, 7 * 24 * 3600 + 1, 10**12):
        said = {"expiresIn": seconds}
        check_problem(await client.post(f"/api/media/{media['id']}/signed-url", json=said), 422)


async def test_an_expired_signature_is_refused(client: httpx.AsyncClient, house: House) -> None:
    media = await shown(client, house, pictures.jpeg())
    nobody, stable = speaking(client, None), house.addresses.stable(media["id"])
    over = house.addresses.signed_until(stable, int(time.time()) - 1)
    check_problem(await nobody.get(over), 403)
    soon = house.addresses.signed_until(stable, int(time.time()) + 60)
    assert (await nobody.get(soon)).status_code == 200


async def test_keys_that_sign_can_be_replaced_one_by_one(
    client: httpx.AsyncClient, house: House, settings: Settings
) -> None:
    media = await shown(client, house, pictures.jpeg())
    path, until = f"/m/{media['id']}", int(time.time()) + 60
    house_key = settings.secret_keys[0]

    def addresses(*keys: str) -> Addresses:
        return Addresses(keys, "")

    nobody = speaking(client, None)
    kept = addresses(house_key, "dropped").signed_until(path, until)
    assert (await nobody.get(kept)).status_code == 200
    check_problem(await nobody.get(addresses("dropped", house_key).signed_until(path, until)), 403)
    query = dict(part.split("=", 1) for part in kept.split("?")[1].split("&"))
    assert addresses("new", house_key).check(path, **query) == until
    with pytest.raises(SignatureRefused):
        addresses("new").check(path, **query)


async def test_others_get_a_copy_that_does_not_tell_where_it_was_taken(
    client: httpx.AsyncClient, house: House
) -> None:
    media = await shown(client, house, TELLING, visibility="public")
    editor, nobody = await with_key(client, "editor"), speaking(client, None)
    signed = (await client.post(f"/api/media/{media['id']}/signed-url", json={})).json()["url"]
    copies = [
        await editor.get(media["url"]),
        await nobody.get(media["url"]),
        await nobody.get(signed),
    ]
    for copy in copies:
        assert copy.status_code == 200
        assert pictures.TELLTALE not in copy.content
        assert copy.headers["content-length"] == str(len(copy.content))
        image, before = (pyvips.Image.new_from_buffer(data, "") for data in (copy.content, TELLING))
        assert (image - before).abs().max() == 0
        assert not [name for name in image.get_fields() if "gps" in name.lower() or "ifd3" in name]
    exact = await client.get(media["url"])
    assert exact.content == TELLING
    assert exact.headers["etag"] != copies[0].headers["etag"]
    part = await nobody.get(media["url"], headers={"Range": "bytes=10-99"})
    assert (part.status_code, part.content) == (206, copies[0].content[10:100])


async def test_an_unknown_preset_is_answered_with_those_that_exist(
    client: httpx.AsyncClient,
) -> None:
    media = await added(client, pictures.jpeg())
    for preset in ("huge", "original2", "300x200", "..", "%00"):
        for address in (
            f"/m/{media['id']}/{preset}",
            plain(media["original_url"]).replace("original", preset),
        ):
            answer = await client.get(address)
            if preset == "..":
                assert answer.status_code == 404
            else:
                assert "original" in check_problem(answer, 404)["presets"]


async def test_deleted_media_is_shown_to_those_who_can_restore_it(
    client: httpx.AsyncClient, house: House
) -> None:
    media = await shown(client, house, pictures.jpeg(), visibility="public")
    nobody = speaking(client, None)
    assert (await nobody.get(media["url"])).status_code == 200
    assert (await client.delete(f"/api/media/{media['id']}")).status_code == 204
    check_problem(await nobody.get(media["url"]), 404)
    assert (await client.get(media["url"])).status_code == 200
    assert (await client.post(f"/api/media/{media['id']}/restore")).status_code == 200
    assert (await nobody.get(media["url"])).status_code == 200


NOISE = pyvips.Image.gaussnoise(900, 900, mean=128, sigma=50, seed=1).cast("uchar")
LARGE_WEBP = NOISE.webpsave_buffer(lossless=True)
"""More than is sent in one piece, and its stripped copy begins with bytes of calotype's own."""


@pytest.mark.parametrize("data", [pictures.jpeg(), LARGE_WEBP], ids=["small", "large"])
async def test_a_picture_whose_bytes_are_gone_is_out_of_order_and_not_missing(
    client: httpx.AsyncClient, house: House, data: bytes
) -> None:
    media = await shown(client, house, data, visibility="public")
    [file] = kept_files(house)
    away = file.rename(file.with_name("away"))
    for who in (client, speaking(client, None)):
        with capture_logs() as lines:
            answer = await who.get(media["url"])
        body = check_problem(answer, 503)
        assert (body["type"], body["title"]) == (
            "/docs/problems#bytes-missing",
            "The bytes of this picture cannot be found at the moment.",
        )
        assert file.name not in answer.text
        assert answer.headers["cache-control"] == "no-store"
        [told] = [line for line in lines if line["log_level"] == "error"]
        [original] = (await client.get("/api/originals")).json()["items"]
        assert (told["event"], told["original"]) == ("delivery.bytes_missing", original["id"])
    away.rename(file)
    assert (await client.get(media["url"])).content == data


async def test_bytes_that_go_while_they_are_sent_cut_the_answer_short(
    client: httpx.AsyncClient, house: House
) -> None:
    """The status is sent by then, so that only the length and the log can tell."""
    media = await shown(client, house, TELLING, visibility="public")
    [file] = kept_files(house)
    found = await house.deliveries.find(
        Caller("anybody"), Wanted(path="/", media=UUID(media["id"]))
    )
    sent = _read(house.objects, found, Part(0, found.size_bytes))
    assert await anext(sent)
    file.unlink()
    with capture_logs() as lines, pytest.raises(BytesMissing):
        b"".join([chunk async for chunk in sent])
    assert [line["original"] for line in lines] == [str(found.original_id)]
