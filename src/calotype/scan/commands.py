"""`calotype scan`: folders in, findings and perhaps a report out."""

import os
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from calotype.imaging import Limits, Pixels
from calotype.scan import report
from calotype.scan.errors import CacheUnusable, FolderUnfit
from calotype.scan.model import Findings
from calotype.scan.progress import shown_on_terminal
from calotype.scan.report import Dress
from calotype.scan.service import Scan
from calotype.scan.store import Cache
from calotype.scan.thumbnails import Thumbnails
from calotype.scan.words import printable

_PATIENCE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What somebody wants of a scan."""

    folders: Sequence[Path]
    near_distance: int
    cached: bool
    report: Path | None
    dress: Dress


async def scan_folders(wishes: Wishes) -> Findings:
    """Scan the folders, and write the report if one is wanted."""
    _check_folders(wishes.folders)
    if wishes.report is not None:
        report.check_writable(wishes.report)
    children = os.cpu_count() or 1
    with shown_on_terminal() as watcher, _cache(cached=wishes.cached) as cache:
        async with _pixels(children) as pixels:
            looking = Scan(
                pixels=pixels, cache=cache, watcher=watcher, children=children,
                near_distance=wishes.near_distance,
            )  # fmt: skip
            findings = await looking.through(wishes.folders)
            if wishes.report is not None:
                thumbnails = Thumbnails(
                    pixels=pixels, cache=cache, watcher=watcher, children=children
                )
                await _report(findings, wishes.report, thumbnails, wishes.dress)
            return findings


async def _report(findings: Findings, file: Path, thumbnails: Thumbnails, dress: Dress) -> None:
    await thumbnails.make(report.shown_pictures(report.shown_groups(findings)))
    report.write(findings, file, thumbnails, dress)


def _check_folders(folders: Sequence[Path]) -> None:
    if not folders:
        raise FolderUnfit("Name a folder to scan, or several.")
    for folder in folders:
        name = printable(str(folder))
        if not folder.is_dir():
            raise FolderUnfit(f"There is no folder {name}.")
        if not os.access(folder, os.R_OK | os.X_OK):
            raise FolderUnfit(f"The folder {name} cannot be read.")


@contextmanager
def _cache(*, cached: bool) -> Generator[Cache, None, None]:
    cache = _opened(_cache_file() if cached else None)
    try:
        yield cache
    finally:
        cache.close()


def _opened(file: Path | None) -> Cache:
    try:
        return Cache.open(file)
    except CacheUnusable as error:
        if file is None:
            raise
        click.echo(f"calotype: {error}; this scan goes on without it.", err=True)
        return Cache.open(None)


def _cache_file() -> Path:
    """Where caches belong by the rules of freedesktop.org, which ignore relative folders."""
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    folder = named if named.is_absolute() else Path.home() / ".cache"
    return folder / "calotype" / "scan.sqlite3"


@asynccontextmanager
async def _pixels(children: int) -> AsyncGenerator[Pixels, None]:
    pixels = Pixels(children, Limits(queue_seconds=_PATIENCE_SECONDS))
    try:
        yield pixels
    finally:
        await pixels.close()
