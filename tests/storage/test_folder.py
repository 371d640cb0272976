"""Objects in a folder: what a disk can do to them, and what a crash cannot."""

import errno
import os
import resource
import shutil
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from calotype.digest import Digest
from calotype.storage import (
    ListingCutShort,
    Spool,
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

OTHER_DISK = Path("/dev/shm")
NOBODY = (65534, 65534)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "a folder" / "of pictures"


@pytest.fixture
async def objects(root):
    objects = open_objects(f"file://{str(root).replace(' ', '%20')}")
    yield objects
    await objects.close()


@pytest.fixture
def far_spool(tmp_path):
    """A spool from which nothing can be renamed into the store."""
    if not OTHER_DISK.is_dir() or OTHER_DISK.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is only one file system here")
    with TemporaryDirectory(dir=OTHER_DISK) as folder:
        yield Spool(Path(folder))


class TestFolder(ObjectsConformance, ExactConformance):
    """The whole suite, in a folder."""


class TestFolderFromFar(ObjectsConformance, ExactConformance):
    """The whole suite, with the spool on another file system."""

    @pytest.fixture
    def spool(self, far_spool):
        return far_spool


class TestFolderWithoutHardLinks(ObjectsConformance):
    """The whole suite, on a file system that has no hard links."""

    @pytest.fixture(autouse=True)
    def no_hard_links(self, monkeypatch):
        def refuse(*_):
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)


@pytest.fixture
def flushed(monkeypatch):
    """What was flushed, in order, under the name that it had then."""
    names = []
    flush = os.fsync

    def watch(handle):
        names.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        flush(handle)

    monkeypatch.setattr(os, "fsync", watch)
    return names


async def test_an_object_is_flushed_before_and_its_names_after_the_rename(
    objects, spool, root, flushed
):
    file = await put(objects, KEY, SMALL, spool)
    folders = [root / "o/3f/a9", root / "o/3f", root / "o", root]
    assert flushed == [str(file), *map(str, folders)]


async def test_a_known_folder_costs_no_further_flush(objects, spool, root, flushed):
    await put(objects, KEY, SMALL, spool)
    flushed.clear()
    file = await put(objects, f"{KEY}0", SMALL, spool)
    assert flushed == [str(file), str(root / "o/3f/a9")]


async def test_a_folder_that_was_there_before_is_flushed_once(objects, spool, root, flushed):
    (root / "o").mkdir()
    await put(objects, "o/x", SMALL, spool)
    assert flushed[1:] == [str(root / "o"), str(root)]


async def test_a_file_from_far_is_flushed_on_the_disk_of_the_store(
    objects, far_spool, root, flushed
):
    await put(objects, "o/x", SMALL, far_spool)
    assert Path(flushed[1]).parent == root / ".unfinished"


CRASH = """
    import asyncio, os, sys
    from pathlib import Path
    from calotype.digest import Digest
    from calotype.storage import open_objects

    root, file, key, allowed = sys.argv[1:]
    objects = open_objects(f"file://{root}")
    data = Path(file).read_bytes()
    flushes = 0
    flush = os.fsync

    def crash(handle):
        global flushes
        flushes += 1
        if flushes > int(allowed):
            os._exit(70)
        flush(handle)

    os.fsync = crash
    asyncio.run(objects.put(key, Path(file), size_bytes=len(data), digest=Digest.of(data)))
"""


@pytest.mark.parametrize("far", [False, True], ids=["near", "far"])
@pytest.mark.parametrize("allowed", range(3))
async def test_a_crash_at_any_flush_shows_a_whole_object_or_none(
    request, tmp_path, spool, far, allowed
):
    if far:
        spool = request.getfixturevalue("far_spool")
    root, file = tmp_path / "store", spool.new_path()
    file.write_bytes(LARGE)

    words = [sys.executable, "-c", textwrap.dedent(CRASH), root, file, "o/x", str(allowed)]
    assert subprocess.run(words, check=False, timeout=60).returncode == 70

    objects = open_objects(f"file://{root}")
    try:
        assert await listed(objects) == (["o/x"] if await objects.find("o/x") else [])
        await objects.put("o/x", file, size_bytes=len(LARGE), digest=Digest.of(LARGE))
        assert await read(objects, "o/x") == LARGE
    finally:
        await objects.close()


async def test_leftovers_of_a_crash_are_not_listed(objects, spool, root):
    (root / ".unfinished" / "left").write_bytes(b"half")
    await put(objects, KEY, SMALL, spool)
    assert await listed(objects) == [KEY]


async def test_leftovers_of_yesterday_are_removed_when_the_store_is_opened(objects, root):
    old, young = root / ".unfinished/old", root / ".unfinished/young"
    for file in (old, young):
        file.write_bytes(b"half")
    os.utime(old, (0, 0))

    await open_objects(f"file://{str(root).replace(' ', '%20')}").close()
    assert list(old.parent.iterdir()) == [young]


@pytest.mark.parametrize("healthy", range(5))
async def test_a_disk_that_fails_to_flush_is_told_and_the_file_is_kept(
    objects, spool, monkeypatch, healthy
):
    flush, flushed = os.fsync, []

    def fail(handle):
        if len(flushed) == healthy:
            raise OSError(errno.EIO, "Input/output error")
        flush(handle)
        flushed.append(handle)

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreUnavailable):
        await put(objects, KEY, SMALL, spool)
    monkeypatch.undo()

    [file] = spool.folder.iterdir()
    await objects.put(KEY, file, size_bytes=len(SMALL), digest=Digest.of(SMALL))
    assert await read(objects, KEY) == SMALL
    assert not file.exists()


@contextmanager
def no_file_longer_than(size_bytes):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_stores_nothing_and_leaves_nothing(objects, far_spool, root):
    file = far_spool.new_path()
    file.write_bytes(LARGE)
    with no_file_longer_than(1 << 20), pytest.raises(StoreFull):
        await objects.put(KEY, file, size_bytes=len(LARGE), digest=Digest.of(LARGE))
    assert file.exists()
    assert await listed(objects) == []
    assert list((root / ".unfinished").iterdir()) == []


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "small disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_disk_without_room_is_full(small_disk, spool):
    objects = open_objects(f"file://{small_disk}".replace(" ", "%20"))
    with pytest.raises(StoreFull):
        await put(objects, KEY, LARGE, spool)
    await put(objects, KEY, SMALL, spool)
    assert await read(objects, KEY) == SMALL
    await objects.close()


@contextmanager
def as_nobody():
    """Root may write everywhere, so these tests become somebody who may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY[0])
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def read_only():
    """A store with one object, in a folder that may be read but not written."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / ".unfinished").mkdir(mode=0o700)
        (folder / "o").mkdir()
        (folder / "o/x").write_bytes(SMALL)
        for part in (folder / "o", folder):
            part.chmod(0o555)
        yield folder
        for part in (folder, folder / "o"):
            part.chmod(0o755)


async def test_a_read_only_folder_is_read_but_refuses_to_be_written(read_only, tmp_path):
    objects = open_objects(f"file://{read_only}")
    with TemporaryDirectory() as name:
        spool = Spool(Path(name) / "spool")
        file = spool.new_path()
        file.write_bytes(SMALL)
        os.chown(spool.folder, *NOBODY)
        os.chown(file, *NOBODY)
        Path(name).chmod(0o755)
        with as_nobody():
            assert await read(objects, "o/x") == SMALL
            with pytest.raises(StoreRefused):
                await objects.put("o/y", file, size_bytes=len(SMALL), digest=Digest.of(SMALL))
            with pytest.raises(StoreRefused):
                await objects.delete("o/x")
        assert file.exists()
    await objects.close()


async def test_a_folder_that_may_not_be_listed_is_not_empty(objects, spool, root, monkeypatch):
    await put(objects, KEY, SMALL, spool)

    def refuse(_):
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(StoreRefused):
        await listed(objects)


async def test_a_listing_that_breaks_off_says_so(objects, spool, monkeypatch):
    await put(objects, KEY, SMALL, spool)
    look = os.scandir

    def break_off(folder):
        if Path(folder).name == "3f":
            raise OSError(errno.ESTALE, "Stale file handle")
        return look(folder)

    monkeypatch.setattr(os, "scandir", break_off)
    with pytest.raises(ListingCutShort):
        await listed(objects)


async def test_a_store_that_is_gone_holds_no_absent_objects(objects, spool, root):
    await put(objects, KEY, SMALL, spool)
    root.rename(root.with_name("elsewhere"))
    for ask in (objects.find, objects.delete, objects.read_marker):
        with pytest.raises(StoreUnavailable):
            await ask(KEY)
    with pytest.raises(StoreUnavailable):
        await put(objects, f"{KEY}0", SMALL, spool)
    with pytest.raises(ListingCutShort):
        await listed(objects)
    assert not root.exists()


async def test_a_folder_removed_by_hand_is_made_again(objects, spool, root):
    await put(objects, KEY, SMALL, spool)
    shutil.rmtree(root / "o")
    with pytest.raises(StoreUnavailable):
        await put(objects, KEY, SMALL, spool)
    await put(objects, KEY, SMALL, spool)
    assert await read(objects, KEY) == SMALL


async def test_the_local_path_is_the_object(objects, spool, root):
    await put(objects, KEY, SMALL, spool)
    assert objects.local_path(KEY) == root / KEY
    assert objects.local_path(KEY).read_bytes() == SMALL


async def test_a_folder_is_no_object(objects, spool):
    await put(objects, KEY, SMALL, spool)
    assert await objects.find("o/3f") is None
