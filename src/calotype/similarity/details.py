"""Details that two pictures share in the same arrangement, however they were cropped."""

import numpy as np
from numpy.typing import NDArray

from calotype.imaging import TILE_HASH_BYTES

ENOUGH = 5
MOST_MISSING = 0
"""How many of the details that are enough may not be found."""

_MOST_BITS = 10
"""Of 64, in which two views of one detail may differ."""
_MOST_PAIRS = 128
_LOOSE_PLACE = 9.0
"""How far, in the steps in which places are told, a detail may lie from where it should."""
_LOOSE_SIZE = 1.5

_Numbers = NDArray[np.float32]


def missing(a: tuple[bytes, ...], b: tuple[bytes, ...]) -> int:
    """How many details fewer than enough are in both, moved and scaled alike."""
    return max(0, ENOUGH - shared(a, b)) if a and b else ENOUGH


def shared(a: tuple[bytes, ...], b: tuple[bytes, ...]) -> int:
    """The largest number of details that one shift with one scale takes from one to the other."""
    # The one that comes first is the same, whoever asks.
    (hashes_a, places_a), (hashes_b, places_b) = (_read(tiles) for tiles in sorted((a, b)))
    apart = np.bitwise_count(hashes_a[:, None] ^ hashes_b)
    of_a, of_b = np.nonzero(apart <= _MOST_BITS)
    if of_a.size < ENOUGH:
        return int(of_a.size)
    nearest = np.argsort(apart[of_a, of_b], kind="stable")[:_MOST_PAIRS]
    return _largest_agreement(of_a[nearest], of_b[nearest], places_a, places_b)


def _read(tiles: tuple[bytes, ...]) -> tuple[NDArray[np.uint64], _Numbers]:
    rows = np.frombuffer(b"".join(tiles), np.uint8).reshape(len(tiles), -1)
    hashes = np.ascontiguousarray(rows[:, :TILE_HASH_BYTES]).view(np.uint64).ravel()
    return hashes, rows[:, TILE_HASH_BYTES:].astype(np.float32)


def _largest_agreement(
    of_a: NDArray[np.intp], of_b: NDArray[np.intp], places_a: _Numbers, places_b: _Numbers
) -> int:
    """Let every pair propose a scale and a shift, and count the details that follow it."""
    at_a, at_b = places_a[of_a], places_b[of_b]
    scale = at_b[:, 2] / at_a[:, 2]
    shift = at_b[:, :2] - scale[:, None] * at_a[:, :2]
    expected = scale[:, None, None] * at_a[None, :, :2] + shift[:, None]
    in_place = (np.abs(expected - at_b[None, :, :2]) <= _LOOSE_PLACE).all(axis=2)
    in_size = np.abs(np.log(scale[:, None] / scale)) <= np.log(_LOOSE_SIZE)
    follows = in_place & in_size
    return int(min(_distinct(follows, of_a), _distinct(follows, of_b)))


def _distinct(follows: NDArray[np.bool_], details: NDArray[np.intp]) -> int:
    """Count every detail once, with however many it was paired."""
    which = np.equal.outer(details, np.unique(details)).astype(np.float32)
    return int(((follows.astype(np.float32) @ which) > 0).sum(axis=1).max())
