"""`calotype scan`: folders in, findings and perhaps a report out."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, Coroutine, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import click

from calotype.imaging import Limits, Pixels
from calotype.scan import report
from calotype.scan.errors import CacheUnusable, FolderUnfit
from calotype.scan.model import Findings
from calotype.scan.progress import shown_on_terminal
from calotype.scan.service import Scan
from calotype.scan.store import Cache
from calotype.scan.thumbnails import Thumbnails
from calotype.scan.wire import findings_out
from calotype.scan.words import printable, summary

_PATIENCE_SECONDS = 3600.0
_WRONG_USAGE, _STOPPED = 2, 130


@click.command()
@click.argument("folders", metavar="DIR...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--report", "page", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write a page with thumbnails that needs nothing else.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@click.option(
    "--near-distance", type=click.IntRange(0, 31), default=5, show_default=True,
    envvar="CALOTYPE_NEAR_DISTANCE", help="In how many bits of pHash near pictures may differ.",
)  # fmt: skip
@click.option("--no-cache", is_flag=True, help="Look at every picture again, and remember nothing.")
def scan(
    folders: Sequence[Path], page: Path | None, near_distance: int, *, as_json: bool,
    no_cache: bool,
) -> None:  # fmt: skip
    """Find pictures in folders that are the same or look alike.

    Needs no server and no database, and changes nothing. Stopped with Ctrl-C, it goes on where it
    was when it is started again.
    """
    _demand_folders(folders)
    if page is not None:
        report.check_writable(page)
    findings = _interruptible(_scan(folders, page, near_distance, cached=not no_cache))
    told = [json.dumps(findings_out(findings))] if as_json else summary(findings)
    for line in told:
        click.echo(line)
    if page is not None:
        click.echo(f"The report is in {printable(str(page))}.", err=True)


def _interruptible(work: Coroutine[Any, Any, Findings]) -> Findings:
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        click.echo("calotype: Stopped. The same command goes on where it was.", err=True)
        sys.exit(_STOPPED)


async def _scan(
    folders: Sequence[Path], page: Path | None, near_distance: int, *, cached: bool
) -> Findings:
    """Scan the folders, and write the report if one is wanted."""
    children = os.cpu_count() or 1
    with shown_on_terminal() as watcher, _cache(cached=cached) as cache:
        async with _pixels(children) as pixels:
            looking = Scan(
                pixels=pixels, cache=cache, watcher=watcher, children=children,
                near_distance=near_distance,
            )  # fmt: skip
            findings = await looking.through(folders)
            if page is not None:
                thumbnails = Thumbnails(
                    pixels=pixels, cache=cache, watcher=watcher, children=children
                )
                await _report(findings, page, thumbnails)
            return findings


async def _report(findings: Findings, page: Path, thumbnails: Thumbnails) -> None:
    await thumbnails.make(report.shown_pictures(report.shown_groups(findings)))
    report.write(findings, page, thumbnails)


def _demand_folders(folders: Sequence[Path]) -> None:
    try:
        _check_folders(folders)
    except FolderUnfit as error:
        click.echo(f"calotype: {error}", err=True)
        sys.exit(_WRONG_USAGE)


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
