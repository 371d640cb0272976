"""Scans of folders with children of their own and a cache that passes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from calotype.imaging import Pixels
from calotype.scan import Findings, Scan
from calotype.scan.progress import Nobody
from calotype.scan.store import Cache

ScanFolders = Callable[..., Awaitable[Findings]]


@pytest.fixture(scope="session")
def cache_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache") / "scan.sqlite3"


@pytest.fixture
async def pixels() -> AsyncIterator[Pixels]:
    pool = Pixels(2)
    yield pool
    await pool.close()


@pytest.fixture
def scan(pixels: Pixels) -> ScanFolders:
    async def through(*folders: Path, cache: Cache | None = None) -> Findings:
        looking = Scan(
            pixels=pixels, cache=cache or Cache.open(None), watcher=Nobody(), children=2,
            near_distance=5,
        )  # fmt: skip
        return await looking.through(folders)

    return through
