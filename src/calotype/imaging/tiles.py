"""Tiles: hashes of striking details with their places, by which a crop finds its picture."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calotype.imaging.fingerprint import MOST_TILES
from calotype.imaging.frames import within_frame

LONG_SIDE = 160
"""To how many pixels the longer side of the picture has been shrunk."""

_BLURS = 1.6 * 2 ** (np.arange(11) / 3)
_LEAST_CONTRAST = 2.0
_REACH = 3.5
"""How far a tile reaches from its middle, in widths of its blur."""
_SAMPLES = 16
_WAVES = 9
_PLACE_STEPS = 1.5
"""So that a place up to LONG_SIDE fits a byte; blurs are told in sixteenths."""

_Plane = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class _Detail:
    """A spot that is brighter or darker than its surroundings, and how far it extends."""

    x: int
    y: int
    blur: int


def tiles(grey: NDArray[np.uint8]) -> tuple[bytes, ...]:
    """Hash the most striking details, wherever they are and however large."""
    rows, columns = within_frame(grey)
    inside = grey[rows, columns].astype(np.float32)
    if min(inside.shape) < _SAMPLES:
        return ()
    blurred = [_blurred(inside, float(blur)) for blur in _BLURS]
    corner = columns.start, rows.start
    return tuple(_tile(blurred[detail.blur - 1], detail, corner) for detail in _details(blurred))


def _details(blurred: list[_Plane]) -> Iterator[_Detail]:
    """Where the difference of two blurs is extreme among its neighbours in place and size."""
    layers = np.abs(np.diff(np.stack(blurred), axis=0))
    inner = layers[1:-1, 1:-1, 1:-1]
    found = np.argwhere((inner >= _largest_near(layers)) & (inner > _LEAST_CONTRAST))
    strongest = np.argsort(-inner[tuple(found.T)], kind="stable")[:MOST_TILES]
    for z, y, x in found[strongest]:
        yield _Detail(int(x) + 1, int(y) + 1, int(z) + 1)


def _largest_near(layers: _Plane) -> _Plane:
    """The largest of each cell and its 26 neighbours, one axis after the other."""
    for axis in range(3):
        cells = np.moveaxis(layers, axis, 0)
        largest = np.maximum(np.maximum(cells[:-2], cells[1:-1]), cells[2:])
        layers = np.moveaxis(largest, 0, axis)
    return layers


def _tile(plane: _Plane, detail: _Detail, corner: tuple[int, int]) -> bytes:
    """The signs of its longest waves but the first, then its place and its size."""
    across, down = detail.x + corner[0], detail.y + corner[1]
    blur = float(_BLURS[detail.blur])
    steps = np.linspace(-_REACH * blur, _REACH * blur, _SAMPLES)
    patch = _sampled(plane, detail.y + steps, detail.x + steps)
    waves = _COSINES @ patch @ _COSINES.T
    signs = waves[1:, 1:] > 0
    place = round(across * _PLACE_STEPS), round(down * _PLACE_STEPS), round(blur * 16)
    return np.packbits(signs).tobytes() + bytes(min(value, 255) for value in place)


def _sampled(plane: _Plane, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> _Plane:
    """Read between the pixels; beyond the edge the picture goes on as it ended."""
    top, down = _split(rows, plane.shape[0])
    left, right = _split(columns, plane.shape[1])
    upper = plane[top][:, left] * (1 - right) + plane[top][:, left + 1] * right
    lower = plane[top + 1][:, left] * (1 - right) + plane[top + 1][:, left + 1] * right
    return upper * (1 - down[:, None]) + lower * down[:, None]


def _split(places: NDArray[np.float64], size: int) -> tuple[NDArray[np.intp], _Plane]:
    inside = np.clip(places, 0, size - 1.001)
    whole = inside.astype(np.intp)
    return whole, (inside - whole).astype(np.float32)


def _blurred(plane: _Plane, blur: float) -> _Plane:
    height, width = plane.shape
    return _gaussian(height, blur) @ plane @ _gaussian(width, blur).T


def _gaussian(size: int, blur: float) -> _Plane:
    """Every row weighs the neighbours of one pixel."""
    apart = np.arange(size)[:, None] - np.arange(size)
    weights = np.exp(-0.5 * (apart / blur) ** 2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _cosines() -> _Plane:
    at = (2 * np.arange(_SAMPLES) + 1) * np.arange(_WAVES)[:, None]
    return np.cos(at * (np.pi / 2 / _SAMPLES)).astype(np.float32)


_COSINES = _cosines()
