"""Making pictures of a picture, inside a child: one decode, then each size from a larger one.

The steps: decode at about the right size, upright and in sRGB; cut out what is shown; resize;
sharpen what became very small; encode without metadata.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import pyvips

from calotype.imaging import reading, wire
from calotype.imaging.encoders import ENCODERS, Encoder
from calotype.imaging.framing import Area
from calotype.imaging.orders import Format, NotRendered, Order, Outcome, Rendered
from calotype.imaging.reading import Opened, Picture

_OPAQUE = 255
_SMALL = 200
_SHARPER = [[-1, -2, -1], [-2, 44, -2], [-1, -2, -1]]
_SHARPER_SUM = 32


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An order, the place of its answer, and which part of the picture it shows."""

    place: int
    order: Order
    area: Area
    plays: bool

    @property
    def scale(self) -> float:
        return min(1.0, self.order.width / self.area.width)

    @property
    def alone(self) -> tuple[Area, int]:
        """Equal for orders that one decode serves; an animation is too long to be kept decoded."""
        return self.area, self.place if self.plays else -1


def render(
    opened: Opened,
    orders: Sequence[Order],
    outputs: Sequence[int],
    encoders: Mapping[Format, Encoder] = ENCODERS,
) -> list[Outcome]:
    """Write the picture of each order to the descriptor of the same place."""
    picture = reading.within_budget(opened)
    outcomes: dict[int, Outcome] = {}
    for wanted, image in _prepared(picture, orders, encoders):
        outcomes[wanted.place] = _encoded(wanted, image, outputs[wanted.place], encoders)
    return [outcomes[place] for place in range(len(orders))]


def _prepared(
    picture: Picture, orders: Sequence[Order], encoders: Mapping[Format, Encoder]
) -> Iterator[tuple[_Wanted, pyvips.Image]]:
    wanted = [_plan(picture, place, order, encoders) for place, order in enumerate(orders)]
    wanted.sort(key=lambda each: (each.area, each.alone[1], -each.scale))
    for _, together in groupby(wanted, key=lambda each: each.alone):
        yield from _cascade(picture, list(together))


def _plan(
    picture: Picture, place: int, order: Order, encoders: Mapping[Format, Encoder]
) -> _Wanted:
    width, height = reading.upright_size(picture)
    area = Area.of(order.crop, width, height)
    if order.height is not None:
        point = order.focal_point
        area = area.shaped(order.width / order.height, point.x * width, point.y * height)
    encoder = encoders[order.format]
    moves = encoder.moves or encoder.when_moving is not None
    return _Wanted(place, order, area, plays=reading.moves(picture) and moves)


def _cascade(picture: Picture, wanted: Sequence[_Wanted]) -> Iterator[tuple[_Wanted, pyvips.Image]]:
    """Decode once for the largest, and make each of the others of the one before."""
    image = reading.translated(lambda: _decoded(picture, wanted[0]))
    for each in wanted:
        _, _, width, height = each.area.scaled(each.scale)
        if width < image.width:
            image = image.thumbnail_image(width, height=height, size="force").copy_memory()
        yield each, _sharpened(image, each)


def _decoded(picture: Picture, wanted: _Wanted) -> pyvips.Image:
    width, height = reading.upright_size(picture)
    scale = wanted.scale
    image = picture.shrunk(round(width * scale), round(height * scale), plays=wanted.plays)
    image = _cut(image, *wanted.area.scaled(scale))
    if image.interpretation != "srgb":
        image = image.colourspace("srgb")
    return image if wanted.plays else _without_idle_alpha(image.copy_memory())


def _cut(image: pyvips.Image, left: int, top: int, width: int, height: int) -> pyvips.Image:
    """Cut the same rectangle out of every frame; frames lie below each other."""
    frame_height = image.get_page_height()
    width, height = min(width, image.width), min(height, frame_height)
    left, top = min(left, image.width - width), min(top, frame_height - height)
    if (width, height) == (image.width, frame_height):
        return image
    tops = range(top, image.height, frame_height)
    frames = [image.crop(left, at, width, height) for at in tops]
    if len(frames) == 1:
        return frames[0]
    joined = pyvips.Image.arrayjoin(frames, across=1).copy()
    joined.set_type(pyvips.GValue.gint_type, "page-height", height)
    return joined


def _without_idle_alpha(image: pyvips.Image) -> pyvips.Image:
    if image.hasalpha() and image[image.bands - 1].min() == _OPAQUE:
        return image[0 : image.bands - 1].copy_memory()
    return image


def _sharpened(image: pyvips.Image, wanted: _Wanted) -> pyvips.Image:
    """Sharpen what became very small, which looks soft without."""
    if image.width > _SMALL or image.hasalpha() or wanted.area.width < 2 * image.width:
        return image
    mask = pyvips.Image.new_from_array(_SHARPER, scale=_SHARPER_SUM)
    return image.conv(mask, precision="integer")


def _encoded(
    wanted: _Wanted, image: pyvips.Image, output: int, encoders: Mapping[Format, Encoder]
) -> Outcome:
    encoder = encoders[wanted.order.format]
    if wanted.plays and encoder.when_moving:
        encoder = encoders[encoder.when_moving]
    elif image.hasalpha() and encoder.when_transparent:
        encoder = encoders[encoder.when_transparent]
    try:
        data = encoder.encode(image, quick=wanted.order.quick)
    except (pyvips.Error, MemoryError) as error:
        return NotRendered(reading.reason(error))
    wire.write(output, data)
    return Rendered(
        media_type=encoder.media_type, width=image.width, height=image.get_page_height(),
        size_bytes=len(data),
    )  # fmt: skip
