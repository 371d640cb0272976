"""JPEG: keep what decoders need, the ICC profile and the orientation."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from calotype.imaging import exif
from calotype.imaging.formats import Data
from calotype.imaging.strip.assembly import Assembly, Malformed
from calotype.imaging.stripped import Stripped

_EOI = 0xD9
_SOS = 0xDA
_APP0 = 0xE0
_APP1 = 0xE1
_APP2 = 0xE2
_APP14 = 0xEE
_TABLES_AND_FRAMES = frozenset({*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF}) - {0xC8}

_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd8\xff])", re.DOTALL)
"""A marker that begins a segment; the others stand alone and say nothing."""

_HEADER_BYTES = 4
_JFIF = slice(4, 16)
"""Its name, version and density; what follows in the segment is a thumbnail."""
_ADOBE_BYTES = 16


@dataclass(frozen=True, slots=True)
class _Segment:
    """From its marker to its end; that of a scan includes the entropy-coded data."""

    marker: int
    start: int
    end: int


def strip(data: Data) -> Stripped:
    segments = list(_segments(data))
    assembly = Assembly(len(data))
    assembly.keep(0, 2)
    _write_preamble(data, segments, assembly)
    for segment in segments:
        if _shows(data, segment):
            assembly.keep(segment.start, segment.end)
    return assembly.finish()


def _segments(data: Data) -> Iterator[_Segment]:
    """Walk the segments of the first picture: other pictures and films may follow its end."""
    position = 2
    while found := _MARKER.search(data, position):
        marker, start = found[1][0], found.start()
        if marker == _EOI:
            yield _Segment(marker, start, start + 2)
            return
        position = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
        if not start + _HEADER_BYTES <= position <= len(data):
            raise Malformed
        if marker == _SOS:
            following = _MARKER.search(data, position)
            position = following.start() if following else len(data)
        yield _Segment(marker, start, position)


def _write_preamble(data: Data, segments: list[_Segment], assembly: Assembly) -> None:
    """Write a JFIF header without its thumbnail, then the orientation, each if there was one."""
    jfif = _first(data, segments, _APP0, b"JFIF\0")
    if jfif and jfif.end - jfif.start >= _JFIF.stop:
        fields = data[jfif.start + _JFIF.start : jfif.start + _JFIF.stop]
        assembly.write(b"\xff\xe0\x00\x10" + fields + b"\0\0")
    told = _first(data, segments, _APP1, b"Exif\0\0")
    orientation = exif.read(data[told.start + _HEADER_BYTES : told.end]).orientation if told else 1
    if orientation != 1:
        body = b"Exif\0\0" + exif.only_orientation(orientation)
        assembly.write(b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body)


def _first(data: Data, segments: list[_Segment], marker: int, name: bytes) -> _Segment | None:
    return next((s for s in segments if s.marker == marker and _is_named(data, s, name)), None)


def _is_named(data: Data, segment: _Segment, name: bytes) -> bool:
    start = segment.start + _HEADER_BYTES
    return data[start : min(start + len(name), segment.end)] == name


def _shows(data: Data, segment: _Segment) -> bool:
    if segment.marker == _APP2:
        return _is_named(data, segment, b"ICC_PROFILE\0")
    if segment.marker == _APP14:
        exact = segment.end - segment.start == _ADOBE_BYTES
        return exact and _is_named(data, segment, b"Adobe")
    return segment.marker == _EOI or segment.marker in _TABLES_AND_FRAMES
