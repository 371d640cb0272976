"""Our hashes in one process without a sandbox, and the decoder alone that they stand on."""

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyvips
import simplejpeg

from benchmarks.turns import serve
from calotype.imaging import Limits, looking, looks, shrinking
from calotype.imaging.reading import Opened, within_budget

pyvips.cache_set_max(0)


@contextmanager
def _opened(file: Path) -> Iterator[Opened]:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as data:
            yield Opened(descriptor, data, Limits())
    finally:
        os.close(descriptor)


def _hashes(file: Path) -> tuple[str, str]:
    """pHash and dHash alone."""
    with _opened(file) as opened:
        waves, dhash = looking.hashed(_grey(opened, file))
    return looks.phash(waves).hex(), dhash.hex()


def _grey(opened: Opened, file: Path) -> shrinking.Shrunk:
    if file.suffix == ".jpg":
        height, width, _, _ = simplejpeg.decode_jpeg_header(opened.data)
        return shrinking.shrink_jpeg(opened.data, width, height, "GRAY")
    return shrinking.shrink(within_budget(opened), opened).grey()


def _fingerprint(file: Path) -> tuple[str, str]:
    """Everything that is kept of a picture's looks."""
    with _opened(file) as opened:
        found = looking.fingerprint(opened)
    return found.phash.hex(), found.dhash.hex()


def _decoder(file: Path) -> int:
    """The grey decode at an eighth, and nothing else."""
    data = file.read_bytes()
    height, width, _, _ = simplejpeg.decode_jpeg_header(data)
    factor = shrinking.shrinkage(width, height)
    return simplejpeg.decode_jpeg(
        data, "GRAY", fastdct=True, fastupsample=True,
        min_width=-(-width // factor), min_height=-(-height // factor),
    ).size  # fmt: skip


if __name__ == "__main__":
    serve({"hashes": _hashes, "fingerprint": _fingerprint, "limit jpg": _decoder})
