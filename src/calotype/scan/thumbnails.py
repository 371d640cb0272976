"""Thumbnails for a report, made once and kept in the cache."""

import base64
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from calotype.errors import Invalid
from calotype.imaging import ImagingUnavailable, Order, Pixels, Rendered, recognise
from calotype.scan.model import Picture
from calotype.scan.progress import Watcher
from calotype.scan.store import Cache
from calotype.scan.turns import in_turns

_WIDTH, _HEIGHT = 240, 320
"""No thumbnail is larger than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnails:
    """Small pictures of pictures."""

    pixels: Pixels
    cache: Cache
    watcher: Watcher
    children: int

    async def make(self, pictures: Iterable[Picture]) -> None:
        """Have thumbnails made of all that have none."""
        wanted = {each.id: each for each in pictures}
        missing = [each for each in wanted.values() if self.cache.thumbnail(each.id) is None]
        self.watcher.begin("Making thumbnails", len(missing))
        with tempfile.TemporaryDirectory() as folder:

            async def make_one(picture: Picture) -> None:
                with suppress(Invalid, ImagingUnavailable, OSError):
                    # Without one, the report shows an empty frame.
                    await self._make(picture, Path(folder) / str(picture.id))

            await in_turns(missing, make_one, self.children, self.watcher)
        self.cache.save()

    async def _make(self, picture: Picture, into: Path) -> None:
        width = min(_WIDTH, max(1, _HEIGHT * picture.width // picture.height))
        order = Order(format="jpeg", width=width)
        (made,) = await self.pixels.render(Path(picture.entry.path), [order], [into])
        if isinstance(made, Rendered):
            self.cache.note_thumbnail(picture.id, _taken(into))

    def address(self, picture: Picture) -> str | None:
        """The thumbnail itself, as an address that a page can hold."""
        found = self.cache.thumbnail(picture.id)
        if found is None:
            return None
        return f"data:{recognise(found)};base64,{base64.b64encode(found).decode()}"


def _taken(file: Path) -> bytes:
    found = file.read_bytes()
    file.unlink()
    return found
