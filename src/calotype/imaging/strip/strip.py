"""One reader per container format, each of them pure Python and so safe with any bytes."""

import struct
from collections.abc import Callable
from mmap import ACCESS_READ, mmap
from pathlib import Path

from calotype.imaging import formats
from calotype.imaging.formats import Data
from calotype.imaging.strip import gif, heif, jpeg, png, tiff, webp
from calotype.imaging.strip.assembly import Malformed
from calotype.imaging.stripped import Stripped

_READERS: dict[str, Callable[[Data], Stripped]] = {
    formats.JPEG: jpeg.strip,
    formats.PNG: png.strip,
    formats.WEBP: webp.strip,
    formats.GIF: gif.strip,
    formats.TIFF: tiff.strip,
    formats.AVIF: heif.strip,
    formats.HEIC: heif.strip,
}


def strip(file: Path) -> Stripped | None:
    """Tell what is left of *file* without metadata, None when that is not certain."""
    with file.open("rb") as opened:
        if not file.stat().st_size:
            return None
        with mmap(opened.fileno(), 0, access=ACCESS_READ) as data:
            return strip_bytes(data)


def strip_bytes(data: Data) -> Stripped | None:
    """Do the same for bytes that are in memory already."""
    reader = _READERS.get(formats.recognise(data) or "")
    try:
        return reader(data) if reader else None
    except (Malformed, struct.error, IndexError):
        return None
