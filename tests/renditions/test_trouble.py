"""An encoder that fails makes room for the next format; that is remembered and told."""

from dataclasses import replace

import pytest

from calotype.imaging import Limits, Pixels
from calotype.renditions import Preset, Recipe
from tests import pictures

HUGE = Recipe(Preset("huge", 2600))


@pytest.fixture
async def hurried(stage):
    """Renditions whose children may compute for two seconds at most."""
    pixels = Pixels(limits=Limits(cpu_seconds=0))
    here = stage.house.renditions
    yield replace(here, making=replace(here.making, pixels=pixels), _under_way={})
    await pixels.close()


async def test_a_format_that_takes_too_much_is_replaced_by_the_next_and_doctor_tells(
    stage, hurried
):
    kept = await stage.keep(pictures.noise_jpeg(width=2600, height=2600))
    made = await stage.demand(kept, HUGE, by=hurried, as_format="avif")
    assert made.media_type in {"image/webp", "image/jpeg"}
    assert made.format == "avif"
    assert await stage.demand(kept, HUGE, as_format="avif") == made
    [(trouble,)] = stage.sql("select trouble from renditions")
    assert "computing" in trouble
    found = await stage.house.doctor.plan_repair("rendition-troubled")
    assert [finding.subject for finding in found] == [str(made.id)]
    assert await stage.house.doctor.repair("rendition-troubled") == 1
    assert stage.states() == ["deleting"]
