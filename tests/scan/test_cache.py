"""The cache: nothing is looked at twice, and nothing old is believed."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from calotype.imaging import Pixels
from calotype.scan.errors import CacheUnusable
from calotype.scan.store import Cache
from tests.scan.conftest import ScanFolders
from tests.scan.scenes import fill, jpeg, scene, told_of
from tests.scan.test_scan import failed, groups


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "scan.sqlite3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = jpeg(scene(1))
    return fill(tmp_path / "folder", {
        "a.jpg": data, "b.jpg": data, "told.jpg": told_of(data, b"x"), "c.jpg": jpeg(scene(2)),
        "cut.jpg": data[:2000],
    })  # fmt: skip


@contextmanager
def opened(file: Path) -> Iterator[Cache]:
    cache = Cache.open(file)
    try:
        yield cache
    finally:
        cache.close()


@pytest.fixture
async def blind() -> Pixels:
    """Eyes that are shut: whoever asks them gets an error."""
    pixels = Pixels()
    await pixels.close()
    return pixels


async def test_a_second_scan_looks_at_nothing(
    file: Path, folder: Path, scan: ScanFolders, monkeypatch: pytest.MonkeyPatch, blind: Pixels
):
    with opened(file) as cache:
        first = await scan(folder, cache=cache)
    for verb in ("fingerprint", "same_pixels"):
        monkeypatch.setattr(Pixels, verb, getattr(blind, verb))
    with opened(file) as cache:
        second = await scan(folder, cache=cache)
    assert groups(second) == groups(first)
    assert failed(second) == failed(first) != {}
    assert second.bytes_to_win == first.bytes_to_win > 0


@pytest.mark.parametrize("change", ["bytes", "time", "inode"])
async def test_a_file_that_was_changed_is_looked_at_again(
    file: Path, folder: Path, scan: ScanFolders, change: str
):
    with opened(file) as cache:
        await scan(folder, cache=cache)
    picture, other = folder / "a.jpg", folder / "c.jpg"
    status = picture.stat()
    match change:
        case "bytes":
            picture.write_bytes(other.read_bytes())
        case "time":
            padded = other.read_bytes().ljust(status.st_size, b"\0")[: status.st_size]
            picture.write_bytes(padded)
            os.utime(picture, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
        case _:
            beside = folder.with_name("beside")
            beside.write_bytes(other.read_bytes().ljust(status.st_size, b"\0")[: status.st_size])
            os.utime(beside, ns=(status.st_atime_ns, status.st_mtime_ns))
            beside.replace(picture)
    with opened(file) as cache:
        found = await scan(folder, cache=cache)
    fresh = await scan(folder)
    assert groups(found) == groups(fresh)
    assert failed(found) == failed(fresh)


async def test_fingerprints_of_another_algorithm_are_made_anew(
    file: Path, folder: Path, scan: ScanFolders, monkeypatch: pytest.MonkeyPatch
):
    with opened(file) as cache:
        await scan(folder, cache=cache)
    rows = "update files set algorithm = algorithm - 1, fingerprint = '{}', refusal = 'an old one'"
    with sqlite3.connect(file) as connection:
        connection.execute(rows)
    connection.close()
    with opened(file) as cache:
        found = await scan(folder, cache=cache)
    assert set(failed(found)) == {"cut.jpg"}
    assert groups(found) == groups(await scan(folder))


async def test_a_damaged_cache_is_begun_anew(file: Path, folder: Path, scan: ScanFolders):
    with opened(file) as cache:
        await scan(folder, cache=cache)
    file.write_bytes(b"no database at all".ljust(8192, b"!"))
    with opened(file) as cache:
        assert (await scan(folder, cache=cache)).pictures == 5


async def test_a_cache_of_another_layout_is_begun_anew(file: Path):
    with opened(file):
        pass
    with sqlite3.connect(file) as connection:
        connection.execute("pragma user_version = 99")
        connection.execute("alter table files rename column path to place")
    connection.close()
    with opened(file) as cache:
        cache.save()


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path):
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(CacheUnusable):
        Cache.open(tmp_path / "taken" / "scan.sqlite3")


async def test_a_disk_that_fills_up_is_said_in_a_sentence(folder: Path, scan: ScanFolders):
    cache = Cache.open(None)
    cache._connection.execute("pragma max_page_count = 1")
    with pytest.raises(CacheUnusable, match="full"):
        await scan(folder, cache=cache)


async def test_files_that_nobody_saw_for_half_a_year_are_forgotten(
    file: Path, folder: Path, scan: ScanFolders
):
    with opened(file) as cache:
        await scan(folder, cache=cache)
    with sqlite3.connect(file) as connection:
        for days, name in ((181, b"c.jpg"), (179, b"cut.jpg")):
            path = os.fsencode(folder) + b"/" + name
            connection.execute(
                "update files set seen_on = seen_on - ? where path = ?", [days, path]
            )
    connection.close()
    with opened(file), sqlite3.connect(file) as connection:
        kept = connection.execute("select path from files").fetchall()
    connection.close()
    assert sorted(Path(os.fsdecode(path)).name for (path,) in kept) == [
        "a.jpg", "b.jpg", "cut.jpg", "told.jpg",
    ]  # fmt: skip
