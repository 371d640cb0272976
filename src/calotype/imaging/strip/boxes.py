"""The boxes that HEIF files are made of, and a cursor over the numbers inside them."""

from collections.abc import Iterator
from dataclasses import dataclass

from calotype.imaging.formats import Data
from calotype.imaging.strip.assembly import Malformed

_HEADER_BYTES = 8
_LONG_HEADER_BYTES = 16
_LONG, _TO_THE_END = 1, 0


@dataclass(frozen=True, slots=True)
class Box:
    """A name, and the offsets of header, body and end."""

    name: bytes
    start: int
    body: int
    end: int


def boxes(data: Data, start: int, end: int) -> Iterator[Box]:
    while start < end:
        box = _box(data, start, end)
        yield box
        start = box.end


def _box(data: Data, start: int, end: int) -> Box:
    size = int.from_bytes(data[start : start + 4], "big")
    body = start + _HEADER_BYTES
    if size == _LONG:
        size = int.from_bytes(data[body : body + 8], "big")
        body = start + _LONG_HEADER_BYTES
    elif size == _TO_THE_END:
        size = end - start
    if not body <= start + size <= end:
        raise Malformed
    return Box(data[start + 4 : start + 8], start, body, start + size)


class Cursor:
    """Reads big-endian numbers one after the other."""

    def __init__(self, data: Data, position: int) -> None:
        self._data = data
        self.position = position

    def peek(self) -> int:
        return self._data[self.position]

    def skip(self, count: int) -> None:
        self.position += count

    def take(self, count: int) -> bytes:
        taken = self._data[self.position : self.position + count]
        if len(taken) != count:
            raise Malformed
        self.position += count
        return taken

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def extent(self, index: int, offset: int, length: int) -> tuple[int, int]:
        """Where and how long; a length of zero would mean everything, whatever that is."""
        self.skip(index)
        at, size = self.number(offset), self.number(length)
        if not size:
            raise Malformed
        return at, size
