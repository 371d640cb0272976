"""Objects in a bucket, on a real S3 interface that can lose answers."""

from base64 import b64decode

import pytest

from calotype.digest import Digest
from calotype.storage import (
    ListingCutShort,
    StoreFull,
    StoreRefused,
    StoreUnavailable,
    open_objects,
)
from tests.storage.conformance import (
    KEY,
    LARGE,
    SMALL,
    ExactConformance,
    ObjectsConformance,
    listed,
    put,
    read,
)
from tests.storage.servers import answering, answering_late, hanging_up, passing

DOWN = "500 Internal Server Error"
FOREVER = 20


@pytest.fixture
async def objects(s3_url):
    objects = open_objects(s3_url)
    yield objects
    await objects.close()


class TestS3(ObjectsConformance, ExactConformance):
    """The whole suite, on S3."""

    crowd = 45


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (SMALL, answering_late(DOWN)),
        (SMALL, answering_late("409 Conflict")),
        (SMALL, hanging_up),
        (LARGE, answering_late(DOWN)),
        (LARGE, hanging_up),
    ],
)
async def test_a_put_whose_answer_is_lost_is_looked_up_and_found_done(
    objects, spool, s3_door, fault, data
):
    s3_door.meet("PUT", fault)
    file = await put(objects, KEY, data, spool)
    assert await read(objects, KEY) == data
    assert not file.exists()


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (DOWN, StoreUnavailable),
        ("503 Slow Down", StoreUnavailable),
        ("409 Conflict", StoreUnavailable),
        ("412 Precondition Failed", StoreUnavailable),
        ("403 Forbidden", StoreRefused),
        ("401 Unauthorized", StoreRefused),
        ("507 Insufficient Storage", StoreFull),
    ],
)
async def test_a_put_that_fails_says_why_and_keeps_the_file(
    objects, spool, s3_door, status, trouble
):
    s3_door.meet("PUT", *[answering(status)] * FOREVER)
    with pytest.raises(trouble):
        await put(objects, KEY, SMALL, spool)
    assert [file.read_bytes() for file in spool.folder.iterdir()] == [SMALL]
    assert await objects.find(KEY) is None


async def test_a_put_that_nobody_can_confirm_keeps_the_file(objects, spool, s3_door):
    s3_door.meet("PUT", hanging_up)
    s3_door.meet("HEAD", *[answering(DOWN)] * FOREVER)
    with pytest.raises(StoreUnavailable):
        await put(objects, KEY, SMALL, spool)
    assert [file.read_bytes() for file in spool.folder.iterdir()] == [SMALL]


@pytest.mark.parametrize("status", [DOWN, "403 Forbidden"])
async def test_what_cannot_be_told_is_never_absent(objects, s3_door, status):
    s3_door.meet("HEAD", *[answering(status)] * FOREVER)
    with pytest.raises((StoreUnavailable, StoreRefused)):
        await objects.find(KEY)


@pytest.mark.parametrize("status", [DOWN, "403 Forbidden"])
async def test_a_delete_that_fails_is_told(objects, spool, s3_door, status):
    await put(objects, KEY, SMALL, spool)
    s3_door.meet("DELETE", *[answering(status)] * FOREVER)
    with pytest.raises((StoreUnavailable, StoreRefused)):
        await objects.delete(KEY)
    assert await objects.find(KEY) is not None


async def test_a_bucket_that_is_gone_holds_no_absent_objects(s3_door, spool):
    objects = open_objects("s3://nobody-made-this/pictures")
    for ask in (objects.find, objects.delete, objects.read_marker):
        with pytest.raises(StoreUnavailable):
            await ask(KEY)
    with pytest.raises(StoreUnavailable):
        await put(objects, KEY, SMALL, spool)
    with pytest.raises(ListingCutShort):
        await listed(objects)


async def test_a_listing_that_breaks_off_says_so(objects, s3_door):
    for number in range(25):
        await objects.write_marker(f"o/{number:02}", b".")
    s3_door.meet("GET", passing, *[answering(DOWN)] * FOREVER)
    with pytest.raises(ListingCutShort):
        await listed(objects)
    assert s3_door.seen.count("GET") > 1


async def test_a_listing_that_is_not_permitted_says_so(objects, s3_door):
    s3_door.meet("GET", *[answering("403 Forbidden")] * FOREVER)
    with pytest.raises(StoreRefused):
        await listed(objects)


async def test_the_store_is_told_the_digest_and_not_to_replace(objects, spool, s3_door):
    await put(objects, KEY, SMALL, spool)
    told = s3_door.requests[0]
    assert told["HTTP_X_AMZ_META_SHA256"] == str(Digest.of(SMALL))
    assert b64decode(told["HTTP_X_AMZ_CHECKSUM_SHA256"]) == Digest.of(SMALL).raw
    assert told["HTTP_IF_NONE_MATCH"] == "*"


async def test_a_small_put_costs_two_requests(objects, spool, s3_door):
    await put(objects, KEY, SMALL, spool)
    assert s3_door.seen == ["PUT", "HEAD"]


async def test_reading_costs_one_request(objects, spool, s3_door):
    await put(objects, KEY, SMALL, spool)
    s3_door.reset()
    await read(objects, KEY)
    assert s3_door.seen == ["GET"]
