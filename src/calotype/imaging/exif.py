"""The three things that are wanted from EXIF: orientation, camera, and when it was taken."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from calotype.imaging.formats import Data

_ORIENTATION = 0x0112
_MAKE = 0x010F
_MODEL = 0x0110
_EXIF_DIRECTORY = 0x8769
_TAKEN = 0x9003

_SHORT = 3
_INLINE_BYTES = 4
_ENTRY_BYTES = 12
_MAX_ENTRIES = 500
_MAX_TEXT = 100
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}

EMPTY = b"MM\0*\0\0\0\x08" + bytes(6)
"""A TIFF structure that tells nothing."""

_Entries = dict[int, tuple[int, int, bytes]]


@dataclass(frozen=True, slots=True)
class Exif:
    """What was found; the defaults where it is missing or nonsense."""

    orientation: int = 1
    camera: str | None = None
    taken_at: datetime | None = None


def read(data: Data, start: int = 0) -> Exif:
    """Read the TIFF structure at *start*; cameras write odd ones, so nothing is an error."""
    if data[start : start + 6] == b"Exif\0\0":
        start += 6
    reader = _Reader(data, start, _ORDERS.get(data[start : start + 4], ""))
    try:
        return reader.read() if reader.order else Exif()
    except struct.error:
        return Exif()


def only_orientation(orientation: int) -> bytes:
    """Make the smallest TIFF structure that tells *orientation* and nothing else."""
    entry = struct.pack(">HHIHH", _ORIENTATION, _SHORT, 1, orientation, 0)
    return b"MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)


@dataclass(frozen=True, slots=True)
class _Reader:
    data: Data
    start: int
    order: str

    def read(self) -> Exif:
        main = self._entries(self._number("I", self.start + 4))
        inner = self._inner(main)
        return Exif(
            orientation=self._orientation(main),
            camera=_camera(self._text(main, _MAKE), self._text(main, _MODEL)),
            taken_at=_moment(self._text(inner, _TAKEN)),
        )

    def _inner(self, main: _Entries) -> _Entries:
        if _EXIF_DIRECTORY not in main:
            return {}
        try:
            return self._entries(struct.unpack(self.order + "I", main[_EXIF_DIRECTORY][2])[0])
        except struct.error:
            return {}

    def _entries(self, offset: int) -> _Entries:
        return dict(self._each_entry(self.start + offset))

    def _each_entry(self, position: int) -> Iterator[tuple[int, tuple[int, int, bytes]]]:
        count = min(self._number("H", position), _MAX_ENTRIES)
        for at in range(position + 2, position + 2 + count * _ENTRY_BYTES, _ENTRY_BYTES):
            entry = self.data[at : at + _ENTRY_BYTES]
            tag, kind, number, value = struct.unpack(self.order + "HHI4s", entry)
            yield tag, (kind, number, value)

    def _orientation(self, entries: _Entries) -> int:
        kind, _, value = entries.get(_ORIENTATION, (0, 0, b""))
        found = struct.unpack(self.order + "HH", value)[0] if kind == _SHORT else 1
        return found if found in range(1, 9) else 1

    def _text(self, entries: _Entries, tag: int) -> str:
        _, number, value = entries.get(tag, (0, 0, b""))
        if number > _INLINE_BYTES:
            at = self.start + struct.unpack(self.order + "I", value)[0]
            value = self.data[at : at + min(number, _MAX_TEXT)]
        return printable(value.split(b"\0")[0].decode("utf-8", "replace"))

    def _number(self, form: str, position: int) -> int:
        size = struct.calcsize(form)
        return struct.unpack(self.order + form, self.data[position : position + size])[0]


def printable(text: str) -> str:
    """*text* as one line that is safe to show and to keep in a database."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _camera(make: str, model: str) -> str | None:
    """Many makers repeat their name in the model."""
    repeated = model.lower().startswith(make.lower())
    return (model if repeated else f"{make} {model}".strip()) or None


def _moment(text: str) -> datetime | None:
    """EXIF writes 2024:05:17 12:30:00."""
    day, _, time = text.partition(" ")
    try:
        return datetime.fromisoformat(f"{day.replace(':', '-')}T{time}").replace(tzinfo=None)
    except ValueError:
        return None
