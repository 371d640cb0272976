"""The library and its trash."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from calotype.database import Database
from calotype.http import EXACT_UP_TO, Asking, provide
from calotype.library import Filter, Library
from calotype.originals import Originals, Stats
from calotype.settings import Settings
from calotype.web.problem_pages import sign_in_page
from calotype.web.rendering import ThisSite
from calotype.web.visitor import Anybody, SignedIn
from calotype.web.words import count_of, size_in_words

router = APIRouter()

# What people call the kinds of pictures that are kept, and how a file picker knows them: by media
# type, and by the endings of those that many systems have no media type for.
KINDS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WebP": "image/webp",
    "GIF": "image/gif",
    "TIFF": "image/tiff,.tif,.tiff",
    "HEIC": "image/heic,.heic,.heif",
    "AVIF": "image/avif,.avif",
}


@dataclass(frozen=True, slots=True)
class FirstLine:
    """The answer at the top of a page: how many, of what."""

    title: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Counting:
    """Knows the figures of the first line."""

    caller: Asking
    database: Annotated[Database, Depends(provide(Database))]
    library: Annotated[Library, Depends(provide(Library))]
    originals: Annotated[Originals, Depends(provide(Originals))]

    async def line(self, wanted: Filter) -> FirstLine:
        async with self.database.snapshot(self.caller) as snapshot:
            number = await self.library.count(snapshot, wanted, up_to=EXACT_UP_TO)
            if wanted.query:
                return FirstLine(_matching(number, wanted.query))
            if wanted.trash:
                return FirstLine(f"{_pictures(number)} in the trash", self._keeping(number))
            administers = self.caller.may_administer
            stats = await self.originals.stats(snapshot) if administers and number else None
        return FirstLine(_pictures(number), _kept(stats) if stats else "")

    def _keeping(self, number: int) -> str:
        days = round(self.library.trash_days)
        return f"Each can be restored for {count_of(days, 'day')}." if number and days else ""


Counted = Annotated[Counting, Depends()]


@router.head("/")
@router.get("/")
async def library_page(
    request: Request, site: ThisSite, visitor: Anybody, query: str | None = None
) -> Response:
    """The library, or the sign-in page."""
    if visitor is None:
        return sign_in_page(site, request)
    settings: Settings = request.app.state.settings
    return site.page(
        "library.html", place="library", visitor=visitor, query=query or "",
        limit_bytes=settings.max_upload, kinds=KINDS,
    )  # fmt: skip


@router.head("/trash")
@router.get("/trash")
async def trash_page(request: Request, site: ThisSite, visitor: SignedIn) -> Response:
    """What was deleted, and can be restored."""
    settings: Settings = request.app.state.settings
    return site.page(
        "trash.html", place="trash", visitor=visitor, trash_days=settings.trash_days, query=""
    )


@router.get("/first-line")
async def first_line(
    counting: Counted,
    query: Annotated[str | None, Query(max_length=200)] = None,
    *,
    trash: bool = False,
) -> FirstLine:
    """The first line of the library as it is now."""
    return await counting.line(Filter(query=query or None, trash=trash))


def _pictures(number: int) -> str:
    return (
        f"More than {EXACT_UP_TO:,} pictures"
        if number > EXACT_UP_TO
        else count_of(number, "picture")
    )


def _matching(number: int, query: str) -> str:
    verb = "matches" if number == 1 else "match"
    return f"{_pictures(number)} {verb} “{query}”"


def _kept(stats: Stats) -> str:
    kept = f"{count_of(stats.total_count, 'original')} kept"
    return f"{kept}, {size_in_words(stats.saved_size)} saved" if stats.saved_size else kept
