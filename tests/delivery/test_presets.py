"""Pictures in presets: in which size and format they are sent, and to whom."""

import httpx
import pytest
import pyvips

from calotype.app import House
from tests import pictures
from tests.http.speaking import check_problem, look_at_everything, speaking, upload

AVIF = "image/avif,image/webp,image/apng,image/*,*/*;q=0.8"
SIZES = {"thumbnail": 150, "small": 400, "medium": 800, "large": 1200}
FOR_EVER = "public, max-age=31536000, immutable"
HASTY = "public, max-age=60, stale-while-revalidate=86400"
"""What is said of an AVIF that was made in haste, and will be replaced by a better one."""
LARGE = pictures.jpeg(seed=1, width=1600, height=1200)


async def shown(client: httpx.AsyncClient, house: House, data: bytes, **fields: str) -> dict:
    media = (await upload(client, data, **{"visibility": "public", **fields})).json()
    await look_at_everything(house)
    return (await client.get(f"/api/media/{media['id']}")).json()


def picture(answer: httpx.Response) -> pyvips.Image:
    assert answer.status_code == 200, answer.text
    return pyvips.Image.new_from_buffer(answer.content, "")


async def test_every_preset_comes_in_every_format(client, house) -> None:
    media = await shown(client, house, LARGE)
    async with speaking(client, None) as anybody:
        for preset, formats in media["variants"].items():
            for kind, address in formats.items():
                answer = await anybody.get(address)
                assert answer.headers["content-type"] == f"image/{kind}"
                assert picture(answer).width == SIZES[preset]
                assert answer.headers["cache-control"] == (HASTY if kind == "avif" else FOR_EVER)
                assert "accept" not in answer.headers.get("vary", "").lower()
    assert media["variants"].keys() == SIZES.keys()


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (AVIF, "image/avif"),
        ("image/webp,*/*", "image/webp"),
        ("*/*", "image/jpeg"),
        ("text/html;level=;;,\x7f,image", "image/jpeg"),
        ("image/avif;q=0", "image/jpeg"),
    ],
)
async def test_the_best_format_that_is_accepted_is_sent(client, house, accept, expected) -> None:
    media = await shown(client, house, LARGE)
    async with speaking(client, None) as anybody:
        answer = await anybody.get(f"/m/{media['id']}/small", headers={"Accept": accept})
    assert answer.headers["content-type"] == expected
    assert answer.headers["vary"] == "Accept"
    assert answer.headers["cache-control"].startswith("public, max-age=60, stale-while-revalidate")


async def test_what_is_sent_has_a_name_of_its_own(client, house) -> None:
    """Equal tags would let a browser keep one format or size where another was asked for."""
    media = await shown(client, house, LARGE)
    addresses = [each for formats in media["variants"].values() for each in formats.values()]
    async with speaking(client, None) as anybody:
        tags = [(await anybody.get(address)).headers["etag"] for address in addresses]
        known = await anybody.get(addresses[0], headers={"If-None-Match": tags[0]})
        part = await anybody.get(addresses[0], headers={"Range": "bytes=0-9"})
        head = await anybody.head(addresses[0])
    assert len(set(tags)) == len(addresses)
    assert (known.status_code, part.status_code, len(part.content)) == (304, 206, 10)
    assert (head.status_code, head.content) == (200, b"")


async def test_nothing_is_enlarged(client, house) -> None:
    media = await shown(client, house, pictures.jpeg(seed=2, width=300, height=200))
    async with speaking(client, None) as anybody:
        for preset in ("small", "large"):
            found = picture(await anybody.get(media["variants"][preset]["jpeg"]))
            assert (found.width, found.height) == (300, 200)


async def test_a_rendition_tells_nothing_about_people_and_places(client, house) -> None:
    media = await shown(client, house, pictures.telling_jpeg(seed=3))
    async with speaking(client, None) as anybody:
        for address in media["variants"]["large"].values():
            answer = await anybody.get(address)
            assert answer.status_code == 200
            assert pictures.TELLTALE not in answer.content
            assert pictures.MAKER.encode() not in answer.content


async def test_a_preset_that_does_not_exist_is_missing_and_the_list_is_told(client, house) -> None:
    media = await shown(client, house, LARGE)
    token = media["variants"]["small"]["webp"].split("/")[-2]
    problem = check_problem(await client.get(f"/m/{media['id']}/huge"), 404)
    assert problem["presets"] == [*SIZES, "original"]
    check_problem(await client.get(f"/i/{token}/640.webp"), 404)
    problem = check_problem(await client.get(f"/i/{token}/small.bmp"), 404)
    assert {"avif", "webp", "jpeg"} <= set(problem["formats"])
    check_problem(await client.get(f"/i/{token}/original.jpg"), 404)


async def test_a_private_picture_needs_its_owner_or_a_signature(client, house) -> None:
    media = await shown(client, house, LARGE, visibility="private")
    signed = media["variants"]["small"]["webp"]
    plain = signed.partition("?")[0]
    async with speaking(client, None) as anybody:
        answer = await anybody.get(signed)
        assert picture(answer).width == 400
        assert answer.headers["cache-control"].startswith("private, max-age=")
        check_problem(await anybody.get(plain), 404)
        check_problem(await anybody.get(f"/m/{media['id']}/small"), 404)
        check_problem(await anybody.get(signed[:-1] + "_"), 403)
        check_problem(await anybody.get(signed.replace("small.webp", "large.webp")), 403)
    owner = await client.get(plain)
    assert picture(owner).width == 400
    assert owner.headers["cache-control"] == "private, no-cache"


async def test_a_picture_whose_pixels_cannot_be_read_is_only_downloaded(client, house) -> None:
    media = await shown(client, house, LARGE[: len(LARGE) // 2])
    assert media["state"] == "unreadable"
    check_problem(await client.get(f"/m/{media['id']}/small"), 404)
    answer = await client.get(f"/m/{media['id']}")
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_transparency_and_movement_are_kept(client, house) -> None:
    clear = await shown(client, house, pictures.png(seed=4, alpha=True))
    moving = await shown(client, house, pictures.gif(seed=5, frames=3))
    async with speaking(client, None) as anybody:
        answer = await anybody.get(clear["variants"]["small"]["jpeg"])
        assert (answer.headers["content-type"], picture(answer).hasalpha()) == ("image/png", True)
        answer = await anybody.get(f"/m/{moving['id']}/small", headers={"Accept": AVIF})
        assert answer.headers["content-type"] == "image/webp"
        assert picture(answer).get("n-pages") == 3
