"""TIFF: blank everything but the tags and the strips or tiles that show the pages."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from calotype.imaging.formats import Data
from calotype.imaging.strip.assembly import Malformed, in_place
from calotype.imaging.stripped import Stripped

_COMPRESSION = 259
_SUB_DIRECTORIES = 330
_DNG_VERSION = 50706
_COLOUR_PROFILE = 34675
_DATA_TAGS = {273: 279, 324: 325}
"""Where strips, or tiles, are and how long each is."""

_SHOWN = frozenset(
    {*range(254, 260), 262, 263, 266, *range(273, 275), *range(277, 285), 290, 291, 292, 293}
    | {296, 297, 301, *range(317, 326), _SUB_DIRECTORIES, 332, 334, 336, *range(338, 342)}
    | {529, 530, 531, 532, _COLOUR_PROFILE}
)

_PLAIN_COMPRESSIONS = frozenset({1, 2, 3, 4, 5, 8, 32773, 32946, 34925, 50000})
"""The others hold files of their own, JPEG above all, with metadata of their own."""

_VALUE_BYTES = dict(enumerate((1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8), start=1))
_VALUE_BYTES.update({13: 4, 16: 8, 17: 8, 18: 8})
"""How wide a value is, by its type."""
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_MAX_DIRECTORIES = 1000


@dataclass(frozen=True, slots=True)
class _Layout:
    """Byte order and widths: BigTIFF is TIFF with wider numbers."""

    order: str
    count: str
    offset: str

    @classmethod
    def of(cls, data: Data) -> "_Layout":
        order = "<" if data[:2] == b"II" else ">"
        big = b"+" in data[2:4]
        return cls(order, "Q", "Q") if big else cls(order, "H", "I")

    @property
    def header_bytes(self) -> int:
        return 16 if self.offset == "Q" else 8

    @property
    def inline_bytes(self) -> int:
        return struct.calcsize(self.offset)

    @property
    def entry(self) -> struct.Struct:
        return struct.Struct(f"{self.order}HH{self.offset}{self.inline_bytes}s")

    def read(self, form: str, data: Data, position: int) -> int:
        size = struct.calcsize(form)
        return struct.unpack(self.order + form, data[position : position + size])[0]


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    kind: int
    number: int
    value: bytes
    raw: bytes

    @property
    def size_bytes(self) -> int:
        try:
            return self.number * _VALUE_BYTES[self.kind]
        except KeyError:
            raise Malformed from None


@dataclass(frozen=True, slots=True)
class _Stripping:
    data: Data
    layout: _Layout
    kept: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    rewritten: dict[int, bytes] = field(default_factory=dict[int, bytes])

    def run(self) -> Stripped:
        first = self.layout.header_bytes
        self.kept.append((0, first))
        waiting = [self._offset(first - self.layout.inline_bytes)]
        while waiting:
            position = waiting.pop()
            if position and position not in self.rewritten:
                waiting.extend(self._rewrite(position))
        return in_place(len(self.data), self.kept, self.rewritten)

    def _rewrite(self, position: int) -> list[int]:
        """Close the ranks of the tags that show something; the directories that follow."""
        if len(self.rewritten) == _MAX_DIRECTORIES:
            raise Malformed
        entries = list(self._entries(position))
        end = position + struct.calcsize(self.layout.count) + len(entries) * self.layout.entry.size
        following = self.data[end : end + self.layout.inline_bytes]
        shown = [entry for entry in entries if entry.tag in _SHOWN]
        count = struct.pack(self.layout.order + self.layout.count, len(shown))
        table = count + b"".join(entry.raw for entry in shown) + following
        self.rewritten[position] = table.ljust(end + len(following) - position, b"\0")
        return [self._offset(end), *self._keep({entry.tag: entry for entry in shown})]

    def _entries(self, position: int) -> Iterator[_Entry]:
        form = self.layout.entry
        count = self.layout.read(self.layout.count, self.data, position)
        first = position + struct.calcsize(self.layout.count)
        if first + count * form.size > len(self.data):
            raise Malformed
        for at in range(first, first + count * form.size, form.size):
            raw = self.data[at : at + form.size]
            tag, kind, number, value = form.unpack(raw)
            if tag == _DNG_VERSION:
                raise Malformed
            yield _Entry(tag, kind, number, value, raw)

    def _keep(self, shown: dict[int, _Entry]) -> list[int]:
        """Keep what the tags point to; the offsets of sub-directories are handed back."""
        for compression in self._integers(shown.get(_COMPRESSION)):
            if compression not in _PLAIN_COMPRESSIONS:
                raise Malformed
        for entry in shown.values():
            if entry.size_bytes > self.layout.inline_bytes:
                at = self._pointed(entry)
                self.kept.append((at, at + entry.size_bytes))
        for offsets_tag, lengths_tag in _DATA_TAGS.items():
            offsets = self._integers(shown.get(offsets_tag))
            lengths = self._integers(shown.get(lengths_tag))
            if len(offsets) != len(lengths):
                raise Malformed
            self.kept.extend((at, at + n) for at, n in zip(offsets, lengths, strict=True))
        return list(self._integers(shown.get(_SUB_DIRECTORIES)))

    def _integers(self, entry: _Entry | None) -> tuple[int, ...]:
        if entry is None:
            return ()
        if entry.kind not in _INTEGERS or entry.size_bytes > len(self.data):
            raise Malformed
        inline = entry.size_bytes <= self.layout.inline_bytes
        at = 0 if inline else self._pointed(entry)
        source = entry.value if inline else self.data
        form = f"{self.layout.order}{entry.number}{_INTEGERS[entry.kind]}"
        return struct.unpack(form, source[at : at + entry.size_bytes])

    def _pointed(self, entry: _Entry) -> int:
        return struct.unpack(self.layout.order + self.layout.offset, entry.value)[0]

    def _offset(self, position: int) -> int:
        return self.layout.read(self.layout.offset, self.data, position)


def strip(data: Data) -> Stripped:
    return _Stripping(data, _Layout.of(data)).run()
