"""The bands in memory: everything near a hash, without a database."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from calotype.similarity.banding import BAND_BITS, BANDS, HASH_BITS, ORDER, turns

Hashes = NDArray[np.uint8]
"""One hash of 32 bytes in each row."""

_VALUES = 1 << BAND_BITS
_TURNS = np.array([0, *(1 << bit for bit in range(BAND_BITS))], np.int64)
_WORDS = HASH_BITS // 64


@dataclass(frozen=True, slots=True)
class Banded:
    """Hashes that can be searched: for each band, who has which value."""

    words: NDArray[np.uint64]
    places: NDArray[np.int32]
    """For each band, the places of the hashes, in the order of their values."""
    starts: NDArray[np.int64]
    """For each band and value, where its hashes begin in `places`."""

    @classmethod
    def of(cls, hashes: Hashes) -> Self:
        """Index *hashes*, which are known by their places from then on."""
        values = _band_values(hashes)
        places = np.argsort(values, axis=1, kind="stable").astype(np.int32)
        starts = np.zeros((BANDS, _VALUES + 1), np.int64)
        for band in range(BANDS):
            np.cumsum(np.bincount(values[band], minlength=_VALUES), out=starts[band, 1:])
        return cls(_words(hashes), places, starts)

    def near(self, phash: bytes, radius: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The places of all hashes within *radius*, and how far away each is; none is missed."""
        wanted = np.frombuffer(phash, np.uint8)[None]
        found = self._sharing(_band_values(wanted)[:, 0], radius)
        distances = np.bitwise_count(self.words[found] ^ _words(wanted)).sum(axis=1, dtype=np.int64)
        close = distances <= radius
        places, first = np.unique(found[close], return_index=True)
        return places, distances[close][first]

    def _sharing(self, values: NDArray[np.int64], radius: int) -> NDArray[np.int32]:
        """Whoever has one of the values that a band may have; the same more than once."""
        wanted = turns(radius)
        bands = np.repeat(range(BANDS), [_width(turned) for turned in wanted])
        keys = np.concatenate([
            value ^ _TURNS[: _width(turned)]
            for value, turned in zip(values, wanted, strict=True)
        ])  # fmt: skip
        begin, end = self.starts[bands, keys], self.starts[bands, keys + 1]
        counts = end - begin
        before = np.cumsum(counts) - counts
        steps: NDArray[np.int64] = np.arange(int(counts.sum())) + np.repeat(begin - before, counts)
        return self.places[np.repeat(bands, counts), steps]


def _width(turned: int) -> int:
    return (0, 1, len(_TURNS))[turned + 1]


def _words(hashes: Hashes) -> NDArray[np.uint64]:
    return np.ascontiguousarray(hashes).view(np.uint64).reshape(-1, _WORDS)


def _band_values(hashes: Hashes) -> NDArray[np.int64]:
    """The value of each band, a row for each band."""
    bits = np.unpackbits(hashes, axis=1)[:, ORDER]
    packed = np.ascontiguousarray(np.packbits(bits, axis=1)).view(">u2")
    return packed.T.astype(np.int64)
