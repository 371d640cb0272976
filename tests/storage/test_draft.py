"""A draft holds exactly what was added, however it came and wherever it lies."""

import asyncio
import ctypes
import mmap
import os
import random
from contextlib import suppress

import pytest

from calotype.digest import Digest
from calotype.storage.draft import BUFFER_BYTES, Draft

_PAGE = mmap.PAGESIZE
_HEAD = 1 << 16
SIZES = [
    *(0, 1, _PAGE - 1, _PAGE, _PAGE + 1, _HEAD - 1, _HEAD, _HEAD + 1, _HEAD + _PAGE),
    *(BUFFER_BYTES - 1, BUFFER_BYTES, BUFFER_BYTES + 1, 2 * BUFFER_BYTES + _PAGE, 3_333_333),
]


def pieces(data, chance):
    position = 0
    while position < len(data):
        length = chance.choice([1, 100, 65_536, 400_000, BUFFER_BYTES])
        yield data[position : position + length]
        position += length


async def filled(draft, data):
    for piece in pieces(data, random.Random(len(data))):
        await draft.add(piece)
    return await draft.finish()


@pytest.mark.parametrize("size", SIZES)
async def test_what_was_added_is_what_is_there(spool, size):
    data = random.Random(size).randbytes(size)
    for _ in range(2):
        with spool.draft() as draft:
            assert await filled(draft, data) == Digest.of(data)
            assert (draft.size_bytes, draft.path.read_bytes()) == (size, data)


async def test_memory_that_does_not_suit_direct_writes_is_no_obstacle(spool):
    data = random.Random(1).randbytes(3 * BUFFER_BYTES + 5)
    unaligned = memoryview(bytearray(BUFFER_BYTES + 1))[1:]
    draft = Draft(spool.new_path(), unaligned)
    assert await filled(draft, data) == Digest.of(data)
    assert draft.path.read_bytes() == data
    draft.discard()


def cached_pages(file):
    """Which pages of *file* the page cache holds, without touching any."""
    size = file.stat().st_size
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    states = (ctypes.c_ubyte * -(-size // _PAGE))()
    with file.open("rb") as opened:
        address = libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, opened.fileno(), 0)
    assert libc.mincore(address, size, states) == 0
    libc.munmap(address, size)
    return [number for number, state in enumerate(states) if state & 1]


async def test_only_the_head_of_a_file_fills_the_cache(spool):
    if not can_write_directly(spool.new_path()):
        pytest.skip("this file system has no direct writes")
    with spool.draft() as draft:
        await filled(draft, bytes(BUFFER_BYTES))
        assert cached_pages(draft.path) == list(range(_HEAD // _PAGE))


def can_write_directly(file):
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_DIRECT)
    except OSError:
        return False
    try:
        return os.write(handle, mmap.mmap(-1, _PAGE)) == _PAGE
    finally:
        os.close(handle)


async def test_a_draft_that_was_not_moved_is_gone(spool):
    with spool.draft() as draft:
        await draft.add(b"half a picture")
        assert list(spool.folder.iterdir()) == [draft.path]
    assert not list(spool.folder.iterdir())


async def test_a_draft_that_is_interrupted_while_it_writes_spoils_no_other(spool):
    data = random.Random(2).randbytes(4 * BUFFER_BYTES)

    async def interrupted():
        with spool.draft() as draft:
            await filled(draft, bytes(len(data)))

    async def whole():
        with spool.draft() as draft:
            return await filled(draft, data), draft.path.read_bytes() == data

    for number in range(20):
        cut = asyncio.create_task(interrupted())
        await asyncio.sleep(number / 10_000)
        for _ in range(3):
            cut.cancel()
            await asyncio.sleep(0)
        answers = await asyncio.gather(whole(), whole())
        with suppress(asyncio.CancelledError):
            await cut
        assert answers == [(Digest.of(data), True)] * 2
