"""What of a picture is shown, and the addresses of its sizes."""

import pytest

from calotype.database import SYSTEM
from calotype.settings import Settings
from tests import pictures
from tests.conftest import Cluster, furnished
from tests.http.speaking import check_problem, speaking, upload

CROP = {"left": 0.25, "top": 0.0, "width": 0.5, "height": 1.0}


async def test_media_names_an_address_for_every_preset_and_format(client):
    media = (await upload(client, pictures.jpeg(), visibility="public")).json()
    token = media["variants"]["large"]["avif"].split("/")[2]
    assert media["variants"] == {
        preset: {form: f"/i/{token}/{preset}.{form}" for form in ("avif", "webp", "jpeg")}
        for preset in ("thumbnail", "small", "medium", "large")
    }
    assert media["thumbnail_url"] == f"/m/{media['id']}/thumbnail"


async def test_the_addresses_of_private_media_are_signed(client):
    media = (await upload(client, pictures.jpeg())).json()
    addresses = [address for row in media["variants"].values() for address in row.values()]
    assert len(addresses) == 12
    assert all("?exp=" in address and "&sig=" in address for address in addresses)
    assert "&sig=" in media["thumbnail_url"]


async def test_a_srcset_names_each_true_width_once(client):
    added = (await upload(client, pictures.jpeg(width=500, height=100), visibility="public")).json()
    media = (await client.get(f"/api/media/{added['id']}")).json()
    variants = media["variants"]
    assert media["srcset"] == {
        form: f"{variants['thumbnail'][form]} 150w, {variants['small'][form]} 400w,"
        f" {variants['medium'][form]} 500w"
        for form in ("avif", "webp", "jpeg")
    }


async def test_a_srcset_knows_that_a_crop_is_narrower(client):
    added = (await upload(client, pictures.jpeg(width=600, height=100), visibility="public")).json()
    path = f"/api/media/{added['id']}"
    media = (await client.patch(path, json={"crop": CROP})).json()
    assert [offer.split()[1] for offer in media["srcset"]["webp"].split(",")] == ["150w", "300w"]


async def test_an_unreadable_picture_has_no_sizes(client, house):
    media = (await upload(client, pictures.jpeg())).json()
    async with house.database.transaction(SYSTEM) as tx:
        await tx.connection.execute("update media set state = 'unreadable'")
    shown = (await client.get(f"/api/media/{media['id']}")).json()
    assert (shown["variants"], shown["srcset"]) == ({}, {})
    assert shown["thumbnail_url"].partition("?")[0] == f"/m/{media['id']}"


async def test_crop_and_focal_point_are_kept_and_forgotten(client):
    media = (await upload(client, pictures.jpeg())).json()
    path = f"/api/media/{media['id']}"
    assert (media["crop"], media["focalPoint"]) == (None, None)
    said = {"crop": CROP, "focalPoint": {"x": 0.33333, "y": 1}}
    changed = (await client.patch(path, json=said)).json()
    assert changed["crop"] == CROP
    assert changed["focalPoint"] == {"x": 0.3333, "y": 1.0}
    assert (await client.get(path)).json()["crop"] == CROP
    again = await client.patch(path, json={"crop": None, "focal_point": None})
    assert (again.json()["crop"], again.json()["focalPoint"]) == (None, None)


async def test_what_is_shown_differently_gets_another_immutable_address(client):
    media = (await upload(client, pictures.jpeg(), visibility="public")).json()
    path = f"/api/media/{media['id']}"
    cropped = (await client.patch(path, json={"crop": CROP})).json()
    renamed = (await client.patch(path, json={"crop": CROP, "name": "renamed"})).json()
    focused = (await client.patch(path, json={"focalPoint": {"x": 0.1, "y": 0.2}})).json()
    addresses = [each["variants"]["small"]["webp"] for each in (media, cropped, renamed, focused)]
    assert addresses[1] == addresses[2]
    assert len(set(addresses)) == 3
    assert len({each["url"] for each in (media, cropped, focused)}) == 1
    check_problem(await client.get(media["original_url"]), 404)
    assert (await client.get(focused["original_url"])).status_code == 200


@pytest.mark.parametrize(
    "said",
    [
        {"crop": {**CROP, "left": 0.6}},
        {"crop": {**CROP, "top": 0.1}},
        {"crop": {**CROP, "width": 0}},
        {"crop": {**CROP, "left": -0.1}},
        {"crop": {**CROP, "height": 1.1}},
        {"crop": {**CROP, "left": "NaN"}},
        {"crop": {"left": 0.1}},
        {"crop": "all of it"},
        {"focalPoint": {"x": 1.1, "y": 0}},
        {"focalPoint": {"x": 0.5}},
        {"focalPoint": [0.5, 0.5]},
    ],
    ids=str,
)
async def test_a_crop_or_point_outside_of_the_picture_is_refused(client, said):
    media = (await upload(client, pictures.jpeg())).json()
    check_problem(await client.patch(f"/api/media/{media['id']}", json=said), 422)


async def test_nobody_may_crop_what_everybody_sees(client):
    media = (await upload(client, pictures.jpeg(), visibility="public")).json()
    nobody = speaking(client, None)
    check_problem(await nobody.patch(f"/api/media/{media['id']}", json={"crop": CROP}), 401)


async def test_presets_of_the_settings_have_addresses_but_shapes_are_in_no_srcset(
    tmp_path, empty_cluster: Cluster
):
    settings = Settings(
        data=tmp_path / "data", secret_keys=("a secret key",), presets="banner:1600, square:90x90",
        _env_file=None,
    )  # fmt: skip
    async with furnished(settings, empty_cluster) as house:
        names = [preset.name for preset in house.addresses.presets]
    assert names == ["thumbnail", "small", "medium", "large", "banner", "square"]
