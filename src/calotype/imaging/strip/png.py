"""PNG: keep the chunks that show something, and the orientation."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from calotype.imaging import exif
from calotype.imaging.formats import Data
from calotype.imaging.strip.assembly import Assembly, Malformed
from calotype.imaging.stripped import Stripped

_SIGNATURE_BYTES = 8
_HEAD_BYTES = 8
"""Length and name of a chunk."""
_FRAME_BYTES = 12
"""The same, and the checksum behind it."""

_SHOWN = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB bKGD hIST pHYs sPLT cICP mDCV cLLI"
    b" acTL fcTL fdAT".split()
)
_CRITICAL = 0x20
"""Set in the first letter of a chunk's name when decoders may ignore it."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    name: bytes
    start: int
    end: int

    def body(self, data: Data) -> bytes:
        return data[self.start + _HEAD_BYTES : self.end - 4]


def strip(data: Data) -> Stripped:
    chunks = list(_chunks(data))
    assembly = Assembly(len(data))
    assembly.keep(0, _SIGNATURE_BYTES)
    for chunk in chunks:
        if chunk.name in _SHOWN:
            assembly.keep(chunk.start, chunk.end)
        elif not chunk.name[0] & _CRITICAL:
            raise Malformed
        if chunk.name == b"IHDR":
            _write_orientation(data, chunks, assembly)
    return assembly.finish()


def _chunks(data: Data) -> Iterator[_Chunk]:
    position, name = _SIGNATURE_BYTES, b""
    while name != b"IEND":
        head = data[position : position + _HEAD_BYTES]
        name, end = head[4:], position + _FRAME_BYTES + int.from_bytes(head[:4], "big")
        if len(head) < _HEAD_BYTES or end > len(data):
            raise Malformed
        yield _Chunk(name, position, end)
        position = end


def _write_orientation(data: Data, chunks: list[_Chunk], assembly: Assembly) -> None:
    told = next((chunk for chunk in chunks if chunk.name == b"eXIf"), None)
    orientation = exif.read(told.body(data)).orientation if told else 1
    if orientation == 1:
        return
    chunk = b"eXIf" + exif.only_orientation(orientation)
    checksum = zlib.crc32(chunk).to_bytes(4, "big")
    assembly.write((len(chunk) - 4).to_bytes(4, "big") + chunk + checksum)
