"""Shrinking for the eye: every container's picture at an eighth, as a JPEG decoder would do it."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pyvips
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from calotype.imaging import colours, formats, orientation
from calotype.imaging.formats import Data
from calotype.imaging.reading import Opened, Picture

_SHORTEST_SIDE = 256
"""Below this, hashes would no longer agree with those of the whole picture."""
_FACTORS = 8, 4, 2


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A small picture that still lies as it was stored."""

    image: Image.Image
    width: float
    height: float
    """What of *image* is picture; the last row and column may reach over its edge."""
    orientation: int = 1

    def grid(
        self, width: int, height: int, method: Image.Resampling, gap: float | None = None
    ) -> NDArray[np.uint8]:
        """The upright picture squeezed into so many pixels.

        With a *gap* it is squeezed by plain means first, down to so many times these pixels.
        """
        lying = self.orientation >= orientation.FIRST_LYING
        size = (height, width) if lying else (width, height)
        box = 0, 0, self.width, self.height
        squeezed = np.asarray(self.image.resize(size, method, box, gap))
        return orientation.turned(squeezed, self.orientation)

    def grey(self) -> "Shrunk":
        return Shrunk(self.image.convert("L"), self.width, self.height, self.orientation)


def shrink(picture: Picture, opened: Opened) -> Shrunk:
    """Decode the first frame in sRGB, at an eighth or as near to it as its size allows."""
    return _WAYS.get(picture.media_type, _by_average)(picture, opened)


def shrink_jpeg(data: Data, width: int, height: int, space: str) -> Shrunk:
    """Let the decoder do it, which has little more to do then than to unpack."""
    factor = shrinkage(width, height)
    decoded = simplejpeg.decode_jpeg(
        data, space, fastdct=True, fastupsample=True,
        min_width=math.ceil(width / factor), min_height=math.ceil(height / factor),
    )  # fmt: skip
    image = Image.fromarray(decoded[:, :, 0] if space == "GRAY" else decoded)
    return Shrunk(image, width / factor, height / factor)


def shrinkage(width: int, height: int) -> int:
    """By how much to shrink at once, so that enough is left for the hashes to agree."""
    fitting = (f for f in _FACTORS if min(width, height) >= f * _SHORTEST_SIDE)
    return next(fitting, 1)


def _jpeg(picture: Picture, opened: Opened) -> Shrunk:
    if not colours.is_srgb(picture.colour_profile()):
        return _by_jpeg_loader(picture)
    try:
        shrunk = shrink_jpeg(opened.data, picture.width, picture.height, "RGB")
    except ValueError:
        # It is CMYK, or has small defects, which libvips forgives.
        return _by_jpeg_loader(picture)
    return replace(shrunk, orientation=picture.orientation)


def _by_jpeg_loader(picture: Picture) -> Shrunk:
    factor = shrinkage(picture.width, picture.height)
    image = _image(picture.load(shrink=factor))
    return Shrunk(image, picture.width / factor, picture.height / factor, picture.orientation)


def _webp(picture: Picture, opened: Opened) -> Shrunk:
    """Let the decoder do it, which fits the whole picture into whole pixels."""
    del opened
    image = _image(picture.load(scale=1 / shrinkage(picture.width, picture.height)))
    return Shrunk(image, *image.size, picture.orientation)


def _by_average(picture: Picture, opened: Opened) -> Shrunk:
    """Take the mean of squares, which is what a JPEG decoder keeps of its blocks."""
    del opened
    factor = shrinkage(picture.width, picture.height)
    image = _image(picture.load(), factor)
    return Shrunk(image, picture.width / factor, picture.height / factor, picture.orientation)


def _image(loaded: pyvips.Image, factor: int = 1) -> Image.Image:
    flat = colours.flat(loaded)
    small = _mean(flat, factor) if factor > 1 else flat
    return Image.fromarray(colours.srgb(small).colourspace("srgb").numpy())


def _mean(image: pyvips.Image, factor: int) -> pyvips.Image:
    """Take the mean of squares without a tendency, to which the dHash of a sky is sensitive.

    Whole numbers are rounded up at the half, which lifts the mean of *factor* rows by so much.
    """
    rows = image.shrinkv(factor, ceil=True).cast("float")
    return (rows.shrinkh(factor, ceil=True) - 0.5 / factor).rint().cast(image.format)


_WAYS = {formats.JPEG: _jpeg, formats.WEBP: _webp}
