"""WebP: keep the pictures, the colour profile and the orientation."""

from collections.abc import Iterator
from dataclasses import dataclass

from calotype.imaging import exif
from calotype.imaging.formats import Data
from calotype.imaging.strip.assembly import Assembly, Malformed
from calotype.imaging.stripped import Stripped

_HEADER_BYTES = 12
_CHUNK_HEADER_BYTES = 8
_FRAME_HEADER_BYTES = 16
_PICTURE = frozenset({b"VP8 ", b"VP8L", b"ALPH"})
_SHOWN = _PICTURE | {b"VP8X", b"ANIM", b"ANMF", b"ICCP"}
_EXIF_FLAG = 0x08
_XMP_FLAG = 0x04


@dataclass(frozen=True, slots=True)
class _Chunk:
    name: bytes
    start: int
    end: int

    def body(self, data: Data) -> bytes:
        return data[self.start + _CHUNK_HEADER_BYTES : self.end]


def strip(data: Data) -> Stripped:
    end = _CHUNK_HEADER_BYTES + int.from_bytes(data[4:8], "little")
    chunks = list(_chunks(data, _HEADER_BYTES, end))
    oriented = _orientation_chunk(data, chunks)
    shown = [chunk for chunk in chunks if chunk.name in _SHOWN]
    kept_bytes = sum(chunk.end - chunk.start for chunk in shown) + len(oriented)
    assembly = Assembly(len(data))
    assembly.write(b"RIFF" + (kept_bytes + 4).to_bytes(4, "little") + b"WEBP")
    for chunk in shown:
        _keep(data, chunk, assembly, oriented=bool(oriented))
    if oriented:
        assembly.write(oriented)
    return assembly.finish()


def _chunks(data: Data, position: int, end: int) -> Iterator[_Chunk]:
    """Walk the chunks between two offsets; each is padded to an even length."""
    if end > len(data):
        raise Malformed
    while position < end:
        head = data[position : position + _CHUNK_HEADER_BYTES]
        length = int.from_bytes(head[4:], "little")
        following = position + _CHUNK_HEADER_BYTES + length + length % 2
        if following > end:
            raise Malformed
        yield _Chunk(head[:4], position, following)
        position = following


def _keep(data: Data, chunk: _Chunk, assembly: Assembly, *, oriented: bool) -> None:
    if chunk.name == b"VP8X":
        body = chunk.body(data)
        flags = body[0] & ~(_EXIF_FLAG | _XMP_FLAG) | (_EXIF_FLAG if oriented else 0)
        assembly.keep(chunk.start, chunk.start + _CHUNK_HEADER_BYTES)
        assembly.write(bytes([flags]) + body[1:])
        return
    if chunk.name == b"ANMF":
        _check_frame(data, chunk)
    assembly.keep(chunk.start, chunk.end)


def _check_frame(data: Data, frame: _Chunk) -> None:
    """Refuse foreign chunks in a frame: nobody writes them, so they are not cut out."""
    first = frame.start + _CHUNK_HEADER_BYTES + _FRAME_HEADER_BYTES
    if any(chunk.name not in _PICTURE for chunk in _chunks(data, first, frame.end)):
        raise Malformed


def _orientation_chunk(data: Data, chunks: list[_Chunk]) -> bytes:
    """Only the extended form, which begins with VP8X, may carry EXIF."""
    told = next((chunk for chunk in chunks if chunk.name == b"EXIF"), None)
    if not told or chunks[0].name != b"VP8X":
        return b""
    orientation = exif.read(told.body(data)).orientation
    body = exif.only_orientation(orientation)
    return b"" if orientation == 1 else b"EXIF" + len(body).to_bytes(4, "little") + body
