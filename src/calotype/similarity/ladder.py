"""The ladder of certainty: on which rung two fingerprints stand, and the evidence for it.

The two rungs above these, same bytes and same pixels, are decided by whoever has the files.
Why the limits are what they are: docs/decisions/0014-what-counts-as-near.md.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from calotype.imaging import SMALL_SIDE, Fingerprint
from calotype.similarity import details
from calotype.similarity.likeness import Evidence, Figure, Likeness

LEAST_QUALITY = 30
"""Below this a picture is too flat for its looks to say anything."""
WIDE_DISTANCE = 31
"""How many bits of a pHash may differ on any rung; unrelated pictures differ in 128."""
STRETCH = 3
"""How much farther than the near distance `near` reaches if everything else agrees well."""
MOST_DHASH = 40
"""Smooth skies alone change 29 bits when they are encoded anew."""
MOST_ASPECT = 0.03
MOST_LUMINANCE, MOST_CHROMA = 8.0, 6.0
"""How far any one of 32 x 32 cells may differ, of 255."""
STRICT = 0.75
"""What share of these is allowed beyond the near distance."""
UNCHANGED = 2.0
MOST_UNCHANGED = 0.1
"""A picture that was made brighter or darker is so in at least nine cells of ten."""
FULL_SCALE = 255.0

_WAYS_BACK = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
"""Which orientation undoes which."""

Small = NDArray[np.float32]


def compare(a: Fingerprint, b: Fingerprint, near_distance: int) -> Likeness:
    """Say on which rung *a* and *b* stand; the same, whichever comes first."""
    distance, orientation = _best_orientation(a, b)
    flatness = _flatness(a, b)
    if flatness.strain > 1:
        return Likeness(None, distance, Evidence((flatness,)), orientation)
    if distance > WIDE_DISTANCE:
        return _by_details(a, b, distance)
    if orientation == 1:
        return _upright(a, b, near_distance)
    evidence = Evidence((flatness, Figure("phash", distance, WIDE_DISTANCE)))
    return Likeness("similar", distance, evidence, orientation)


def _best_orientation(a: Fingerprint, b: Fingerprint) -> tuple[int, int]:
    """The least distance, and how *b* has to be turned for it; not at all is tried first."""
    distance = bits_apart(a.phash, b.phash)
    if distance <= WIDE_DISTANCE:
        return distance, 1
    turned = [
        (
            min(bits_apart(a.phash, b.turned[there - 2]), bits_apart(b.phash, a.turned[back - 2])),
            there,
        )
        for there, back in _WAYS_BACK.items()
    ]
    return min([(distance, 1), *turned])


def _upright(a: Fingerprint, b: Fingerprint, near_distance: int) -> Likeness:
    distance = bits_apart(a.phash, b.phash)
    apart = np.abs(_small(a) - _small(b))
    near = Evidence(tuple(_near_figures(a, b, apart, near_distance)))
    if near.holds:
        return Likeness("near", distance, near)
    wide = Evidence(tuple(_wide_figures(a, b, apart)))
    certainty = "variant" if wide.holds and not _is_toned(_small(a), _small(b)) else "similar"
    return Likeness(certainty, distance, wide)


def _near_figures(
    a: Fingerprint, b: Fingerprint, apart: Small, near_distance: int
) -> Iterator[Figure]:
    distance = bits_apart(a.phash, b.phash)
    share = 1.0 if distance <= near_distance else STRICT
    yield Figure("phash", distance, near_distance * (1 if share == 1 else STRETCH))
    yield Figure("luminance", _luminance(apart), MOST_LUMINANCE * share)
    yield Figure("chroma", _chroma(apart), MOST_CHROMA * share)
    yield from _shared_figures(a, b)


def _wide_figures(a: Fingerprint, b: Fingerprint, apart: Small) -> Iterator[Figure]:
    """Any difference of colour is allowed; it is what makes a variant."""
    yield Figure("phash", bits_apart(a.phash, b.phash), WIDE_DISTANCE)
    yield Figure("luminance", _luminance(apart), FULL_SCALE)
    yield Figure("chroma", _chroma(apart), FULL_SCALE)
    yield from _shared_figures(a, b)


def _shared_figures(a: Fingerprint, b: Fingerprint) -> Iterator[Figure]:
    yield Figure("dhash", bits_apart(a.dhash, b.dhash), MOST_DHASH)
    yield Figure(
        "aspect", round(abs(math.log(a.width * b.height / a.height / b.width)), 3), MOST_ASPECT
    )
    yield _flatness(a, b)


def _flatness(a: Fingerprint, b: Fingerprint) -> Figure:
    return Figure("flatness", 100 - min(a.quality, b.quality), 100 - LEAST_QUALITY)


def _luminance(apart: Small) -> float:
    return float(apart[0].max())


def _chroma(apart: Small) -> float:
    """The largest distance in the plane of colours."""
    return round(float(np.hypot(apart[1], apart[2]).max()), 1)


def _is_toned(a: Small, b: Small) -> bool:
    """Tell a picture that was made brighter or darker from a thing that has another colour.

    Behind the thing the picture stays as it is, and tones change no colours but by contrast.
    """
    apart = np.abs(a - b)
    unchanged = (apart.max(axis=0) <= UNCHANGED).mean()
    return bool(unchanged <= MOST_UNCHANGED and _chroma(apart) < _luminance(apart) / 2)


def _by_details(a: Fingerprint, b: Fingerprint, distance: int) -> Likeness:
    missing = Figure("details missing", details.missing(a.tiles, b.tiles), details.MOST_MISSING)
    evidence = Evidence((missing, _flatness(a, b)))
    return Likeness("similar" if evidence.holds else None, distance, evidence)


def _small(fingerprint: Fingerprint) -> Small:
    planes = np.frombuffer(fingerprint.small, np.uint8)
    return planes.reshape(3, SMALL_SIDE, SMALL_SIDE).astype(np.float32)


def bits_apart(a: bytes, b: bytes) -> int:
    return (int.from_bytes(a) ^ int.from_bytes(b)).bit_count()
