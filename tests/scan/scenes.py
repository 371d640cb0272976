"""Pictures with much to see, made by program, and what people do to pictures."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SIZE = 640, 480


def scene(seed: int) -> Image.Image:
    """Blots and dots of many sizes and colours; no two seeds look alike, no corner like another."""
    chance = np.random.default_rng(seed)
    picture = np.zeros((*reversed(SIZE), 3))
    for cells in (3, 5, 9, 17, 33):
        blots = Image.fromarray(chance.integers(0, 255, (cells, cells + 1, 3), np.uint8))
        picture += np.asarray(blots.resize(SIZE, Image.Resampling.BICUBIC), float) / cells
    picture -= picture.min()
    blotted = Image.fromarray((picture * (255 / picture.max())).astype(np.uint8))
    draw = ImageDraw.Draw(blotted)
    for left, top, side in chance.integers(4, 40, (60, 3)) * (16, 12, 1):
        colour = tuple(chance.integers(0, 255, 3).tolist())
        draw.ellipse((left, top, left + side, top + side * 2 // 3), fill=colour)
    return blotted


def shirt(colour: tuple[int, int, int]) -> Image.Image:
    """The same thing in front of the same wall; only its colour may differ."""
    picture = scene(1000)
    draw = ImageDraw.Draw(picture)
    draw.polygon(
        [(220, 90), (420, 90), (560, 190), (500, 240), (440, 190), (440, 440), (200, 440),
         (200, 190), (140, 240), (80, 190)],
        fill=colour, outline=(20, 20, 20), width=6,
    )  # fmt: skip
    return picture


def flat(colour: tuple[int, int, int]) -> Image.Image:
    return Image.new("RGB", SIZE, colour)


def jpeg(picture: Image.Image, quality: int = 92, **options: object) -> bytes:
    return saved(picture, "JPEG", quality=quality, subsampling=0, **options)


def png(picture: Image.Image, **options: object) -> bytes:
    return saved(picture, "PNG", **options)


def saved(picture: Image.Image, form: str, **options: object) -> bytes:
    target = io.BytesIO()
    picture.save(target, form, **options)
    return target.getvalue()


def told_of(data: bytes, comment: bytes) -> bytes:
    """The same JPEG with a comment in it: other bytes, the same pixels."""
    return data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:]


def fill(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder
