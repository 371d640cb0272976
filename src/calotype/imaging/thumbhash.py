"""ThumbHash: a blurred picture in about 24 bytes, shown until the real one has arrived."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LONG_SIDE_WAVES = 7
_COLOUR_WAVES = 3

_Plane = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Channel:
    """One plane as waves: its mean, the others between 0 and 1, and by what they were divided."""

    mean: float
    waves: list[float]
    scale: float


def thumbhash(colours: NDArray[np.uint8], width: int, height: int) -> bytes:
    """Encode a small opaque picture; its grid may be squeezed, *width* and *height* tell how."""
    red, green, blue = np.moveaxis(colours / 255.0, -1, 0)
    across, down = (_waves_along(side, max(width, height)) for side in (width, height))
    light = _channel((red + green + blue) / 3, max(3, across), max(3, down))
    yellow = _channel((red + green) / 2 - blue, _COLOUR_WAVES, _COLOUR_WAVES)
    pink = _channel(red - green, _COLOUR_WAVES, _COLOUR_WAVES)
    head = (
        _rounded(63 * light.mean)
        | _rounded(31.5 + 31.5 * yellow.mean) << 6
        | _rounded(31.5 + 31.5 * pink.mean) << 12
        | _rounded(31 * light.scale) << 18
    )
    shape = (
        (down if width > height else across)
        | _rounded(63 * yellow.scale) << 3
        | _rounded(63 * pink.scale) << 9
        | (width > height) << 15
    )
    body = _nibbles([*light.waves, *yellow.waves, *pink.waves])
    return head.to_bytes(3, "little") + shape.to_bytes(2, "little") + body


def _waves_along(side: int, longest: int) -> int:
    return max(1, _rounded(_LONG_SIDE_WAVES * side / longest))


def _channel(plane: _Plane, across: int, down: int) -> _Channel:
    """Keep the waves above the diagonal, row by row."""
    found = _cosines(down, plane.shape[0]) @ plane @ _cosines(across, plane.shape[1]).T
    found /= plane.size
    kept = [
        float(found[y, x]) for y in range(down) for x in range(across)
        if x * down < across * (down - y)
    ]  # fmt: skip
    mean, others = kept[0], kept[1:]
    scale = max(abs(wave) for wave in others)
    return _Channel(mean, [0.5 + 0.5 * w / scale if scale else 0.0 for w in others], scale)


def _cosines(waves: int, samples: int) -> _Plane:
    at = (2 * np.arange(samples) + 1) * np.arange(waves)[:, None]
    return np.cos(at * (np.pi / 2 / samples))


def _nibbles(waves: list[float]) -> bytes:
    values = [_rounded(15 * wave) for wave in waves]
    values += [0] * (len(values) % 2)
    return bytes(low | high << 4 for low, high in zip(values[::2], values[1::2], strict=True))


def _rounded(value: float) -> int:
    """Halves go up; Python's own would send them to the even neighbour."""
    return int(np.floor(value + 0.5))
