"""Comparing two pictures pixel by pixel, inside a child."""

from collections.abc import Iterator

import pyvips

from calotype.imaging import colours, reading
from calotype.imaging.reading import Opened, Picture

_WHITE, _BLACK = 255, 0
_LONG_SIDE = 1200
_PNG_EFFORT = 3
_VISIBLE = 24
"""By how much a channel has to differ to be marked; less is the noise of encoders."""
_EDGES = 1.5
"""How much is blurred away, because encoders move edges a little."""
_MARK = (230, 0, 90)
_FADED = 0.5


def same_pixels(first: Opened, second: Opened) -> bool:
    """Tell whether every pixel of every frame looks the same, whatever is behind it.

    Both lie upright, in sRGB and with as many bits as the deeper one has.
    """
    a, b = reading.within_budget(first), reading.within_budget(second)
    if _shape(a) != _shape(b):
        return False
    return reading.translated(lambda: all(map(_are_equal, _pages(a), _pages(b))))


def difference(first: Opened, second: Opened) -> tuple[bytes, float]:
    """Fade the first picture and mark where the second differs; also the share of such pixels."""
    a, b = reading.within_budget(first), reading.within_budget(second)
    width, height = _size_of_difference(a)
    seen = [
        reading.translated(lambda picture=picture: _shown(picture, width, height))
        for picture in (a, b)
    ]
    differs = _largest_band((seen[0] - seen[1]).gaussblur(_EDGES).abs()) > _VISIBLE
    faded = seen[0].colourspace("b-w") * _FADED + _WHITE * (1 - _FADED)
    marked = differs.ifthenelse(list(_MARK), faded.cast("uchar"))
    data = marked.copy(interpretation="srgb").pngsave_buffer(compression=_PNG_EFFORT, keep=0)
    return data, differs.avg() / _WHITE


def _shape(picture: Picture) -> tuple[tuple[int, int], int, bool]:
    return reading.upright_size(picture), picture.frames, reading.moves(picture)


def _pages(picture: Picture) -> Iterator[pyvips.Image]:
    """A film is one long picture; pages are opened one after the other."""
    if reading.moves(picture):
        yield picture.load(n=-1)
    elif picture.frames == 1:
        yield picture.load()
    else:
        yield from (picture.load(page=page) for page in range(picture.frames))


def _are_equal(a: pyvips.Image, b: pyvips.Image) -> bool:
    """On white and on black, so that a white thing on nothing is no white sheet."""
    has_alpha = a.hasalpha() or b.hasalpha()
    deep = "ushort" in {a.format, b.format}
    upright = [_upright(image, again=has_alpha) for image in (a, b)]
    for background in (_WHITE, _BLACK) if has_alpha else (_WHITE,):
        one, other = (colours.srgb(colours.flat(image, background)) for image in upright)
        if deep:
            one, other = colours.deepened(one), colours.deepened(other)
        if (one.width, one.height) != (other.width, other.height):
            return False
        if one.relational(other, "noteq").max():
            return False
    return True


def _upright(image: pyvips.Image, *, again: bool) -> pyvips.Image:
    """Turn it, and keep it decoded if it is turned or read *again*: decoders only go forward."""
    lies = image.get_typeof("orientation") and image.get("orientation") != 1
    return image.copy_memory().autorot() if lies or again else image


def _largest_band(image: pyvips.Image) -> pyvips.Image:
    return image[0].maxpair(image[1]).maxpair(image[2])


def _size_of_difference(picture: Picture) -> tuple[int, int]:
    width, height = reading.upright_size(picture)
    scale = min(1.0, _LONG_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _shown(picture: Picture, width: int, height: int) -> pyvips.Image:
    image = colours.flat(picture.shrunk(width, height, plays=False))
    return colours.srgb(image).colourspace("srgb").copy_memory()
