"""The comparison pictures of two fingerprints, laid on each other cell by cell."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calotype.imaging import SMALL_SIDE, Fingerprint

_BLEEDING = 2.0
"""Over how many pixels an encoder may spread colours."""
_MOST_SPREAD = 0.5
_NEUTRAL = 128.0
_UNCHANGED = 2.0
_SHARE_UNCHANGED = 0.1
_CLIPPED = 8.0, 247.0
_MOST_ASTRAY = 8.0

Planes = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Patches:
    """Two pictures of 32 x 32 cells, in luminance and two planes of chroma."""

    a: Planes
    b: Planes
    spread: float
    """How far a cell's colour may have come from its neighbours, in cells."""

    @classmethod
    def of(cls, a: Fingerprint, b: Fingerprint) -> "Patches":
        shortest = min(a.width, a.height, b.width, b.height)
        spread = min(_MOST_SPREAD, _BLEEDING * SMALL_SIDE / shortest)
        return cls(_planes(a), _planes(b), spread)

    def largest_difference(self) -> tuple[float, float]:
        """Of any one cell, in luminance and in the plane of chroma."""
        apart = np.minimum(self._unexplained(self.a, self.b), self._unexplained(self.b, self.a))
        luminance, chroma = apart[0].max(), np.hypot(apart[1], apart[2]).max()
        return round(float(luminance), 1), round(float(chroma), 1)

    def is_toned(self) -> bool:
        """Tell a picture that was made brighter or darker from a thing of another colour.

        Behind a thing the picture stays as it is, and tones change all colours alike.
        """
        unchanged = (np.abs(self.a - self.b).max(axis=0) <= _UNCHANGED).mean()
        return bool(unchanged <= _SHARE_UNCHANGED and self._astray() <= _MOST_ASTRAY)

    def _unexplained(self, seen: Planes, other: Planes) -> Planes:
        """How far each cell of *other* lies outside of what *seen* has there and next to it."""
        padded = np.pad(seen, ((0, 0), (1, 1), (1, 1)), mode="edge")
        low, high = seen, seen
        for down, across in np.ndindex(3, 3):
            near = padded[:, down : down + SMALL_SIDE, across : across + SMALL_SIDE]
            mixed = seen + (near - seen) * self.spread
            low, high = np.minimum(low, mixed), np.maximum(high, mixed)
        return np.maximum(np.maximum(other - high, low - other), 0)

    def _astray(self) -> float:
        """How far most cells are from what one gain and one offset would have made of them."""
        luminance_a, luminance_b = self.a[0].ravel(), self.b[0].ravel()
        low, high = _CLIPPED
        fair = (np.minimum(luminance_a, luminance_b) > low) & (
            np.maximum(luminance_a, luminance_b) < high
        )
        if fair.mean() < _SHARE_UNCHANGED:
            return float("inf")
        from_a, from_b = luminance_a[fair], luminance_b[fair]
        gain = float(from_b.std() / max(from_a.std(), 1.0))
        expected = self.a.copy()
        expected[0] = gain * (self.a[0] - from_a.mean()) + from_b.mean()
        expected[1:] = gain * (self.a[1:] - _NEUTRAL) + _NEUTRAL
        astray = np.abs(np.clip(expected, 0, 255) - self.b).max(axis=0)
        return float(np.sort(astray, axis=None)[int(astray.size * 0.9)])


def _planes(fingerprint: Fingerprint) -> Planes:
    planes = np.frombuffer(fingerprint.small, np.uint8)
    return planes.reshape(3, SMALL_SIDE, SMALL_SIDE).astype(np.float32)
