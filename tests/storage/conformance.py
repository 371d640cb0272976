"""What every store must do, whichever it is; each kind runs this suite as its own."""

import asyncio
import os
from pathlib import Path

import pytest

from calotype.digest import Digest
from calotype.storage import BadKey, FileCutShort, KeyTaken, ObjectMissing, Objects, Spool

KEY = "o/3f/a9/0190f3c2-7a51-7c11-9f0e-2f1d6f1f9b10"
OTHER_KEY = "o/3f/ab/0190f3c2-7a51-7c11-9f0e-2f1d6f1f9b11"
SMALL = b"a picture of a fern"
LARGE = os.urandom(9 << 20) + b"odd end"

BAD_KEYS = ["", "/o/x", "o/", "o//x", "../x", "o/../x", "o/.", "o/.hidden", "o\0x", "o\nx", "o\\x"]


async def put(objects: Objects, key: str, data: bytes, spool: Spool) -> Path:
    """Returns where the file was; whether it is still there is the store's doing."""
    file = spool.new_path()
    file.write_bytes(data)
    await objects.put(key, file, size_bytes=len(data), digest=Digest.of(data))
    return file


async def read(objects: Objects, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in objects.read(key, start, end)])


async def listed(objects: Objects, prefix: str = "") -> list[str]:
    return sorted([info.key async for page in objects.list_pages(prefix) for info in page])


class ObjectsConformance:
    """Subclasses live in test modules that provide the fixture `objects`."""

    crowd = 1_005  # more than one page holds

    @pytest.mark.parametrize("data", [SMALL, LARGE, b""], ids=["small", "large", "empty"])
    async def test_what_is_put_can_be_found_and_read(self, objects, spool, data):
        file = await put(objects, KEY, data, spool)

        info = await objects.find(KEY)
        assert (info.key, info.size_bytes) == (KEY, len(data))
        assert info.modified_at.tzinfo is not None
        assert await read(objects, KEY) == data
        assert not file.exists()

    async def test_what_was_never_put_is_absent(self, objects):
        assert await objects.find(KEY) is None
        with pytest.raises(ObjectMissing):
            await read(objects, KEY)

    @pytest.mark.parametrize(
        ("start", "end"),
        [(0, 5), (2, 9), (7, None), (0, 0), (5, 5), (3, 999), (len(SMALL), None), (999, None)],
    )
    async def test_a_range_is_what_a_slice_would_be(self, objects, spool, start, end):
        await put(objects, KEY, SMALL, spool)
        assert await read(objects, KEY, start, end) == SMALL[start:end]

    async def test_a_range_may_cross_any_boundary_of_a_large_object(self, objects, spool):
        await put(objects, KEY, LARGE, spool)
        start, end = (1 << 20) - 1, (8 << 20) + 1
        assert await read(objects, KEY, start, end) == LARGE[start:end]

    async def test_a_large_object_is_read_in_small_pieces(self, objects, spool):
        await put(objects, KEY, LARGE, spool)
        assert max([len(piece) async for piece in objects.read(KEY)]) <= 4 << 20

    async def test_fetching_makes_a_local_file(self, objects, spool):
        await put(objects, KEY, LARGE, spool)
        to = spool.new_path()
        await objects.fetch(KEY, to)
        assert to.read_bytes() == LARGE

    async def test_fetching_what_is_missing_leaves_no_file(self, objects, spool):
        to = spool.new_path()
        with pytest.raises(ObjectMissing):
            await objects.fetch(KEY, to)
        assert not to.exists()

    async def test_what_is_deleted_is_absent_and_may_be_deleted_again(self, objects, spool):
        await put(objects, KEY, SMALL, spool)
        await objects.delete(KEY)
        await objects.delete(KEY)
        assert await objects.find(KEY) is None

    async def test_deleting_what_never_was_is_fine(self, objects):
        await objects.delete(KEY)

    @pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
    async def test_putting_the_same_again_succeeds(self, objects, spool, data):
        await put(objects, KEY, data, spool)
        file = await put(objects, KEY, data, spool)
        assert not file.exists()
        assert await read(objects, KEY) == data

    @pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
    async def test_an_object_is_never_replaced_by_another(self, objects, spool, data):
        await put(objects, KEY, data, spool)
        file = spool.new_path()
        file.write_bytes(other := data + b"!")

        with pytest.raises(KeyTaken):
            await objects.put(KEY, file, size_bytes=len(other), digest=Digest.of(other))

        assert await read(objects, KEY) == data
        assert file.read_bytes() == other

    async def test_a_file_that_was_cut_short_is_not_stored(self, objects, spool):
        file = spool.new_path()
        file.write_bytes(SMALL[:-1])

        with pytest.raises(FileCutShort):
            await objects.put(KEY, file, size_bytes=len(SMALL), digest=Digest.of(SMALL))

        assert file.exists()
        assert await objects.find(KEY) is None

    async def test_a_listing_tells_all_of_a_folder_and_nothing_else(self, objects, spool):
        for key in ("o/ab/1", "o/ab/cd/2", "o/abc/3", "p/4"):
            await put(objects, key, SMALL, spool)
        assert await listed(objects) == ["o/ab/1", "o/ab/cd/2", "o/abc/3", "p/4"]
        assert await listed(objects, "o/ab") == ["o/ab/1", "o/ab/cd/2"]
        assert await listed(objects, "q") == []

    async def test_a_listing_tells_size_and_time(self, objects, spool):
        await put(objects, KEY, SMALL, spool)
        pages = [page async for page in objects.list_pages()]
        assert pages == [(await objects.find(KEY),)]

    async def test_many_objects_are_listed_page_by_page(self, objects, spool):
        keys = [f"o/{number:04}" for number in range(self.crowd)]
        await asyncio.gather(*(put(objects, key, b".", spool) for key in keys))
        assert await listed(objects, "o") == keys

    @pytest.mark.parametrize("key", BAD_KEYS)
    async def test_a_key_that_could_leave_the_store_is_refused(self, objects, spool, key):
        file = spool.new_path()
        file.write_bytes(SMALL)
        with pytest.raises(BadKey):
            await objects.put(key, file, size_bytes=len(SMALL), digest=Digest.of(SMALL))
        for ask in (objects.find, objects.delete, objects.read_marker):
            with pytest.raises(BadKey):
                await ask(key)
        with pytest.raises(BadKey):
            objects.local_path(key)

    async def test_a_marker_is_absent_until_written_and_may_be_replaced(self, objects):
        assert await objects.read_marker("epoch") is None
        await objects.write_marker("epoch", b"first")
        await objects.write_marker("epoch", b"second, longer")
        assert await objects.read_marker("epoch") == b"second, longer"

    async def test_many_puts_at_once_all_arrive(self, objects, spool):
        bodies = {f"o/{number:02}/x": os.urandom(5_000) for number in range(24)}
        await asyncio.gather(*(put(objects, key, data, spool) for key, data in bodies.items()))
        assert {key: await read(objects, key) for key in bodies} == bodies


class ExactConformance:
    """For stores that know digests and refuse to replace an object; WebDAV does neither."""

    @pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
    async def test_another_object_of_the_same_length_is_another_object(self, objects, spool, data):
        await put(objects, KEY, data, spool)
        with pytest.raises(KeyTaken):
            await put(objects, KEY, data[::-1], spool)
        assert await read(objects, KEY) == data

    async def test_of_two_puts_of_one_key_one_wins_and_the_other_is_told(self, objects, spool):
        bodies = [b"first!" * 50, b"second" * 50]
        ends = await asyncio.gather(
            *(put(objects, KEY, data, spool) for data in bodies), return_exceptions=True
        )
        lost = [isinstance(end, KeyTaken) for end in ends]
        assert sorted(lost) == [False, True]
        assert await read(objects, KEY) == bodies[lost.index(False)]
