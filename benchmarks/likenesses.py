"""A labelled set of likenesses: real photographs and drawn products, altered in known ways."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyvips
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps, ImageStat

from benchmarks.products import products, text_pages

LONG_SIDE = 1600
Picture = Image.Image


@dataclass(frozen=True)
class Row:
    """A line of `groups.tsv`."""

    group: str
    relation: str
    file: str


def build(photos: Path, folder: Path, most: int) -> None:
    """Write the pictures, `groups.tsv` and `hard_negatives.tsv` into *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    negatives: list[tuple[str, str, str]] = []
    for number, photo in enumerate(photographs(photos, most)):
        rows += _versions(photo, f"photo{number:02}", folder)
        negatives += _lookalikes(photo, f"photo{number:02}", folder)
    for name, picture, siblings in products():
        rows += _versions(picture, name, folder)
        for why, sibling in siblings:
            negatives.append(_negative(sibling, name, why, len(negatives), folder))
    for name, picture in [*_flat_pictures(), *text_pages()]:
        rows.append(_saved(picture, name, "original", folder))
    _write(folder / "groups.tsv", ["group", "relation", "file"], [
        (row.group, row.relation, row.file) for row in rows
    ])  # fmt: skip
    _write(folder / "hard_negatives.tsv", ["a", "b", "why"], negatives)


def photographs(folder: Path, most: int) -> Iterator[Picture]:
    """Each file once, however many links lead to it, as large as pictures in a shop are."""
    found = sorted({file.resolve() for file in folder.rglob("*.jpg")})
    large = [file for file in found if file.stat().st_size > 300_000]
    for file in large[:most]:
        picture = Image.open(file).convert("RGB")
        picture.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
        yield picture


def _versions(picture: Picture, group: str, folder: Path) -> Iterator[Row]:
    yield _saved(picture, group, "original", folder, Q=92)
    for relation, suffix, options in ENCODINGS:
        yield _saved(picture, group, relation, folder, suffix, **options)
    for relation, change in CHANGES:
        yield _saved(change(picture), group, relation, folder, Q=88)
    for orientation in range(2, 9):
        yield _tagged(picture, group, orientation, folder)


ENCODINGS: list[tuple[str, str, dict[str, object]]] = [
    ("reencode", "-q75.jpg", {"Q": 75}),
    ("reencode", "-q50.jpg", {"Q": 50}),
    ("reencode", "-q30.jpg", {"Q": 30}),
    ("reencode", "-progressive.jpg", {"Q": 80, "interlace": True}),
    ("reencode", "-full-colour.jpg", {"Q": 85, "subsample_mode": "off"}),
    ("reencode", ".webp", {"Q": 75}),
    ("reencode", "-poor.webp", {"Q": 40}),
    ("reencode", ".avif", {"Q": 50, "effort": 1}),
    ("reencode", ".png", {"compression": 1}),
]


def _resized(share: float, method: Image.Resampling) -> Callable[[Picture], Picture]:
    def change(picture: Picture) -> Picture:
        size = round(picture.width * share), round(picture.height * share)
        return picture.resize(size, method)

    return change


def _cropped(left: float, top: float, share: float) -> Callable[[Picture], Picture]:
    def change(picture: Picture) -> Picture:
        width, height = picture.width * share, picture.height * share
        x, y = (picture.width - width) * left, (picture.height - height) * top
        return picture.crop((round(x), round(y), round(x + width), round(y + height)))

    return change


def _bordered(share: float, colour: str) -> Callable[[Picture], Picture]:
    return lambda picture: ImageOps.expand(picture, round(picture.width * share), colour)


def _watermarked(picture: Picture) -> Picture:
    """A line of half transparent text across the picture, as agencies put it."""
    layer = Image.new("RGBA", picture.size)
    font = ImageFont.load_default(picture.width / 10)
    place = picture.width // 8, int(picture.height * 0.45)
    ImageDraw.Draw(layer).text(place, "calotype sample", (255, 255, 255, 110), font)
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def _stamped(picture: Picture) -> Picture:
    """A small logo in the corner."""
    stamped = picture.copy()
    width, height = picture.width // 9, picture.height // 14
    box = (picture.width - width - 20, picture.height - height - 20)
    pen = ImageDraw.Draw(stamped)
    pen.rectangle((*box, box[0] + width, box[1] + height), "#d03030")
    pen.text((box[0] + 8, box[1] + 8), "SALE", "white", ImageFont.load_default(height / 2))
    return stamped


_LANCZOS, _LINEAR = Image.Resampling.LANCZOS, Image.Resampling.BILINEAR
CHANGES: list[tuple[str, Callable[[Picture], Picture]]] = [
    ("resize", _resized(0.75, _LANCZOS)),
    ("resize", _resized(0.5, _LINEAR)),
    ("resize", _resized(0.25, _LANCZOS)),
    ("resize", _resized(0.15, Image.Resampling.BICUBIC)),
    ("resize to a thumbnail", _resized(0.1, _LANCZOS)),
    ("sharpened", lambda picture: picture.filter(ImageFilter.UnsharpMask(2, 80))),
    ("blurred", lambda picture: picture.filter(ImageFilter.GaussianBlur(2))),
    ("brightness", lambda picture: ImageEnhance.Brightness(picture).enhance(1.2)),
    ("brightness", lambda picture: ImageEnhance.Brightness(picture).enhance(0.8)),
    ("contrast", lambda picture: ImageEnhance.Contrast(picture).enhance(1.25)),
    ("greyscale", lambda picture: ImageOps.grayscale(picture).convert("RGB")),
    ("watermark", _watermarked),
    ("logo", _stamped),
    ("crop 95 %", _cropped(0.5, 0.5, 0.95)),
    ("crop 90 %", _cropped(0.2, 0.7, 0.9)),
    ("crop 80 %", _cropped(0.8, 0.3, 0.8)),
    ("crop 60 %", _cropped(0.4, 0.5, 0.6)),
    ("border 5 %", _bordered(0.05, "white")),
    ("border 10 %", _bordered(0.1, "black")),
    ("mirrored", ImageOps.mirror),
    ("rotated 90", lambda picture: picture.transpose(Image.Transpose.ROTATE_90)),
    ("rotated 180", lambda picture: picture.transpose(Image.Transpose.ROTATE_180)),
    ("rotated 270", lambda picture: picture.transpose(Image.Transpose.ROTATE_270)),
    ("rotated 3", lambda picture: picture.rotate(3, _LINEAR, fillcolor="white")),
]

_LYING = [
    Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM,
    Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_90, Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_270,
]  # fmt: skip
"""What undoes each orientation from 2 to 8."""


def _tagged(picture: Picture, group: str, orientation: int, folder: Path) -> Row:
    """Store it lying, with the tag that says so."""
    lying = _vips(picture.transpose(_LYING[orientation - 2])).copy()
    lying.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    file = f"{group}-lying{orientation}.jpg"
    lying.jpegsave(str(folder / file), Q=85)
    return Row(group, "orientation", file)


def _lookalikes(picture: Picture, group: str, folder: Path) -> Iterator[tuple[str, str, str]]:
    """What is not the same photograph, whatever hashes say."""
    changes = [
        ("other colour of a part", _painted(picture, 0.16, (200, 40, 60))),
        ("other colour of a small part", _painted(picture, 0.08, (40, 90, 200))),
        ("a part darker", _painted(picture, 0.12, (20, 20, 20))),
        ("other frame", _moved(picture, 0.06)),
        ("other frame, a little", _moved(picture, 0.03)),
        ("something moved", _rearranged(picture)),
    ]
    if _is_colourful(picture):
        changes.append(("other colours", _hue_turned(picture, 90)))
        changes.append(("slightly other colours", _hue_turned(picture, 25)))
    for number, (why, changed) in enumerate(changes):
        yield _negative(changed, group, why, number, folder)


def _negative(
    picture: Picture, group: str, why: str, number: int, folder: Path
) -> tuple[str, str, str]:
    file = f"{group}-not{number:03}.jpg"
    _vips(picture).jpegsave(str(folder / file), Q=88)
    return f"{group}-original.jpg", file, why


def _is_colourful(picture: Picture) -> bool:
    """Tell whether it has hues that could be turned."""
    return ImageStat.Stat(picture.convert("HSV").getchannel("S")).mean[0] > 30


def _hue_turned(picture: Picture, degrees: int) -> Picture:
    hue, saturation, value = picture.convert("HSV").split()
    turned = hue.point(lambda level: (level + degrees * 256 // 360) % 256)
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")


def _painted(picture: Picture, share: float, colour: tuple[int, int, int]) -> Picture:
    """Dye a round part of the picture; *share* is its width beside the picture's shorter side."""
    radius = min(picture.size) * share / 2
    x, y = picture.width * 0.6, picture.height * 0.55
    mask = Image.new("L", picture.size)
    box = (x - radius, y - radius, x + radius, y + radius)
    ImageDraw.Draw(mask).ellipse(box, fill=150)
    return Image.composite(Image.new("RGB", picture.size, colour), picture, mask)


def _moved(picture: Picture, share: float) -> Picture:
    """The next frame: the camera went on, and something in the scene with it."""
    dx, dy = round(picture.width * share), round(picture.height * share / 2)
    width, height = picture.width - dx, picture.height - dy
    frame = picture.crop((dx, dy, dx + width, dy + height))
    return _rearranged(frame)


def _rearranged(picture: Picture) -> Picture:
    """A quarter of the width of the picture is seen elsewhere, and mirrored."""
    width, height = picture.width // 4, picture.height // 3
    part = picture.crop((width // 2, height, width // 2 + width, 2 * height))
    changed = picture.copy()
    changed.paste(ImageOps.mirror(part), (picture.width - 2 * width, height))
    return changed


def _flat_pictures() -> Iterator[tuple[str, Picture]]:
    """Nothing to see: each is a group of its own."""
    for name, colour in {
        "blue": "#2040c0",
        "navy": "#1c3ab0",
        "white": "white",
        "off": "#fdfdfb",
    }.items():
        yield f"flat-{name}", Image.new("RGB", (1200, 900), colour)
    for name, top in {"dusk": 90, "dawn": 110, "noon": 200}.items():
        ramp = (
            Image.linear_gradient("L").resize((1200, 900)).point(lambda v, top=top: top + v // 16)
        )
        yield f"ramp-{name}", ramp.convert("RGB")


def _saved(
    picture: Picture,
    group: str,
    relation: str,
    folder: Path,
    suffix: str = ".jpg",
    **options: object,
) -> Row:
    file = f"{group}-{relation.replace(' ', '').replace('%', '')}{suffix}"
    number = 1
    while (folder / file).exists():
        number += 1
        file = f"{group}-{relation.replace(' ', '').replace('%', '')}{number}{suffix}"
    _vips(picture).write_to_file(str(folder / file), **options)
    return Row(group, relation, file)


def _vips(picture: Picture) -> pyvips.Image:
    bands = len(picture.getbands())
    data = picture.tobytes()
    return pyvips.Image.new_from_memory(data, *picture.size, bands, "uchar").copy(
        interpretation="srgb"
    )


def _write(file: Path, head: list[str], rows: list[tuple[str, str, str]]) -> None:
    with file.open("w", newline="") as target:
        csv.writer(target, delimiter="\t").writerows([head, *rows])
