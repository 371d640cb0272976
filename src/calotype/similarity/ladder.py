"""The ladder of certainty: on which rung two fingerprints stand, and the evidence for it.

The two rungs above these, same bytes and same pixels, are decided by whoever has the files.
Why the limits are what they are: docs/decisions/0014-what-counts-as-near.md.
"""

import math
from collections.abc import Iterator

from calotype.imaging import Fingerprint
from calotype.similarity import details
from calotype.similarity.likeness import Evidence, Figure, Likeness
from calotype.similarity.patches import Patches

LEAST_QUALITY = 30
"""Below this a picture is too flat for its looks to say anything."""
WIDE_DISTANCE = 31
"""How many bits of a pHash may differ on any rung; unrelated pictures differ in 128."""
STRETCH = 3
"""How much farther than the near distance `near` reaches if everything else agrees well."""
MOST_DHASH = 40
"""Smooth skies alone change 36 bits when they are encoded anew."""
MOST_ASPECT = 0.03
MOST_LUMINANCE, MOST_CHROMA = 5.0, 5.0
"""How far any one of 32 x 32 cells may differ, of 255."""
STRICT = 0.8
"""What share of these is allowed beyond the near distance."""
FULL_SCALE = 255.0

_WAYS_BACK = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
"""Which orientation undoes which."""


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
    patches = Patches.of(a, b)
    reach, share = near_distance, 1.0
    if distance > near_distance:
        reach, share = near_distance * STRETCH, STRICT
    near = _evidence(a, b, patches, reach, (MOST_LUMINANCE * share, MOST_CHROMA * share))
    if near.holds:
        return Likeness("near", distance, near)
    # Any difference of colour is allowed now; it is what makes a variant.
    wide = _evidence(a, b, patches, WIDE_DISTANCE, (FULL_SCALE, FULL_SCALE))
    is_variant = wide.holds and not patches.is_toned()
    return Likeness("variant" if is_variant else "similar", distance, wide)


def _evidence(
    a: Fingerprint, b: Fingerprint, patches: Patches, reach: int, colours: tuple[float, float]
) -> Evidence:
    luminance, chroma = patches.largest_difference()
    return Evidence(
        (
            Figure("phash", bits_apart(a.phash, b.phash), reach),
            Figure("luminance", luminance, colours[0]),
            Figure("chroma", chroma, colours[1]),
            *_shared_figures(a, b),
        )
    )


def _shared_figures(a: Fingerprint, b: Fingerprint) -> Iterator[Figure]:
    yield Figure("dhash", bits_apart(a.dhash, b.dhash), MOST_DHASH)
    stretched = abs(math.log(a.width * b.height / a.height / b.width))
    yield Figure("aspect", round(stretched, 3), MOST_ASPECT)
    yield _flatness(a, b)


def _flatness(a: Fingerprint, b: Fingerprint) -> Figure:
    return Figure("flatness", 100 - min(a.quality, b.quality), 100 - LEAST_QUALITY)


def _by_details(a: Fingerprint, b: Fingerprint, distance: int) -> Likeness:
    missing = Figure("details missing", details.missing(a.tiles, b.tiles), details.MOST_MISSING)
    evidence = Evidence((missing, _flatness(a, b)))
    return Likeness("similar" if evidence.holds else None, distance, evidence)


def bits_apart(a: bytes, b: bytes) -> int:
    return (int.from_bytes(a) ^ int.from_bytes(b)).bit_count()
