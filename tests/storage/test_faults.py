"""The faulty store fails as told, and is a store like any other where it is told nothing."""

import pytest

from calotype.storage import (
    ListingCutShort,
    StoreFull,
    StoreRefused,
    StoreUnavailable,
    open_objects,
)
from tests.storage.conformance import KEY, SMALL, ExactConformance, ObjectsConformance, put, read
from tests.storage.faults import Fault, FaultyObjects, Plan

VERBS = ["find", "read", "delete", "list_pages", "write_marker", "read_marker", "put"]


@pytest.fixture
def plan():
    return Plan()


@pytest.fixture
async def objects(plan):
    objects = FaultyObjects(open_objects("memory://"), plan)
    yield objects
    await objects.close()


class TestWithoutFaults(ObjectsConformance, ExactConformance):
    """The whole suite, on a faulty store that nobody told to fail."""


async def _call(objects, verb, spool):
    match verb:
        case "put":
            await put(objects, f"{KEY}0", SMALL, spool)
        case "read":
            await read(objects, KEY)
        case "list_pages":
            async for _ in objects.list_pages():
                pass
        case "write_marker":
            await objects.write_marker("epoch", b"1")
        case _:
            await getattr(objects, verb)(KEY)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("fault", "trouble"),
    [
        (Fault.DOWN, StoreUnavailable),
        (Fault.REFUSED, StoreRefused),
        (Fault.FULL, StoreFull),
        (Fault.ANSWER_LOST, (StoreUnavailable, ListingCutShort)),
        (Fault.LATE, (StoreUnavailable, ListingCutShort)),
        (Fault.HALF_DONE, (StoreUnavailable, ListingCutShort)),
    ],
)
async def test_every_verb_tells_every_fault_once(objects, plan, spool, verb, fault, trouble):
    await put(objects, KEY, SMALL, spool)
    plan.next(verb, fault)
    with pytest.raises(trouble):
        await _call(objects, verb, spool)
    assert plan.met == [(verb, fault)]
    await _call(objects, "find", spool)


@pytest.mark.parametrize(
    ("fault", "lands"),
    [
        (Fault.DOWN, None),
        (Fault.REFUSED, None),
        (Fault.FULL, None),
        (Fault.LATE, None),
        (Fault.ANSWER_LOST, SMALL),
        (Fault.HALF_DONE, SMALL[: len(SMALL) // 2]),
    ],
)
async def test_a_failed_put_keeps_the_file_whatever_landed(objects, plan, spool, fault, lands):
    plan.next("put", fault)
    with pytest.raises((StoreUnavailable, StoreRefused, StoreFull)):
        await put(objects, KEY, SMALL, spool)
    assert [file.read_bytes() for file in spool.folder.iterdir()] == [SMALL]
    assert await objects.read_marker(KEY) == lands


async def test_what_is_late_lands_later_and_in_order(objects, plan, spool):
    plan.next("put", Fault.LATE)
    with pytest.raises(StoreUnavailable):
        await put(objects, KEY, SMALL, spool)
    assert await objects.land() == 1
    assert await read(objects, KEY) == SMALL

    plan.next("delete", Fault.LATE)
    with pytest.raises(StoreUnavailable):
        await objects.delete(KEY)
    assert await objects.find(KEY) is not None
    assert await objects.land() == 1
    assert await objects.find(KEY) is None


@pytest.mark.parametrize("verb", ["put", "read"])
async def test_a_flipped_bit_is_told_by_nobody(objects, plan, spool, verb):
    plan.next(verb, Fault.BIT_FLIP)
    await put(objects, KEY, SMALL, spool)
    data = await read(objects, KEY)
    assert [a ^ b for a, b in zip(data, SMALL, strict=True) if a != b] == [1]


async def test_a_standing_fault_lasts_until_it_is_healed(objects, plan):
    plan.always("find", Fault.DOWN)
    plan.next("find", None)
    assert await objects.find(KEY) is None
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await objects.find(KEY)
    plan.heal()
    assert await objects.find(KEY) is None
