"""Two files are one picture when no pixel differs; otherwise a picture shows where they do."""

import numpy as np
import psutil
import pytest
import pyvips
from PIL import Image, ImageDraw

from calotype.imaging import Limits, Pixels, Unreadable
from tests import pictures, scenes

SAME = {
    "other container": (pictures.png, pictures.tiff),
    "lossless webp": (pictures.png, lambda: pictures.webp(lossless=True)),
    "without metadata": (pictures.jpeg, pictures.telling_jpeg),
    "without a profile": (lambda: pictures.png(alpha=True), pictures.telling_png),
    "all bits of a deep one": (pictures.png, lambda: pictures.png(depth=16)),
    "all frames": (pictures.gif, pictures.telling_gif),
    "all pages": (pictures.telling_tiff, lambda: pictures.telling_tiff(big=True)),
    "cmyk": (pictures.cmyk_jpeg, pictures.cmyk_jpeg),
    "phone": (pictures.heic, pictures.telling_heic),
    "grey": (pictures.grey_jpeg, pictures.grey_jpeg),
}
DIFFERENT = {
    "other picture": (pictures.png, lambda: pictures.png(1)),
    "encoded anew": (pictures.jpeg, lambda: pictures.jpeg(quality=80)),
    "other size": (pictures.png, lambda: pictures.png(width=65)),
    "fewer frames": (pictures.gif, lambda: pictures.gif(frames=2)),
    "fewer pages": (pictures.telling_tiff, lambda: pictures.telling_tiff(pages=3)),
    "a film and pages": (
        lambda: pictures.gif(frames=2, width=64, height=48),
        pictures.telling_tiff,
    ),
}


@pytest.mark.parametrize("name", SAME)
async def test_these_are_the_same_pixels(pixels, saved, name):
    a, b = (saved(make()) for make in SAME[name])
    assert await pixels.same_pixels(a, b)
    assert await pixels.same_pixels(b, a)


@pytest.mark.parametrize("name", DIFFERENT)
async def test_these_are_not_the_same_pixels(pixels, saved, name):
    a, b = (saved(make()) for make in DIFFERENT[name])
    assert not await pixels.same_pixels(a, b)
    assert not await pixels.same_pixels(b, a)


@pytest.mark.parametrize("orientation", range(2, 9))
async def test_a_picture_that_lies_has_the_pixels_of_the_upright_one(pixels, saved, orientation):
    upright = scenes.scene(1, 300, 200)
    told = Image.Exif()
    told[0x0112] = orientation
    lying = scenes.encoded(upright.transpose(scenes.LYING[orientation]), "PNG", exif=told)
    assert await pixels.same_pixels(saved(scenes.encoded(upright, "PNG")), saved(lying))


async def test_one_pixel_is_enough_to_differ(pixels, saved):
    one = scenes.scene(2, 300, 200)
    other = one.copy()
    red, green, blue = other.getpixel((299, 199))
    other.putpixel((299, 199), (red, green, blue ^ 1))
    a, b = (saved(scenes.encoded(picture, "PNG")) for picture in (one, other))
    assert not await pixels.same_pixels(a, b)


async def test_the_lower_bits_of_a_deep_picture_count(pixels, saved):
    deep = pictures.pixels(2).cast("ushort") * 257
    deep = deep.cast("ushort").copy(interpretation="rgb16")
    a = saved(deep.pngsave_buffer(bitdepth=16))
    b = saved((deep + 1).cast("ushort").copy(interpretation="rgb16").pngsave_buffer(bitdepth=16))
    assert not await pixels.same_pixels(a, b)


async def test_a_white_thing_on_nothing_is_no_white_sheet(pixels, saved):
    sheet = scenes.encoded(Image.new("RGB", (90, 60), "white"), "PNG")
    thing = scenes.encoded(Image.new("RGBA", (90, 60), (255, 255, 255, 0)), "PNG")
    solid = scenes.encoded(Image.new("RGBA", (90, 60), "white"), "PNG")
    assert not await pixels.same_pixels(saved(sheet), saved(thing))
    assert await pixels.same_pixels(saved(sheet), saved(solid))


async def test_colours_count_not_the_numbers_of_a_profile(pixels, saved):
    plain = pyvips.Image.new_from_memory(scenes.scene(3, 90, 60).tobytes(), 90, 60, 3, "uchar")
    plain = plain.copy(interpretation="srgb")
    wide = plain.icc_transform("p3", input_profile="srgb")
    with_profile = wide.pngsave_buffer()
    without = wide.pngsave_buffer(keep="none")
    assert await pixels.same_pixels(saved(with_profile), saved(wide.tiffsave_buffer()))
    assert not await pixels.same_pixels(saved(with_profile), saved(without))


async def test_the_difference_marks_what_differs_and_nothing_else(pixels, saved, tmp_path):
    one = scenes.scene(4)
    other = one.copy()
    ImageDraw.Draw(other).rectangle((300, 200, 450, 300), "#00ff00")
    small = other.resize((450, 300))
    into = tmp_path / "difference.png"
    share = await pixels.difference(saved(scenes.encoded(one)), saved(scenes.encoded(small)), into)
    seen = np.asarray(Image.open(into)).astype(int)
    marked = seen[:, :, 0] - seen[:, :, 1] > 100
    assert seen.shape == (600, 900, 3)
    assert marked[210:290, 310:440].mean() > 0.9
    assert marked[:150].mean() < 0.01
    assert share == pytest.approx(marked.mean(), abs=0.005)


async def test_a_picture_differs_from_itself_nowhere(pixels, saved, tmp_path):
    one = saved(scenes.jpeg(5))
    other = saved(scenes.jpeg(5, progressive=True))
    assert await pixels.difference(one, other, tmp_path / "difference.png") == 0


async def test_a_difference_is_never_written_over_a_file(pixels, saved, tmp_path):
    precious = tmp_path / "precious.png"
    precious.write_bytes(b"precious")
    one = saved(pictures.jpeg())
    with pytest.raises(FileExistsError):
        await pixels.difference(one, one, precious)
    assert precious.read_bytes() == b"precious"
    assert await pixels.same_pixels(one, one)


async def test_a_comparison_leaves_no_descriptor_open(pixels, saved, tmp_path):
    one = saved(pictures.jpeg())
    await pixels.same_pixels(one, one)
    before = psutil.Process().num_fds()
    for number in range(5):
        await pixels.same_pixels(one, one)
        await pixels.difference(one, one, tmp_path / f"{number}.png")
    assert psutil.Process().num_fds() == before


async def test_pictures_too_large_for_memory_are_refused(saved):
    pool = Pixels(1, Limits(max_pixels=10**9, memory_mb=512))
    huge = saved(pictures.huge_png_header(16_000, 12_000, interlaced=True))
    try:
        with pytest.raises(Unreadable):
            await pool.same_pixels(huge, huge)
    finally:
        await pool.close()
