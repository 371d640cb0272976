"""A rendition is made once, when it is asked for, and found from then on."""

import asyncio

from tests import pictures
from tests.renditions.conftest import LARGE, SMALL


async def test_a_rendition_is_made_when_it_is_asked_for(stage):
    kept = await stage.keep(pictures.jpeg(width=900, height=600))
    made = await stage.demand(kept)
    assert (made.media_type, made.width, made.height) == ("image/avif", 400, 267)
    assert len(await stage.read(made)) == made.size_bytes
    assert stage.states() == ["live"]


async def test_a_rendition_that_was_made_is_found(stage):
    kept = await stage.keep(pictures.jpeg(width=900, height=600))
    made = await stage.demand(kept)
    assert await stage.demand(kept) == made
    async with stage.house.database.snapshot(stage.caller) as snapshot:
        found = await stage.house.renditions.find(snapshot, kept.original_id, SMALL, "avif")
        other = await stage.house.renditions.find(snapshot, kept.original_id, LARGE, "avif")
    assert found == made
    assert other is None


async def test_a_thousand_who_ask_on_two_machines_have_it_made_once(stage, elsewhere):
    kept = await stage.keep(pictures.jpeg(width=900, height=600))
    both = (stage.house.renditions, elsewhere)
    asked = [stage.demand(kept, LARGE, by=both[turn % 2]) for turn in range(1000)]
    answers = await asyncio.gather(*asked)
    assert len({answer.object_key for answer in answers}) == 1
    assert stage.states() == ["live"]
    assert await stage.keys() == {answers[0].object_key}
