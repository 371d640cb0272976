"""Hashes by the million: random ones, and those of crops and edits of real photographs."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Hashes = NDArray[np.uint8]

_GRID, _HASH = 64, 16
_SIDE = 1200
_LEAST_BYTES = 200_000
_AT_ONCE = 500
_WHOLE = 0.05
"""What share of the crops is nearly the whole picture, as another crop of it is near."""


def random_hashes(count: int, chance: np.random.Generator) -> Hashes:
    """Random bits; every twentieth is near another one."""
    hashes = chance.integers(0, 256, (count, 32), dtype=np.uint8)
    for place in range(0, count, 20):
        hashes[place] = turned(hashes[(place + 7) % count], int(chance.integers(1, 21)), chance)
    return hashes


def turned(phash: Hashes, bits: int, chance: np.random.Generator) -> Hashes:
    """The same hash but for some bits."""
    found = np.unpackbits(phash)
    found[chance.choice(256, bits, replace=False)] ^= 1
    return np.packbits(found)


def real_hashes(photos: Path, count: int, chance: np.random.Generator) -> Hashes:
    """The pHashes of crops of photographs, some mirrored, all made brighter or darker."""
    pictures = [_summed(file) for file in _photographs(photos)]
    batches: list[Hashes] = []
    while len(batches) * _AT_ONCE < count:
        batches += [_crops(each, chance) for each in pictures]
    hashes = np.concatenate(batches)
    chance.shuffle(hashes)
    return hashes[:count]


def _photographs(photos: Path) -> Iterator[Path]:
    return (file for file in sorted(photos.rglob("*.jpg")) if file.stat().st_size > _LEAST_BYTES)


def _summed(file: Path) -> NDArray[np.float64]:
    """The sums of all rectangles from the corner, from which the mean of any is quickly told."""
    image = Image.open(file)
    image.draft("L", (_SIDE, _SIDE))
    grey = image.convert("L")
    grey.thumbnail((_SIDE, _SIDE))
    sums = np.asarray(grey, np.float64).cumsum(0).cumsum(1)
    return np.pad(sums, ((1, 0), (1, 0)))


def _crops(sums: NDArray[np.float64], chance: np.random.Generator) -> Hashes:
    rows, columns = (_edges(side - 1, chance) for side in sums.shape)
    corners = sums[rows[:, :, None], columns[:, None, :]]
    areas = np.diff(rows)[:, :, None] * np.diff(columns)[:, None, :]
    grey = np.diff(np.diff(corners, axis=1), axis=2) / areas
    mirrored = chance.random(_AT_ONCE) < 0.5
    grey[mirrored] = grey[mirrored][:, :, ::-1]
    brighter = chance.uniform(0.7, 1.4, _AT_ONCE)[:, None, None]
    return _phashes(((grey / 255) ** brighter).astype(np.float32))


def _edges(length: int, chance: np.random.Generator) -> NDArray[np.int64]:
    """Where the cells of the grid begin and end, along one side of each crop."""
    whole = chance.random(_AT_ONCE) < _WHOLE
    share = np.where(whole, chance.uniform(0.93, 1, _AT_ONCE), chance.uniform(0.12, 0.9, _AT_ONCE))
    size = np.clip(share * length, _GRID + 2, length)
    start = chance.random(_AT_ONCE) * (length - size)
    steps = np.arange(_GRID + 1) / _GRID
    return np.rint(start[:, None] + size[:, None] * steps).astype(np.int64)


def _phashes(grey: NDArray[np.float32]) -> Hashes:
    at = (2 * np.arange(_GRID) + 1) * np.arange(_HASH)[:, None]
    cosines = np.cos(at * (np.pi / 2 / _GRID)).astype(np.float32)
    waves = (cosines @ grey @ cosines.T).reshape(len(grey), -1)
    return np.packbits(waves > np.median(waves, axis=1, keepdims=True), axis=1)
