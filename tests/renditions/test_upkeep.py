"""Renditions follow their original, get better in the background, and leave no litter."""

import asyncio

import pytest

from calotype.database import Caller
from calotype.originals import OriginalMissing
from calotype.renditions import FORMATS, PRESETS, Preset, Recipe
from calotype.renditions.model import Improve, Prepare
from calotype.renditions.service import Renditions
from calotype.storage import StoreUnavailable
from tests import pictures
from tests.renditions.conftest import LARGE, SMALL


def photo(seed: int = 0) -> bytes:
    return pictures.jpeg(seed, width=900, height=600)


async def test_when_an_original_is_collected_its_renditions_go_too(stage):
    kept, other = await stage.keep(photo()), await stage.keep(photo(1))
    gone, stays = await stage.demand(kept), await stage.demand(other)
    stage.sql("delete from original_references where original_id = %s", kept.original_id)
    stage.sql(
        "update originals set state = 'condemned', changed_at = now() - interval '2 days'"
        " where id = %s", kept.original_id,
    )  # fmt: skip
    swept = await stage.house.sweeper.sweep()
    assert swept.collected == 1
    with pytest.raises(OriginalMissing):
        await stage.demand(kept, LARGE)
    await stage.house.upkeep.sweep()
    assert gone.object_key in await stage.keys(), "somebody may be reading it"
    stage.pass_time()
    assert await stage.house.upkeep.sweep() == 1
    assert await stage.keys() == {stays.object_key}
    assert [row[0] for row in stage.sql("select id from renditions")] == [stays.id]


async def test_what_is_made_while_its_original_goes_is_never_shown(stage):
    kept = await stage.keep(photo())
    asked = asyncio.create_task(stage.demand(kept, LARGE))
    while stage.states() != ["pending"]:
        await asyncio.sleep(0.005)
    stage.sql("update originals set state = 'deleting'")
    with pytest.raises(OriginalMissing):
        await asked
    assert stage.states() == ["deleting"]


async def test_a_crash_between_bytes_and_row_leaves_what_the_sweep_removes(stage, monkeypatch):
    kept = await stage.keep(photo())
    with monkeypatch.context() as patched:
        patched.setattr("calotype.renditions.store.make_live", _die)
        patched.setattr("calotype.renditions.store.give_up", _die)
        with pytest.raises(_DiedError):
            await stage.demand(kept)
    assert len(await stage.keys()) == 1
    assert stage.states() == ["pending"]
    stage.sql("update renditions set lease_expires_at = now() - interval '1 second'")
    await stage.house.upkeep.sweep()
    stage.pass_time()
    assert await stage.house.upkeep.sweep() == 1
    assert await stage.keys() == set()


async def test_an_object_whose_row_is_lost_is_removed_by_reconcile_and_no_other(stage):
    """As after a crash of the server: rows of renditions do not wait for the disk."""
    kept = await stage.keep(photo())
    stays = await stage.demand(kept)
    await stage.demand(kept, LARGE)
    stage.sql("delete from renditions where id <> %s", stays.id)
    sweeper = stage.house.sweeper
    assert (await sweeper.reconcile()).strays == 1
    stage.sql("update stray_objects set first_seen_at = first_seen_at - interval '2 days'")
    assert (await sweeper.reconcile()).strays_removed == 1
    assert await stage.keys() == {stays.object_key}
    assert await stage.read(stays)


async def test_a_store_that_is_not_ours_loses_nothing(stage):
    kept = await stage.keep(photo())
    await stage.demand(kept)
    await stage.house.sweeper.renew_epoch()
    stage.sql("update renditions set state = 'deleting'")
    stage.pass_time()
    assert await stage.house.upkeep.sweep() == 0
    assert len(await stage.keys()) == 1


async def test_a_store_that_refuses_lets_the_next_try_at_once(stage, monkeypatch):
    kept = await stage.keep(photo())
    with monkeypatch.context() as patched:
        patched.setattr(type(stage.house.objects), "put", _refuse)
        with pytest.raises(StoreUnavailable):
            await stage.demand(kept)
    assert stage.states() == ["deleting"]
    assert (await stage.demand(kept)).width == 400
    assert list(stage.house.renditions.making.spool.folder.iterdir()) == []


async def test_a_rendition_that_lost_its_object_is_made_anew(stage):
    kept = await stage.keep(photo())
    lost = await stage.demand(kept)
    await stage.house.objects.delete(lost.object_key)
    assert await stage.house.doctor.repair("rendition-missing") == 1
    made = await stage.demand(kept)
    assert made.object_key != lost.object_key
    assert await stage.read(made)


async def test_whoever_finds_the_object_missing_may_have_it_made_anew(stage):
    kept = await stage.keep(photo())
    lost = await stage.demand(kept)
    await stage.house.renditions.forget(lost)
    assert (await stage.demand(kept)).object_key != lost.object_key


async def test_a_cold_avif_is_made_in_haste_and_improved_later(stage):
    kept = await stage.keep(photo())
    hasty = await stage.demand(kept, LARGE)
    [(arguments,)] = stage.sql(
        "select args from procrastinate.procrastinate_jobs where task_name = 'renditions:improve'"
    )
    assert hasty.quick
    assert arguments["rendition"] == str(hasty.id)
    caller = Caller("service", stage.scope)
    for _ in range(2):
        await stage.house.renditions.improve(caller, Improve(hasty.id))
    better = await stage.demand(kept, LARGE)
    assert better.object_key != hasty.object_key
    assert not better.quick
    assert (better.width, better.height) == (hasty.width, hasty.height)
    assert stage.states() == ["deleting", "live"]
    assert await stage.read(hasty), "somebody may be reading it"


async def test_other_formats_need_no_improvement(stage):
    kept = await stage.keep(photo())
    assert not (await stage.demand(kept, as_format="webp")).quick
    assert not (await stage.demand(kept, as_format="jpeg")).quick
    jobs = stage.sql(
        "select id from procrastinate.procrastinate_jobs where task_name like 'rend%%'"
    )
    assert jobs == []


async def test_an_improvement_of_what_has_gone_does_nothing(stage):
    kept = await stage.keep(photo())
    hasty = await stage.demand(kept)
    stage.sql("update originals set state = 'deleting'")
    await stage.house.renditions.improve(Caller("service", stage.scope), Improve(hasty.id))
    assert stage.states() == ["deleting"]


async def test_all_sizes_and_formats_are_prepared_at_once_and_only_once(stage):
    kept = await stage.keep(photo())
    first = await stage.demand(kept, as_format="webp")
    caller = Caller("service", stage.scope)
    for _ in range(2):
        await stage.house.renditions.prepare(caller, Prepare(kept.original_id))
    assert stage.states() == ["live"] * 12
    assert len(await stage.keys()) == 12
    made = {
        (preset.width, form): await stage.demand(kept, Recipe(preset), as_format=form)
        for preset in PRESETS
        for form in FORMATS
    }
    assert made[400, "webp"] == first
    assert {(width, each.width) for (width, _), each in made.items()} == {
        (150, 150), (400, 400), (800, 800), (1200, 900),
    }  # fmt: skip
    assert not any(each.quick for each in made.values())


async def test_more_than_fit_into_one_order_are_prepared_in_turns(stage):
    kept = await stage.keep(photo())
    many = tuple(Preset(f"w{width}", width) for width in range(10, 100, 10))
    here = stage.house.renditions
    renditions = Renditions(
        database=here.database, originals=here.originals, making=here.making, jobs=here.jobs,
        presets=many, eager=True,
    )  # fmt: skip
    await renditions.prepare(Caller("service", stage.scope), Prepare(kept.original_id))
    assert stage.states() == ["live"] * 27


@pytest.mark.parametrize(("eager", "planned"), [(True, 1), (False, 0)])
async def test_renditions_are_planned_where_that_is_wished_for(stage, eager, planned):
    kept = await stage.keep(photo())
    here = stage.house.renditions
    renditions = Renditions(
        database=here.database, originals=here.originals, making=here.making, jobs=here.jobs,
        presets=PRESETS, eager=eager,
    )  # fmt: skip
    async with here.database.transaction(stage.caller) as tx:
        await renditions.plan(tx, kept.original_id)
    found = stage.sql(
        "select id from procrastinate.procrastinate_jobs where task_name = 'renditions:prepare'"
    )
    assert len(found) == planned


async def test_preparing_what_cannot_be_decoded_does_nothing(stage):
    kept = await stage.keep(photo())
    stage.sql("update originals set readable = false")
    await stage.house.renditions.prepare(Caller("service", stage.scope), Prepare(kept.original_id))
    assert stage.states() == []


async def test_figures_of_what_is_kept(stage):
    kept = await stage.keep(photo())
    made = [await stage.demand(kept), await stage.demand(kept, SMALL, as_format="jpeg")]
    async with stage.house.database.snapshot(stage.caller) as snapshot:
        stats = await stage.house.renditions.stats(snapshot)
    assert (stats.count, stats.size_bytes) == (2, sum(each.size_bytes for each in made))


class _DiedError(BaseException):
    """The process is gone."""


async def _die(*_: object) -> None:
    raise _DiedError


async def _refuse(*_: object, **__: object) -> None:
    raise StoreUnavailable
