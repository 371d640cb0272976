"""Looking at a picture: one decode, small grids of it, and what they tell."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from calotype.imaging import looks
from calotype.imaging.fingerprint import ALGORITHM, SMALL_SIDE, Fingerprint
from calotype.imaging.reading import Opened, translated, upright_size, within_budget
from calotype.imaging.shrinking import Shrunk, shrink
from calotype.imaging.thumbhash import thumbhash

_LANCZOS, _MEAN = Image.Resampling.LANCZOS, Image.Resampling.BOX


def fingerprint(opened: Opened) -> Fingerprint:
    """Decode the picture once, and tell what it looks like."""
    picture = within_budget(opened)
    width, height = upright_size(picture)
    shrunk = translated(lambda: shrink(picture, opened))
    waves, dhash = hashed(shrunk.grey())
    colours = shrunk.grid(SMALL_SIDE, SMALL_SIDE, _MEAN)
    return Fingerprint(
        algorithm=ALGORITHM,
        width=width,
        height=height,
        phash=looks.phash(waves),
        dhash=dhash,
        turned=tuple(looks.turned_phashes(waves)),
        tiles=(),
        small=_planes(colours),
        quality=looks.quality(waves),
        thumbhash=thumbhash(colours, width, height),
        colour=looks.dominant(colours),
    )


def hashed(grey: Shrunk) -> tuple[looks.Waves, bytes]:
    """The waves, of which a pHash is made, and the dHash."""
    side = looks.PHASH_SIDE
    waves = looks.waves(grey.grid(side, side, _LANCZOS))
    return waves, looks.dhash(grey.grid(*looks.DHASH_SIDES, _LANCZOS))


def _planes(colours: NDArray[np.uint8]) -> bytes:
    """Brightness first, then the two differences of colour."""
    bands = np.asarray(Image.fromarray(colours).convert("YCbCr"))
    return np.moveaxis(bands, 2, 0).tobytes()
