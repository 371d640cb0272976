"""HEIF and AVIF: blank everything but the coded pictures and what arranges them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from calotype.imaging import exif
from calotype.imaging.formats import Data
from calotype.imaging.strip.assembly import Malformed, in_place
from calotype.imaging.strip.boxes import Box, Cursor, boxes
from calotype.imaging.stripped import Stripped

_FULL_BYTES = 4
"""Version and flags at the head of a full box."""

_ARRANGING = frozenset({b"hdlr", b"pitm", b"iinf", b"iloc", b"iref", b"dinf", b"grpl"})
_FILMS = frozenset({b"moov", b"moof"})

_PICTURES = frozenset(b"hvc1 hvt1 lhv1 avc1 av01 vvc1 grid iden iovl tmap unci mski".split())
_TALES = frozenset({b"Exif", b"mime", b"uri "})

_SHOWING = frozenset(
    b"ispe pixi colr hvcC lhvC avcC av1C vvcC irot imir clap pasp rloc auxC lsel a1op a1lx"
    b" clli mdcv cclv amve tols oinf ipma uncC cmpd".split()
)
_TELLING = frozenset({b"udes", b"altt", b"crtt", b"mdft", b"uuid", b"free", b"skip"})
"""Descriptions and dates that hang on a picture."""

_IN_FILE, _IN_META = 0, 1

_ID_BYTES = {2: 2, 3: 4}
"""How wide the numbers of items are, by the version of their box."""
_WIDE_VERSION = 2

_EMPTY_EXIF = bytes(4) + exif.EMPTY


@dataclass(frozen=True, slots=True)
class _Item:
    """Where the bytes of an item are."""

    id: int
    method: int
    extents: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Stripping:
    data: Data
    kept: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    rewritten: dict[int, bytes] = field(default_factory=dict[int, bytes])

    def run(self) -> Stripped:
        found = list(boxes(self.data, 0, len(self.data)))
        metas = [box for box in found if box.name == b"meta"]
        if len(metas) != 1 or any(box.name in _FILMS for box in found):
            raise Malformed
        for box in found:
            self.kept.append((box.start, box.end if box.name == b"ftyp" else box.body))
        self._arrangement(metas[0])
        return in_place(len(self.data), self.kept, self.rewritten)

    def _arrangement(self, meta: Box) -> None:
        first = meta.body + _FULL_BYTES
        self.kept.append((meta.body, first))
        children = {box.name: box for box in boxes(self.data, first, meta.end)}
        for box in children.values():
            self.kept.append((box.start, box.end if box.name in _ARRANGING else box.body))
        if not {b"iinf", b"iloc", b"iprp"} <= children.keys():
            raise Malformed
        self._properties(children[b"iprp"])
        kinds = dict(_kinds(self.data, children[b"iinf"]))
        for item in _items(self.data, children[b"iloc"]):
            start = {_IN_FILE: 0, _IN_META: children[b"idat"].body if b"idat" in children else -1}
            self._item(kinds.get(item.id, b""), item, start.get(item.method, -1))

    def _properties(self, iprp: Box) -> None:
        for group in boxes(self.data, iprp.body, iprp.end):
            self.kept.append((group.start, group.body))
            if group.name == b"ipma":
                self.kept.append((group.body, group.end))
            else:
                self._each_property(group)

    def _each_property(self, ipco: Box) -> None:
        for box in boxes(self.data, ipco.body, ipco.end):
            if box.name not in _SHOWING | _TELLING:
                raise Malformed
            self.kept.append((box.start, box.end if box.name in _SHOWING else box.body))

    def _item(self, kind: bytes, item: _Item, start: int) -> None:
        if start < 0 or kind not in _PICTURES | _TALES:
            raise Malformed
        spans = [(start + at, start + at + length) for at, length in item.extents]
        if kind in _PICTURES:
            self.kept.extend(spans)
        elif kind == b"Exif" and spans[0][1] - spans[0][0] >= len(_EMPTY_EXIF):
            self.rewritten[spans[0][0]] = _EMPTY_EXIF


def strip(data: Data) -> Stripped:
    return _Stripping(data).run()


def _kinds(data: Data, iinf: Box) -> Iterator[tuple[int, bytes]]:
    """Tell what each item is."""
    cursor = Cursor(data, iinf.body)
    cursor.skip(_FULL_BYTES + (4 if cursor.peek() else 2))
    for entry in boxes(data, cursor.position, iinf.end):
        inside = Cursor(data, entry.body)
        width = _ID_BYTES.get(inside.peek())
        if not width:
            raise Malformed
        inside.skip(_FULL_BYTES)
        item = inside.number(width)
        inside.skip(2)
        yield item, inside.take(4)


def _items(data: Data, iloc: Box) -> Iterator[_Item]:
    """Read the box `iloc`, whose numbers are as wide as its head says."""
    cursor = Cursor(data, iloc.body)
    version = cursor.peek()
    cursor.skip(_FULL_BYTES)
    number_bytes = 4 if version == _WIDE_VERSION else 2
    widths = cursor.number(2)
    offset, length, base = widths >> 12, widths >> 8 & 15, widths >> 4 & 15
    index = widths & 15 if version else 0
    for _ in range(cursor.number(number_bytes)):
        item = cursor.number(number_bytes)
        method = cursor.number(2) & 15 if version else _IN_FILE
        cursor.skip(2)
        start = cursor.number(base)
        extents = [cursor.extent(index, offset, length) for _ in range(cursor.number(2))]
        yield _Item(item, method, [(start + at, size) for at, size in extents])
