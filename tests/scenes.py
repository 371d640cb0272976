"""A scene with shapes, light and grain, as photographs have them, in every container."""

import io
import random
from functools import cache

import pillow_heif
import pyvips
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

LYING = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""What makes a picture lie so that the tag sets it right."""


@cache
def scene(seed: int = 0, width: int = 900, height: int = 600) -> Image.Image:
    """Coloured shapes of many sizes before a sky; the same seed gives the same scene."""
    chance = random.Random(seed)
    sky = Image.linear_gradient("L").resize((width, height))
    picture = Image.merge(
        "RGB", [sky.point(lambda v, base=b: base + v // 4) for b in (90, 130, 170)]
    )
    pen = ImageDraw.Draw(picture)
    for _ in range(60):
        x, y = chance.uniform(0, width), chance.uniform(0, height)
        size = width * chance.choice((0.02, 0.04, 0.08, 0.15))
        colour = tuple(chance.randrange(256) for _ in range(3))
        draw = pen.ellipse if chance.random() < 0.5 else pen.rectangle
        draw((x, y, x + size, y + size * chance.uniform(0.5, 1.5)), fill=colour)
    return picture.filter(ImageFilter.GaussianBlur(1.5))


def encoded(picture: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    target = io.BytesIO()
    picture.save(target, form, **({"quality": 88} | options if form == "JPEG" else options))
    return target.getvalue()


def jpeg(seed: int = 0, *, quality: int = 88, progressive: bool = False) -> bytes:
    return encoded(scene(seed), quality=quality, progressive=progressive)


def lying_jpeg(orientation: int) -> bytes:
    told = Image.Exif()
    told[0x0112] = orientation
    return encoded(scene().transpose(LYING[orientation]), exif=told.tobytes())


def containers(seed: int = 0) -> dict[str, bytes]:
    picture = scene(seed)
    image = pyvips.Image.new_from_memory(picture.tobytes(), *picture.size, 3, "uchar")
    image = image.copy(interpretation="srgb")
    phone = io.BytesIO()
    pillow_heif.from_pillow(picture).save(phone, quality=90)
    return {
        "progressive": jpeg(seed, progressive=True),
        "png": image.pngsave_buffer(),
        "webp": image.webpsave_buffer(Q=90),
        "tiff": image.tiffsave_buffer(compression="lzw"),
        "avif": image.heifsave_buffer(compression="av1", Q=80, effort=0),
        "gif": image.gifsave_buffer(),
        "heic": phone.getvalue(),
    }


def brighter(picture: Image.Image, share: float) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(share)
