"""Photographs made by program: noise that no encoder can squeeze, and no two files alike."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pyvips

_TRIAL_SIDE = 512
_COMMENT = 0xFE
_UNIQUE = count(1)


@dataclass(frozen=True)
class Picture:
    """A file in two pieces: its own beginning, and bytes that it shares with others."""

    head: bytes
    shared: memoryview
    trailing_bytes: int = 0

    @property
    def size_bytes(self) -> int:
        return len(self.head) + len(self.shared) + self.trailing_bytes


def noise_jpeg(size_bytes: int, seed: int = 1) -> bytes:
    """A JPEG of about *size_bytes*, as large in pixels as a photograph of that size would be."""
    trial = len(_encoded(_TRIAL_SIDE, seed))
    return _encoded(round(_TRIAL_SIDE * (size_bytes / trial) ** 0.5), seed)


def _encoded(width: int, seed: int) -> bytes:
    """Four sides to three keep the number of pixels of a square at 1.15 and 0.87 of its side."""
    wide, high = round(width * 1.155), round(width * 0.866)
    bands = [
        pyvips.Image.gaussnoise(wide, high, mean=110 + 20 * band, sigma=14, seed=seed + band)
        for band in range(3)
    ]
    waves = ((pyvips.Image.xyz(wide, high)[0] / 40).sin() + 1) * 30
    picture = (bands[0].bandjoin(bands[1:]) + waves).cast("uchar")
    return picture.copy(interpretation="srgb").jpegsave_buffer(Q=85, keep="none")


def different(base: bytes, trailing_bytes: int = 0) -> Iterator[Picture]:
    """Files like *base*, each with a comment of its own behind the first marker."""
    shared = memoryview(base)[2:]
    for number in _UNIQUE:
        said = b"picture %012d" % number
        comment = bytes([0xFF, _COMMENT]) + struct.pack(">H", len(said) + 2) + said
        yield Picture(base[:2] + comment, shared, trailing_bytes)
