"""Stripped copies for tests: made from their pieces, and compared with the original by sight."""

import pillow_heif
import pyvips

from calotype.imaging import Literal, Range, Stripped
from calotype.imaging.formats import HEIC, recognise


def copied(stripped: Stripped, original: bytes) -> bytes:
    """Serve the pieces in order."""
    return b"".join(_bytes_of(piece, original) for piece in stripped.pieces)


def sight(data: bytes) -> list[bytes]:
    """Every pixel of every page, as a decoder shows them."""
    if recognise(data) == HEIC:
        return [image.data for image in pillow_heif.open_heif(data)]
    first = pyvips.Image.new_from_buffer(data, "")
    pages = first.get("n-pages") if first.get_typeof("n-pages") else 1
    if pages == 1:
        return [first.write_to_memory()]
    return [
        pyvips.Image.new_from_buffer(data, f"page={page}").write_to_memory()
        for page in range(pages)
    ]


def _bytes_of(piece, original):
    if isinstance(piece, Range):
        return original[piece.offset : piece.offset + piece.length]
    return piece.data if isinstance(piece, Literal) else bytes(piece.length)
