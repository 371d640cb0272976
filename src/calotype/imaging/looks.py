"""From small grids of pixels to hashes, colours and a measure of how much there is to see."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from calotype.imaging import orientation

Grey = NDArray[np.uint8]
Colours = NDArray[np.uint8]
Waves = NDArray[np.float32]

PHASH_SIDE = 64
DHASH_SIDES = 17, 16
"""Width and height."""

_HASH_SIDE = 16
_HALF = _HASH_SIDE**2 // 2
_BIN_BITS = 3
_FAINT = 10.0
"""How strong the waves of a flat picture may be, by noise alone."""


def _cosines(waves: int, samples: int) -> Waves:
    at = (2 * np.arange(samples) + 1) * np.arange(waves)[:, None]
    return np.cos(at * (np.pi / 2 / samples)).astype(np.float32)


_WAVES = _cosines(_HASH_SIDE, PHASH_SIDE)


def waves(grey: Grey) -> Waves:
    """How strong the sixteen longest waves are in each direction, in a grid of 64 by 64."""
    return np.matmul(np.matmul(_WAVES, grey.astype(np.float32)), _WAVES.T)


def phash(found: Waves) -> bytes:
    """Which waves are stronger than the median, which NumPy's own would import too late."""
    middle = np.sort(found, axis=None)[_HALF - 1 : _HALF + 1].mean()
    return np.packbits(found > middle).tobytes()


def dhash(grey: Grey) -> bytes:
    """Where it grows brighter to the right, in a grid 17 wide and 16 high."""
    return np.packbits(grey[:, 1:] > grey[:, :-1]).tobytes()


def turned_phashes(found: Waves) -> Iterator[bytes]:
    """The pHashes of the other orientations: turning swaps waves, or turns odd ones round."""
    odd = np.arange(_HASH_SIDE) % 2 == 1
    for lying in orientation.ALL[1:]:
        rows = found.T if lying >= orientation.FIRST_LYING else found
        down, across = orientation.signs(lying)
        yield phash(rows * np.where(odd, down, 1)[:, None] * np.where(odd, across, 1))


def quality(found: Waves) -> int:
    """How strong the waves are but for the first, brightness; every 25 are ten times as much."""
    strength = float(np.std(found.ravel()[1:]))
    return min(100, round(25 * math.log10(1 + strength / _FAINT)))


def dominant(colours: Colours) -> int:
    """The mean of the most frequent kind of colour, as 0xRRGGBB."""
    pixels = colours.reshape(-1, 3)
    coarse = (pixels >> (8 - _BIN_BITS)).astype(np.int32)
    bins = (coarse[:, 0] << 2 * _BIN_BITS) + (coarse[:, 1] << _BIN_BITS) + coarse[:, 2]
    red, green, blue = pixels[bins == np.bincount(bins).argmax()].mean(axis=0).round()
    return int(red) << 16 | int(green) << 8 | int(blue)
