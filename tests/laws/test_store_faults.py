"""A store that fails in every way: each file ends kept or refused, and nothing is lost by doubt."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from calotype.errors import Unavailable
from calotype.originals import RepairHalted, StoreForeign
from calotype.originals.epoch import EPOCH_KEY
from calotype.storage import Objects, StoreFull, StoreRefused, StoreUnavailable
from tests.conftest import Cluster
from tests.laws.crash.stage import Stage, picture, staged
from tests.laws.crash.verdict import demand_no_danger, demand_nothing_left
from tests.storage.faults import Fault, FaultyObjects, Plan

LOUD = [fault for fault in Fault if fault is not Fault.BIT_FLIP]
MANY = 101


@pytest.fixture
def plan() -> Plan:
    return Plan()


@pytest.fixture
def faulty() -> list[FaultyObjects]:
    return []


@pytest.fixture
async def stage(
    empty_cluster: Cluster, tmp_path: Path, plan: Plan, faulty: list[FaultyObjects]
) -> AsyncIterator[Stage]:
    def wrap(objects: Objects) -> Objects:
        faulty.append(FaultyObjects(objects, plan))
        return faulty[-1]

    async with staged(empty_cluster, tmp_path / "house", wrap=wrap) as opened:
        await opened.empty()
        yield opened


@pytest.mark.parametrize("fault", LOUD)
async def test_an_upload_to_a_failing_store_is_refused_and_succeeds_when_repeated(
    stage: Stage, plan: Plan, faulty: list[FaultyObjects], fault: Fault
) -> None:
    plan.next("put", fault)
    with pytest.raises((StoreUnavailable, StoreRefused, StoreFull)):
        await stage.upload(picture(1), key="once")
    assert stage.list_media() == []
    media = await stage.upload(picture(1), key="once")
    await faulty[-1].land()
    assert await stage.serve(media) == picture(1)
    await demand_no_danger(stage)
    await demand_nothing_left(stage)


async def test_every_file_of_a_batch_is_kept_or_refused_while_the_store_comes_and_goes(
    stage: Stage, plan: Plan, faulty: list[FaultyObjects]
) -> None:
    plan.next(
        "put", *(fault for pair in zip(LOUD, [None] * len(LOUD), strict=True) for fault in pair)
    )
    kept, refused = {}, 0
    for seed in range(2 * len(LOUD)):
        try:
            kept[await stage.upload(picture(seed))] = picture(seed)
        except Unavailable:
            refused += 1
    assert (len(kept), refused) == (len(LOUD), len(LOUD))
    await faulty[-1].land()
    assert {media: await stage.serve(media) for media in stage.list_media()} == kept
    await demand_no_danger(stage)
    await demand_nothing_left(stage)


@pytest.mark.parametrize("fault", LOUD)
async def test_a_look_at_doubtful_bytes_that_fails_refuses_the_upload_and_gives_nothing_up(
    stage: Stage, plan: Plan, fault: Fault
) -> None:
    await stage.delete_at_once(await stage.upload(picture(1)))
    stage.pass_time(2)
    plan.next("find", fault)
    with pytest.raises(Unavailable):
        await stage.upload(picture(1))
    assert stage.ask("select state from originals") == [("condemned",)]
    assert await stage.serve(await stage.upload(picture(1))) == picture(1)


async def condemn(stage: Stage, count: int) -> None:
    for seed in range(count):
        await stage.delete_at_once(await stage.upload(picture(seed)))


@pytest.mark.parametrize("fault", LOUD)
async def test_a_sweep_that_may_not_delete_stops_with_a_reason_and_goes_on_later(
    stage: Stage, plan: Plan, faulty: list[FaultyObjects], fault: Fault
) -> None:
    await condemn(stage, 3)
    plan.next("delete", None, fault)
    halted = await stage.house.sweeper.sweep()
    assert halted.halted_because
    assert halted.collected == 1
    assert {f.code for f in await stage.findings("meta")} == {"sweep-halted"}
    await faulty[-1].land()
    assert (await stage.house.sweeper.sweep()).collected == 2
    assert await stage.stored_keys() == set()
    assert await stage.findings() == []


@pytest.mark.parametrize("verb", ["delete", "read_marker"])
async def test_without_permission_nothing_is_deleted(stage: Stage, plan: Plan, verb: str) -> None:
    await condemn(stage, 3)
    stored = await stage.stored_keys()
    plan.always(verb, Fault.REFUSED)
    for force in (False, True):
        swept = await stage.house.sweeper.sweep(force=force)
        assert (swept.collected, swept.halted_because) == (0, "REFUSED")
    assert await stage.stored_keys() == stored


async def stray(stage: Stage, count: int) -> None:
    """Objects without a row, which an earlier pass saw two days ago."""
    for number in range(count):
        received = stage.arrive(picture(number))
        await stage.objects.put(
            f"o/00/00/{number}", received.file, size_bytes=received.size_bytes,
            digest=received.digest,
        )  # fmt: skip
    await stage.house.sweeper.reconcile()
    stage.pass_time(48)


@pytest.mark.parametrize(
    ("verb", "fault"),
    [("list_pages", fault) for fault in LOUD] + [("delete", Fault.REFUSED)],
)
async def test_a_reconcile_that_sees_half_deletes_nothing(
    stage: Stage, plan: Plan, verb: str, fault: Fault
) -> None:
    await stray(stage, 4)
    plan.always(verb, fault)
    assert (await stage.house.sweeper.reconcile()).halted_because
    assert len(await stage.stored_keys()) == 4
    plan.heal()
    assert (await stage.house.sweeper.reconcile()).strays_removed == 4
    assert await stage.stored_keys() == set()


async def test_a_flipped_bit_is_found_by_scrub_and_healed_by_the_same_upload(stage: Stage) -> None:
    media = await stage.upload(picture(1))
    stage.flip_a_bit()
    assert {f.code for f in await stage.findings("deep")} == {"object-damaged"}
    assert await stage.house.scrubber.scrub(10) == 1
    assert {f.code for f in await stage.findings("deep")} == {"quarantined"}
    again = await stage.upload(picture(1))
    for healed in (media, again):
        assert await stage.serve(healed) == picture(1)
    await stage.house.sweeper.sweep()
    assert await stage.findings("deep") == []
    assert len(await stage.stored_keys()) == 1
    await demand_nothing_left(stage)


async def test_a_bit_that_the_store_flips_while_it_writes_is_found(
    stage: Stage, plan: Plan
) -> None:
    plan.next("put", Fault.BIT_FLIP)
    await stage.upload(picture(1))
    assert await stage.house.scrubber.scrub(10) == 1


async def test_a_bit_that_flips_on_its_way_condemns_nothing(stage: Stage, plan: Plan) -> None:
    media = await stage.upload(picture(1))
    plan.next("read", Fault.BIT_FLIP)
    assert await stage.house.scrubber.scrub(10) == 0
    assert plan.met == [("read", Fault.BIT_FLIP)]
    assert await stage.serve(media) == picture(1)


@pytest.mark.parametrize("fault", LOUD)
async def test_a_store_that_cannot_be_read_is_no_reason_to_quarantine(
    stage: Stage, plan: Plan, fault: Fault
) -> None:
    await stage.upload(picture(1))
    plan.always("read", fault)
    with pytest.raises(Unavailable):
        await stage.house.scrubber.scrub(10)
    assert stage.ask("select state from originals") == [("live",)]


async def test_damaged_bytes_that_nobody_wants_any_more_are_removed(stage: Stage) -> None:
    media = await stage.upload(picture(1))
    stage.flip_a_bit()
    assert await stage.house.scrubber.scrub(10) == 1
    await stage.delete_at_once(media)
    assert (await stage.house.sweeper.sweep()).collected == 1
    assert await stage.stored_keys() == set()


# ── The circuit breaker ───────────────────────────────────────────────────────────────────────


async def lose_the_mark(stage: Stage) -> None:
    await stage.objects.delete(EPOCH_KEY)


async def bear_another_mark(stage: Stage) -> None:
    await stage.objects.write_marker(EPOCH_KEY, b"another")


@pytest.mark.parametrize("spoil", [lose_the_mark, bear_another_mark])
async def test_a_store_with_another_mark_is_left_alone(
    stage: Stage, spoil: Callable[[Stage], object]
) -> None:
    """Neither swept nor believed: not even by force, and not after a restart."""
    live = await stage.upload(picture(9))
    await condemn(stage, 1)
    await stray(stage, 1)
    stored = await stage.stored_keys()
    await spoil(stage)
    await stage.house.sweeper.ensure_epoch()
    for force in (False, True):
        assert (await stage.house.sweeper.sweep(force=force)).halted_because
        assert (await stage.house.sweeper.reconcile(force=force)).halted_because
    for key in stored:
        await stage.objects.delete(key)
    assert await stage.house.scrubber.scrub(10) == 0
    for code in ("object-missing", "object-damaged", "object-stray", "epoch-differs"):
        with pytest.raises(RepairHalted):
            await stage.house.doctor.repair(code)
    assert stage.ask(
        "select o.state from media m join originals o on o.id = m.original_id where m.id = %s", live
    ) == [("live",)]


async def test_a_restored_database_is_reunited_with_a_store_that_lost_a_few(stage: Stage) -> None:
    """Random keys tell whose store it is: one that has most of the objects is the right one."""
    for seed in range(3):
        await stage.upload(picture(seed))
    lost = min(await stage.stored_keys())
    await stage.objects.delete(lost)
    await stage.house.sweeper.renew_epoch()
    with pytest.raises(RepairHalted):
        await stage.house.doctor.repair("epoch-differs")
    assert await stage.house.doctor.repair("object-missing") == 1
    assert await stage.house.doctor.repair("epoch-differs") == 1
    await stage.restart()
    for seed in range(3):
        await stage.upload(picture(seed))
    await stage.house.sweeper.sweep()
    assert await stage.findings("deep") == []


async def test_nothing_is_kept_in_a_store_with_another_mark(stage: Stage) -> None:
    """Its owner would take it for litter; and where no mark is, a disk may not be mounted."""
    await bear_another_mark(stage)
    await stage.restart()
    for data in (picture(1), picture(2)):
        with pytest.raises(StoreForeign, match="do not carry the same mark"):
            await stage.upload(data)
    assert stage.ask("select count(*) from originals") == [(0,)]
    assert await stage.stored_keys() == set()
    assert await stage.house.sweeper.mark_store()
    assert await stage.upload(picture(1))
    await lose_the_mark(stage)
    await stage.restart()
    with pytest.raises(StoreForeign):
        await stage.upload(picture(2))


async def test_the_mark_is_read_once_for_many_uploads(stage: Stage) -> None:
    """What was read is trusted for a while: reading it for each would cost each a round trip."""
    await stage.upload(picture(1))
    await bear_another_mark(stage)
    await stage.upload(picture(2))
    stage.house.originals.keeping.trust.until = 0.0
    with pytest.raises(StoreForeign):
        await stage.upload(picture(3))


async def test_too_much_at_once_halts_the_sweep_until_it_is_forced(stage: Stage) -> None:
    await condemn(stage, MANY)
    plan = await stage.house.sweeper.plan()
    halted = await stage.house.sweeper.sweep()
    assert (plan.collectable, halted.collected) == (MANY, 0)
    assert halted.halted_because == plan.halted_because
    assert f"{MANY} objects" in (halted.halted_because or "")
    assert len(await stage.stored_keys()) == MANY
    assert (await stage.house.sweeper.sweep(force=True)).collected == MANY
    assert await stage.stored_keys() == set()


async def test_a_hundred_objects_never_halt_a_sweep(stage: Stage) -> None:
    await condemn(stage, MANY - 1)
    assert (await stage.house.sweeper.sweep()).collected == MANY - 1


async def test_one_percent_of_all_bytes_never_halts_a_sweep(stage: Stage) -> None:
    await stage.upload(picture(0))
    await condemn_after_a_big_one(stage)
    assert (await stage.house.sweeper.sweep()).collected == MANY


async def condemn_after_a_big_one(stage: Stage) -> None:
    """A hundred and one small originals beside one that has more than a hundred times as much."""
    await stage.upload(picture(300) + b"\0" * 200 * MANY * len(picture(0)))
    for seed in range(1, MANY + 1):
        await stage.delete_at_once(await stage.upload(picture(seed)))


async def test_too_many_strays_halt_reconcile_until_it_is_forced(stage: Stage) -> None:
    await stray(stage, MANY)
    halted = await stage.house.sweeper.reconcile()
    assert (halted.strays, halted.strays_removed) == (MANY, 0)
    assert f"{MANY} objects" in (halted.halted_because or "")
    assert (await stage.house.sweeper.reconcile(force=True)).strays_removed == MANY
