"""Products on white, drawn by program: what a catalogue has, and what it easily confuses."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

SIDE = 1000
Picture = Image.Image
Pen = ImageDraw.ImageDraw


@dataclass(frozen=True)
class Look:
    """What may differ between two articles that are photographed alike."""

    body: str = "#b02a30"
    trim: str = "#303438"
    label: str = "#f0e6c8"
    text: str = "500 ml"
    seed: int = 1


Shape = Callable[[Pen, Look], None]


def _shirt(pen: Pen, look: Look) -> None:
    pen.polygon([(250, 250), (400, 190), (600, 190), (750, 250), (860, 430), (760, 490), (700, 410),
                 (700, 840), (300, 840), (300, 410), (240, 490), (140, 430)], look.body)  # fmt: skip
    pen.arc((420, 120, 580, 250), 10, 170, look.trim, 16)
    pen.rectangle((430, 360, 520, 420), look.label)


def _mug(pen: Pen, look: Look) -> None:
    pen.ellipse((640, 380, 860, 680), outline=look.trim, width=44)
    pen.rounded_rectangle((260, 300, 700, 800), 50, look.body)
    pen.ellipse((260, 260, 700, 350), look.trim)
    pen.text((380, 520), look.text, look.label, ImageFont.load_default(70))


def _bottle(pen: Pen, look: Look) -> None:
    pen.rounded_rectangle((360, 330, 640, 900), 60, look.body)
    pen.rectangle((440, 180, 560, 340), look.body)
    pen.rectangle((430, 110, 570, 190), look.trim)
    pen.rectangle((372, 500, 628, 740), look.label)
    pen.text((400, 590), look.text, "#202020", ImageFont.load_default(56))


def _shoe(pen: Pen, look: Look) -> None:
    pen.polygon(
        [(120, 700), (150, 480), (300, 470), (420, 560), (700, 620), (880, 690), (890, 740)],
        look.body,
    )
    pen.rounded_rectangle((110, 730, 900, 790), 26, look.trim)
    pen.polygon([(300, 640), (470, 600), (640, 680), (480, 670)], look.label)
    for step in range(4):
        pen.line(
            (330 + 50 * step, 520 + 18 * step, 390 + 50 * step, 490 + 20 * step), "#fafafa", 10
        )


def _bag(pen: Pen, look: Look) -> None:
    pen.arc((340, 120, 660, 520), 180, 360, look.trim, 30)
    pen.polygon([(240, 330), (760, 330), (840, 850), (160, 850)], look.body)
    pen.rectangle((240, 330, 760, 380), look.trim)
    pen.ellipse((470, 540, 530, 600), look.label)


def _watch(pen: Pen, look: Look) -> None:
    pen.rectangle((430, 80, 570, 920), look.trim)
    pen.ellipse((320, 320, 680, 680), look.body)
    pen.ellipse((350, 350, 650, 650), look.label)
    pen.line((500, 500, 500, 390), "#202020", 14)
    pen.line((500, 500, 580, 540), "#202020", 14)


SHAPES: dict[str, Shape] = {
    "shirt": _shirt, "mug": _mug, "bottle": _bottle, "shoe": _shoe, "bag": _bag, "watch": _watch,
}  # fmt: skip
_STYLES = {
    "red": Look(),
    "teal": Look("#1f8a8a", "#e0b040", "#ffffff"),
    "dark": Look("#202226", "#404448", "#c8ccd0"),
    "pale": Look("#e4dccb", "#b7a98c", "#7a6a50"),
}
_SIBLINGS: dict[str, Callable[[Look], Look]] = {
    "other colour": lambda look: replace(look, body=_turned(look.body)),
    "slightly other colour": lambda look: replace(look, body=_shifted(look.body, (26, 8, -22))),
    "other trim": lambda look: replace(look, trim=_turned(look.trim)),
    "other small part": lambda look: replace(look, label=_turned(look.label)),
    "lighter": lambda look: replace(look, body=_shifted(look.body, (36, 36, 36))),
    "darker trim": lambda look: replace(look, trim=_shifted(look.trim, (-40, -40, -40))),
    "other light": lambda look: replace(
        look, seed=look.seed + 50, body=_shifted(look.body, (14, -14, 14))
    ),
}


def products() -> Iterator[tuple[str, Picture, list[tuple[str, Picture]]]]:
    """Each article with those that it must not be taken for."""
    for number, (shape, draw) in enumerate(SHAPES.items()):
        for style, look in _STYLES.items():
            own = replace(look, seed=number)
            siblings = [
                (f"product: {why}", _shown(draw, change(own))) for why, change in _SIBLINGS.items()
            ]
            if shape in {"bottle", "mug"}:
                siblings.append(("product: other text", _shown(draw, replace(own, text="250 ml"))))
            yield f"{shape}-{style}", _shown(draw, own), siblings


def text_pages() -> Iterator[tuple[str, Picture]]:
    """Pages that differ in every word, and look alike from afar."""
    font = ImageFont.load_default(24)
    for number in range(8):
        chance = random.Random(number)
        page = Image.new("RGB", (1000, 1400), "white")
        pen = ImageDraw.Draw(page)
        for line in range(34):
            words = [
                "".join(chance.choices("aeinrstlmdou", k=chance.randint(2, 9))) for _ in range(11)
            ]
            pen.text((90, 100 + 36 * line), " ".join(words)[:66], "#181818", font)
        yield f"page-{number}", page


def _shown(draw: Shape, look: Look) -> Picture:
    """The article with a soft shadow, light from the upper left and the grain of its cloth."""
    chance = random.Random(look.seed)
    article = Image.new("RGB", (SIDE, SIDE), "white")
    draw(ImageDraw.Draw(article), look)
    mask = ImageChops.invert(article.convert("L")).point(lambda level: 255 if level > 8 else 0)
    grain = Image.effect_noise((SIDE, SIDE), 18).filter(ImageFilter.GaussianBlur(2))
    light = Image.linear_gradient("L").rotate(20 + chance.randint(0, 10)).resize((SIDE, SIDE))
    shade = ImageChops.add(light.point(lambda level: 150 + level // 3), grain, 1, -128)
    lit = ImageChops.multiply(article, Image.merge("RGB", [shade] * 3))
    shadow = mask.filter(ImageFilter.GaussianBlur(18)).point(lambda level: 255 - level // 7)
    floor = Image.merge("RGB", [ImageChops.offset(shadow, 14, 20)] * 3)
    return Image.composite(lit, floor, mask)


def _turned(colour: str) -> str:
    """Red becomes green, green blue, blue red; what has no colour becomes ochre."""
    red, green, blue = _channels(colour)
    return (
        _told((blue, red, green))
        if max(red, green, blue) - min(red, green, blue) > 30
        else "#b8862c"
    )


def _shifted(colour: str, by: tuple[int, int, int]) -> str:
    return _told(tuple(channel + step for channel, step in zip(_channels(colour), by, strict=True)))


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def _told(channels: tuple[int, ...]) -> str:
    return "#" + "".join(f"{min(max(channel, 0), 255):02x}" for channel in channels)
