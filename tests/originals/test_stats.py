"""The statistics are exact at any moment, folded or not."""

from dataclasses import astuple

from calotype.database import SYSTEM
from calotype.originals import Stats, upkeep_store
from tests.laws.crash.stage import Stage, picture
from tests.originals.conftest import Holding

A, B = picture(1), picture(2)


async def stats(stage: Stage, caller=None) -> Stats:
    async with stage.house.database.snapshot(caller or stage.editor) as snapshot:
        return await stage.house.originals.stats(snapshot)


async def fold(stage: Stage) -> None:
    async with stage.house.database.transaction(SYSTEM) as tx:
        await upkeep_store.fold_stats(tx)


async def test_an_empty_house_has_nothing_and_saves_nothing(stage: Stage) -> None:
    found = await stats(stage)
    assert astuple(found) == (0, 0, 0, 0, 0, 0)
    assert (found.avg_references, found.saved_size, found.saved_ratio) == (0.0, 0, 0.0)


async def test_what_is_kept_once_and_held_twice_is_saved_once(
    stage: Stage, holding: Holding
) -> None:
    for data in (A, A, B):
        await holding.keep_for_good(data)
    found = await stats(stage)
    assert astuple(found) == (2, len(A + B), 0, 0, 3, len(A + A + B))
    assert (found.avg_references, found.saved_size) == (1.5, len(A))
    assert found.saved_ratio == len(A) / len(A + A + B)


async def test_folding_changes_no_figure(stage: Stage, holding: Holding) -> None:
    _, first = await holding.keep_for_good(A)
    await fold(stage)
    await holding.keep_for_good(A)
    await holding.keep_for_good(B, stage.stranger)
    await holding.release(first)
    before = [await stats(stage, caller) for caller in (stage.editor, stage.stranger, SYSTEM)]
    for _ in range(2):
        await fold(stage)
        after = [await stats(stage, caller) for caller in (stage.editor, stage.stranger, SYSTEM)]
        assert after == before
    assert stage.ask("select 1 from original_stat_changes") == []


async def test_every_state_is_counted_as_what_it_is(stage: Stage, holding: Holding) -> None:
    _, holder = await holding.keep_for_good(A)
    await holding.keep_for_good(B)
    await holding.release(holder)
    assert astuple(await stats(stage)) == (2, len(A + B), 1, len(A), 1, len(B))
    await holding.keep_for_good(A)
    assert astuple(await stats(stage)) == (2, len(A + B), 0, 0, 2, len(A + B))
    stage.flip_a_bit()
    assert await stage.house.scrubber.scrub(9) == 2
    assert astuple(await stats(stage)) == (0, 0, 0, 0, 2, len(A + B))
    await holding.keep_for_good(A)
    assert astuple(await stats(stage)) == (1, len(A), 0, 0, 3, len(A + A + B))
    await fold(stage)
    assert await stage.findings("meta") == [
        finding for finding in await stage.findings("meta") if finding.code == "quarantined"
    ]


async def test_each_tenant_has_its_own_figures_and_the_system_all(
    stage: Stage, holding: Holding
) -> None:
    await holding.keep_for_good(A)
    await holding.keep_for_good(A, stage.stranger)
    await holding.keep_for_good(B, stage.stranger)
    ours, theirs, all_ = [await stats(stage, c) for c in (stage.editor, stage.stranger, SYSTEM)]
    assert (ours.total_count, theirs.total_count, all_.total_count) == (1, 2, 3)
    assert all_.total_size == ours.total_size + theirs.total_size
    assert await stage.house.sweeper.stats() == all_
