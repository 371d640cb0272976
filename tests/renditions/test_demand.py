"""A rendition is made once, when it is asked for, and found from then on."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import psutil
import pytest

from calotype.database import ANYBODY, Caller
from calotype.imaging import Crop, FocalPoint, ImagingUnavailable, Unreadable
from calotype.originals import OriginalMissing
from calotype.renditions import PRESETS, Preset, Recipe, RenditionUnderWay
from tests import pictures
from tests.renditions.conftest import LARGE, SMALL


def photo(seed: int = 0) -> bytes:
    return pictures.jpeg(seed, width=900, height=600)


async def test_a_rendition_is_made_when_it_is_asked_for(stage):
    kept = await stage.keep(photo())
    made = await stage.demand(kept)
    assert (made.media_type, made.width, made.height) == ("image/avif", 400, 267)
    assert len(await stage.read(made)) == made.size_bytes
    assert stage.states() == ["live"]


async def test_a_rendition_that_was_made_is_found_by_anybody_who_was_let_in(stage):
    kept = await stage.keep(photo())
    made = await stage.demand(kept)
    assert await stage.demand(kept) == made
    async with stage.house.database.snapshot(ANYBODY) as snapshot:
        found = await stage.house.renditions.find(snapshot, kept.original_id, SMALL, "avif")
        other = await stage.house.renditions.find(snapshot, kept.original_id, LARGE, "avif")
    assert found == made
    assert other is None


async def test_a_thousand_who_ask_on_two_machines_have_it_made_once(stage, elsewhere):
    kept = await stage.keep(photo())
    both = (stage.house.renditions, elsewhere)
    asked = [stage.demand(kept, LARGE, by=both[turn % 2]) for turn in range(1000)]
    answers = await asyncio.gather(*asked)
    assert len({answer.object_key for answer in answers}) == 1
    assert stage.states() == ["live"]
    assert await stage.keys() == {answers[0].object_key}


async def test_whoever_loses_patience_takes_the_picture_away_from_nobody(stage):
    kept = await stage.keep(photo())
    hasty = asyncio.create_task(stage.demand(kept, LARGE))
    patient = asyncio.create_task(stage.demand(kept, LARGE))
    await asyncio.sleep(0.05)
    hasty.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hasty
    assert (await patient).width == 900
    assert stage.states() == ["live"]


async def test_a_claim_is_given_up_when_the_house_is_closed_and_another_takes_over(
    stage, elsewhere
):
    kept = await stage.keep(photo())
    waiting = asyncio.create_task(stage.demand(kept, LARGE, by=elsewhere))
    while not stage.states():
        await asyncio.sleep(0.01)
    await elsewhere.close()
    with suppress(asyncio.CancelledError):
        await waiting
    assert stage.states() == ["deleting"]
    assert (await stage.demand(kept, LARGE)).width == 900


async def test_what_a_dead_maker_left_is_taken_over_when_its_lease_has_ended(stage):
    kept = await stage.keep(photo())
    await stage.demand(kept)
    stage.sql(
        "update renditions set state = 'pending', lease_expires_at = now() - interval '1 second'"
    )
    made = await stage.demand(kept)
    assert stage.states() == ["deleting", "live"]
    assert await stage.read(made)


async def test_while_a_lease_holds_others_wait_and_get_what_is_made(stage):
    kept = await stage.keep(photo())
    made = await stage.demand(kept)
    stage.sql(
        "update renditions set state = 'pending', lease_expires_at = now() + interval '1 minute'"
    )
    waiting = asyncio.create_task(stage.demand(kept))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    stage.sql("update renditions set state = 'live', lease_expires_at = null")
    assert (await waiting).object_key == made.object_key


async def test_nobody_waits_for_ever(stage, monkeypatch):
    monkeypatch.setattr("calotype.renditions.service._PATIENCE_SECONDS", 0.1)
    kept = await stage.keep(photo())
    await stage.demand(kept)
    stage.sql(
        "update renditions set state = 'pending', lease_expires_at = now() + interval '1 minute'"
    )
    with pytest.raises(RenditionUnderWay):
        await stage.demand(kept)


async def test_a_child_that_is_killed_from_outside_is_no_fault_of_the_picture(stage):
    kept = await stage.keep(photo())
    pixels = stage.house.renditions.making.pixels
    await pixels.isolation()
    (pid,) = pixels.pids
    psutil.Process(pid).suspend()
    asked = asyncio.create_task(stage.demand(kept))
    while stage.states() != ["pending"]:
        await asyncio.sleep(0.01)
    psutil.Process(pid).kill()
    with pytest.raises(ImagingUnavailable):
        await asked
    assert stage.states() == ["deleting"]
    assert (await stage.demand(kept)).width == 400


async def test_a_picture_that_cannot_be_decoded_says_so_and_is_not_tried_again_for_a_while(stage):
    kept = await stage.keep(pictures.truncated_jpeg())
    for _ in range(2):
        with pytest.raises(Unreadable, match="premature end"):
            await stage.demand(kept)
    assert stage.states() == ["failed"]
    stage.sql("update renditions set lease_expires_at = now() - interval '1 second'")
    with pytest.raises(Unreadable):
        await stage.demand(kept)
    assert stage.states() == ["deleting", "failed"]
    assert await stage.keys() == set()


async def test_a_picture_that_is_known_to_be_unreadable_is_not_decoded(stage):
    kept = await stage.keep(photo())
    stage.sql("update originals set readable = false")
    with pytest.raises(Unreadable):
        await stage.demand(kept)
    assert stage.states() == []


async def test_an_original_that_nobody_has_is_missing(stage):
    with pytest.raises(OriginalMissing):
        await stage.house.renditions.demand(original_id=uuid4(), scope_id=stage.scope, recipe=SMALL)


@pytest.mark.parametrize("state", ["condemned", "quarantined", "deleting"])
async def test_an_original_that_is_not_live_has_no_renditions_made(stage, state):
    kept = await stage.keep(photo())
    stage.sql("update originals set state = %s", state)
    with pytest.raises(OriginalMissing):
        await stage.demand(kept)
    assert stage.states() == []


async def test_nothing_is_made_of_another_tenants_original(stage):
    kept = await stage.keep(photo())
    other = await stage.other_tenant()
    with pytest.raises(OriginalMissing):
        await stage.demand(kept, scope=other)
    assert stage.states() == []


async def test_another_tenant_sees_no_rows_of_renditions(stage):
    kept = await stage.keep(photo())
    await stage.demand(kept)
    other = await stage.other_tenant()
    database = stage.house.database
    for caller, seen in ((Caller("admin", other), 0), (Caller("admin", stage.scope), 1)):
        async with database.snapshot(caller) as snapshot:
            assert (await stage.house.renditions.stats(snapshot)).count == seen


async def test_the_same_recipe_under_another_name_is_not_made_again(stage):
    kept = await stage.keep(photo())
    first = await stage.demand(kept)
    assert await stage.demand(kept, Recipe(Preset("other", 400))) == first


async def test_another_crop_or_shape_makes_another_picture(stage):
    kept = await stage.keep(photo())
    crop = Crop(left=0.5, top=0.0, width=0.5, height=1.0)
    square = Preset("square", 100, 100)
    recipes = [
        SMALL, Recipe(PRESETS[1], crop), Recipe(square), Recipe(square, None, FocalPoint(x=0.9, y=0.1)),
        Recipe(square, crop),
    ]  # fmt: skip
    made = [await stage.demand(kept, recipe, as_format="jpeg") for recipe in recipes]
    assert len({each.object_key for each in made}) == len(recipes)
    assert [(each.width, each.height) for each in made] == [
        (400, 267), (400, 533), (100, 100), (100, 100), (100, 100),
    ]  # fmt: skip


def test_a_focal_point_means_nothing_where_nothing_is_cut_off():
    assert Recipe(PRESETS[0], None, FocalPoint(x=0.1, y=0.1)).key == Recipe(PRESETS[0]).key


@pytest.mark.parametrize(
    "recipe",
    [
        SMALL,
        Recipe(PRESETS[0], Crop(left=1e-05, top=0.0, width=0.33333, height=1.0)),
        Recipe(Preset("wide", 300, 100), Crop(top=0.25), FocalPoint(x=0.123456, y=1.0)),
    ],
    ids=lambda recipe: recipe.key,
)
def test_a_recipe_can_be_read_from_its_key(recipe):
    assert Recipe.of_key(recipe.key).key == recipe.key
