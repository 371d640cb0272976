"""The same bytes are kept once, for as long as somebody holds them."""

from dataclasses import replace
from uuid import uuid4

import pytest

from calotype.digest import Digest
from calotype.originals import (
    CATALOGUE_SCOPE,
    Holder,
    KeepContended,
    OriginalMissing,
    ReferenceLost,
    SizesDiffer,
)
from tests.laws.crash.stage import Stage, picture
from tests.originals.conftest import FACTS, Holding

A, B = picture(1), picture(2)


async def test_the_same_bytes_twice_are_kept_once(stage: Stage, holding: Holding) -> None:
    first, second = await holding.keep(A), await holding.keep(A)
    assert first.original_id == second.original_id
    assert (first.bytes_were_known, second.bytes_were_known) == (False, True)
    assert len(await stage.stored_keys()) == 1


async def test_known_bytes_are_not_written_again(stage: Stage, holding: Holding) -> None:
    await holding.keep(A)
    stage.watch.forget()
    await holding.keep(A)
    assert not [name for name in stage.watch.reached if "put" in name]


async def test_an_original_tells_what_it_is_and_how_many_hold_it(
    stage: Stage, holding: Holding
) -> None:
    original, _ = await holding.keep_for_good(A)
    await holding.keep_for_good(A)
    async with stage.house.database.snapshot(stage.editor) as snapshot:
        found = await holding.originals.get(snapshot, original)
        same = await holding.originals.find_by_digest(snapshot, Digest.of(A))
    assert same == found
    assert (found.digest, found.size_bytes, found.state) == (Digest.of(A), len(A), "live")
    assert found.reference_count == 2


async def test_originals_are_listed_newest_first_a_page_at_a_time(
    stage: Stage, holding: Holding
) -> None:
    kept = [(await holding.keep_for_good(picture(seed)))[0] for seed in range(3)]
    async with stage.house.database.snapshot(stage.editor) as snapshot:
        first = await holding.originals.list_originals(snapshot, after=None, limit=2)
        rest = await holding.originals.list_originals(snapshot, after=first[-1].id, limit=2)
    assert [o.id for o in (*first, *rest)] == kept[::-1]


async def test_only_the_last_release_condemns(holding: Holding) -> None:
    _, first = await holding.keep_for_good(A)
    _, second = await holding.keep_for_good(A)
    assert await holding.release(first) == 1
    assert holding.states() == ["live"]
    assert await holding.release(second) == 1
    assert holding.states() == ["condemned"]


async def test_a_second_release_changes_nothing(holding: Holding) -> None:
    _, gone = await holding.keep_for_good(A)
    _, stays = await holding.keep_for_good(A)
    assert [await holding.release(gone) for _ in range(3)] == [1, 0, 0]
    assert holding.states() == ["live"]
    assert await holding.release(stays) == 1


async def test_many_holders_are_released_at_once(stage: Stage, holding: Holding) -> None:
    holders = [(await holding.keep_for_good(picture(seed % 5)))[1] for seed in range(15)]
    _, stays = await holding.keep_for_good(picture(0))
    assert await holding.release(*holders, uuid4()) == 15
    assert holding.states() == ["condemned"] * 4 + ["live"]
    assert await holding.release(*holders, stays) == 1


async def test_orphans_can_be_listed(stage: Stage, holding: Holding) -> None:
    original, holder = await holding.keep_for_good(A)
    await holding.keep_for_good(B)
    await holding.release(holder)
    async with stage.house.database.snapshot(stage.editor) as snapshot:
        found = await holding.originals.list_originals(snapshot, after=None, limit=9, orphaned=True)
    assert [orphan.id for orphan in found] == [original]


async def test_holding_twice_is_holding_once(stage: Stage, holding: Holding) -> None:
    original, first = await holding.keep_for_good(A)
    holder = Holder("upload", uuid4())
    for _ in range(2):
        async with stage.house.database.transaction(stage.editor) as tx:
            await holding.originals.hold(tx, original, holder)
    assert await holding.release(first, holder.id) == 2
    assert holding.states() == ["condemned"]


@pytest.mark.parametrize("state", ["condemned", "deleting", "quarantined", "missing"])
async def test_only_a_live_original_can_be_held(stage: Stage, holding: Holding, state: str) -> None:
    original, holder = await holding.keep_for_good(A)
    await holding.release(holder)
    stage.owner.execute("update originals set state = %s where %s <> 'missing'", [state, state])
    wanted = uuid4() if state == "missing" else original
    with pytest.raises(OriginalMissing):
        async with stage.house.database.transaction(stage.editor) as tx:
            await holding.originals.hold(tx, wanted, Holder("upload", uuid4()))


async def test_a_condemned_original_is_rescued(stage: Stage, holding: Holding) -> None:
    original, holder = await holding.keep_for_good(A)
    await holding.release(holder)
    kept = await holding.keep(A)
    assert (kept.original_id, kept.bytes_were_known) == (original, True)
    assert holding.states() == ["live"]
    assert "before find" not in stage.watch.reached


async def test_one_condemned_long_ago_is_rescued_after_a_look(
    stage: Stage, holding: Holding
) -> None:
    original, holder = await holding.keep_for_good(A)
    await holding.release(holder)
    stage.pass_time(2)
    assert (await holding.keep(A)).original_id == original
    assert "before find" in stage.watch.reached


async def test_one_condemned_long_ago_without_bytes_is_kept_anew(
    stage: Stage, holding: Holding
) -> None:
    original, holder = await holding.keep_for_good(A)
    await holding.release(holder)
    stage.pass_time(2)
    [key] = await stage.stored_keys()
    await stage.objects.delete(key)
    kept = await holding.keep(A)
    assert kept.original_id != original
    assert not kept.bytes_were_known
    assert holding.states() == ["deleting", "live"]


async def test_a_reference_that_was_reaped_cannot_be_taken_over(
    stage: Stage, holding: Holding
) -> None:
    kept = await holding.keep(A)
    stage.pass_time(1)
    assert (await stage.house.sweeper.sweep()).reaped == 1
    with pytest.raises(ReferenceLost):
        async with stage.house.database.transaction(stage.editor) as tx:
            await holding.originals.take_over(tx, kept, Holder("upload", uuid4()))


async def test_a_reference_is_taken_over_once(stage: Stage, holding: Holding) -> None:
    kept = await holding.keep(A)
    async with stage.house.database.transaction(stage.editor) as tx:
        await holding.originals.take_over(tx, kept, Holder("upload", uuid4()))
    with pytest.raises(ReferenceLost):
        async with stage.house.database.transaction(stage.editor) as tx:
            await holding.originals.take_over(tx, kept, Holder("upload", uuid4()))


async def test_a_reference_that_healing_moved_is_lost_to_the_upload_that_slept(
    stage: Stage, holding: Holding
) -> None:
    """Its media would show the damaged bytes while its reference held the sound ones."""
    kept = await holding.keep(A)
    stage.flip_a_bit()
    assert await stage.house.scrubber.scrub(1) == 1
    healed = await holding.keep(A)
    assert healed.original_id != kept.original_id
    with pytest.raises(ReferenceLost):
        async with stage.house.database.transaction(stage.editor) as tx:
            await holding.originals.take_over(tx, kept, Holder("upload", uuid4()))


async def test_an_upload_whose_lease_was_lost_is_told_to_come_again(
    stage: Stage, holding: Holding
) -> None:
    async def lose_the_lease() -> None:
        stage.pass_time(1)
        await stage.neighbour.sweeper.sweep()

    stage.watch.act_at("after put", lose_the_lease)
    with pytest.raises(KeepContended):
        await holding.keep(A)
    assert (await holding.keep(A)).bytes_were_known is False


async def test_the_same_digest_with_another_size_is_refused(stage: Stage, holding: Holding) -> None:
    await holding.keep(A)
    received = stage.arrive(A)
    with pytest.raises(SizesDiffer):
        await holding.originals.keep(
            stage.editor, received.file, received.digest, received.size_bytes + 1, FACTS,
            holder=Holder("upload", uuid4()),
        )  # fmt: skip


async def test_scopes_share_nothing(stage: Stage, holding: Holding) -> None:
    ours, theirs = await holding.keep(A), await holding.keep(A, stage.stranger)
    assert ours.original_id != theirs.original_id
    assert theirs.bytes_were_known is False
    assert len(await stage.stored_keys()) == 2


async def test_nobody_sees_or_moves_the_originals_of_another_tenant(
    stage: Stage, holding: Holding
) -> None:
    original, holder = await holding.keep_for_good(A)
    kept = await holding.keep(B)
    async with stage.house.database.transaction(stage.stranger) as tx:
        originals = holding.originals
        with pytest.raises(OriginalMissing):
            await originals.get(tx, original)
        assert await originals.find_by_digest(tx, Digest.of(A)) is None
        assert await originals.list_originals(tx, after=None, limit=9) == []
        assert await originals.release(tx, "upload", [holder]) == 0
        with pytest.raises(ReferenceLost):
            await originals.take_over(tx, kept, Holder("upload", uuid4()))
        assert (await originals.stats(tx)).total_count == 0
    with pytest.raises(OriginalMissing):
        async with stage.house.database.transaction(stage.stranger) as tx:
            await originals.hold(tx, original, Holder("upload", uuid4()))
    assert holding.states() == ["live", "live"]


async def test_a_collected_original_leaves_a_tombstone(stage: Stage, holding: Holding) -> None:
    original, holder = await holding.keep_for_good(A)
    await holding.release(holder)
    [key] = await stage.stored_keys()
    assert (await stage.house.sweeper.sweep()).collected_bytes == len(A)
    assert holding.states() == []
    found = stage.ask(
        "select original_id, scope_id, digest, size_bytes, object_key from tombstones"
    )
    assert found == [(original, stage.editor.tenant, Digest.of(A).raw, len(A), key)]
    anew = await holding.keep(A)
    assert anew.original_id != original
    assert key not in await stage.stored_keys()


async def test_bytes_within_their_grace_are_not_collected(stage: Stage, holding: Holding) -> None:
    patient = replace(stage.house.sweeper, grace_seconds=3600)
    _, holder = await holding.keep_for_good(A)
    await holding.release(holder)
    assert (await patient.sweep()).collected == 0
    stage.pass_time(1.1)
    assert (await patient.sweep()).collected == 1


async def test_scrub_takes_first_what_was_verified_longest_ago(
    stage: Stage, holding: Holding
) -> None:
    old, _ = await holding.keep_for_good(A)
    await holding.keep_for_good(B)
    stage.owner.execute("update originals set verified_at = null where id = %s", [old])
    assert await stage.house.scrubber.scrub(1) == 0
    assert stage.ask("select id from originals where verified_at is null") == []


async def test_scrub_finds_what_changed_and_what_is_missing(stage: Stage, holding: Holding) -> None:
    changed, _ = await holding.keep_for_good(A)
    stage.flip_a_bit(changed)
    missing, _ = await holding.keep_for_good(B)
    [(key,)] = stage.ask("select object_key from originals where id = %s", missing)
    await stage.objects.delete(key)
    assert await stage.house.scrubber.scrub(9) == 2
    reasons = dict(stage.ask("select id, facts ->> 'quarantined' from originals"))
    assert reasons == {changed: "changed", missing: "missing"}


async def test_a_tenant_may_hold_what_is_in_the_catalogue(stage: Stage, holding: Holding) -> None:
    original, _ = await holding.keep_for_good(A)
    stage.owner.execute("update originals set scope_id = %s", [CATALOGUE_SCOPE])
    async with stage.house.database.transaction(stage.stranger) as tx:
        await holding.originals.hold(tx, original, Holder("upload", uuid4()))
    stage.owner.execute("update originals set scope_id = %s", [stage.editor.tenant])
    with pytest.raises(OriginalMissing):
        async with stage.house.database.transaction(stage.stranger) as tx:
            await holding.originals.hold(tx, original, Holder("upload", uuid4()))
