"""What a header says, and what is refused before a pixel is decoded."""

from dataclasses import replace
from datetime import datetime

import pytest
import pyvips

from calotype.imaging import (
    Limits,
    NotAPicture,
    Pixels,
    Probe,
    TooManyFrames,
    TooManyPixels,
    Unreadable,
)
from tests import pictures

GOOD = {
    "image/jpeg": [
        pictures.jpeg(),
        pictures.jpeg(progressive=True),
        pictures.grey_jpeg(),
        pictures.cmyk_jpeg(),
        pictures.telling_jpeg(),
        pictures.motion_jpeg(),
    ],
    "image/png": [
        pictures.png(),
        pictures.png(depth=16),
        pictures.png(alpha=True),
        pictures.telling_png(),
    ],
    "image/webp": [pictures.webp(), pictures.webp(lossless=True), pictures.telling_webp()],
    "image/tiff": [
        pictures.tiff(),
        pictures.tiff(tiled=True),
        pictures.telling_tiff(),
        pictures.telling_tiff(big=True),
    ],
    "image/avif": [pictures.avif(), pictures.telling_avif()],
    "image/heic": [pictures.heic(), pictures.telling_heic()],
}
EACH_GOOD = [(kind, data) for kind, group in GOOD.items() for data in group]


@pytest.mark.parametrize(("media_type", "data"), EACH_GOOD)
async def test_a_good_picture_is_recognised_measured_and_decoded(pixels, saved, media_type, data):
    file = saved(data)
    probe = await pixels.probe(file)
    assert (probe.media_type, probe.width, probe.height) == (media_type, 64, 48)
    await pixels.decode(file)


@pytest.mark.parametrize("data", [pictures.gif(), pictures.animated_webp()])
async def test_the_frames_of_an_animation_are_counted(pixels, saved, data):
    file = saved(data)
    probe = await pixels.probe(file)
    assert (probe.width, probe.height, probe.frames) == (32, 24, 3)
    await pixels.decode(file)


async def test_the_pages_of_a_tiff_are_counted(pixels, saved):
    assert (await pixels.probe(saved(pictures.telling_tiff(pages=3)))).frames == 3


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_picture_lying_on_its_side_is_measured_upright(pixels, saved, orientation):
    probe = await pixels.probe(saved(pictures.oriented_jpeg(orientation=orientation)))
    assert probe.orientation == orientation
    assert (probe.width, probe.height) == ((64, 48) if orientation < 5 else (48, 64))


@pytest.mark.parametrize(
    "data",
    [
        pictures.telling_jpeg(),
        pictures.telling_png(),
        pictures.telling_webp(),
        pictures.telling_tiff(),
        pictures.telling_avif(),
        pictures.telling_heic(),
    ],
)
async def test_camera_and_time_are_read_from_every_format(pixels, saved, data):
    probe = await pixels.probe(saved(data))
    assert probe.camera == pictures.MODEL
    assert probe.taken_at == datetime.fromisoformat("2024-05-17T12:30")


async def test_the_colour_profile_is_named(pixels, saved):
    assert (await pixels.probe(saved(pictures.telling_jpeg()))).colour_profile == "sRGB"
    assert (await pixels.probe(saved(pictures.jpeg()))).colour_profile is None


async def test_transparency_is_noticed(pixels, saved):
    assert (await pixels.probe(saved(pictures.png(alpha=True)))).has_alpha
    assert not (await pixels.probe(saved(pictures.png()))).has_alpha


async def test_odd_exif_is_no_reason_to_refuse_a_picture(pixels, saved):
    told = pictures.exif(6)
    for odd in (told[:20], told[:4] + b"\xff" * 40, b"II*\0" + told[4:], b""):
        file = saved(pictures.jpeg_with_exif(odd))
        assert (await pixels.probe(file)).width in {48, 64}
        await pixels.decode(file)


@pytest.mark.parametrize(
    "data", [b"", b"\xff", pictures.text_named_jpg(), pictures.svg(), b"%PDF-1.7\n", b"BM" * 99]
)
async def test_what_is_no_picture_of_a_kept_kind_is_refused(pixels, saved, data):
    with pytest.raises(NotAPicture):
        await pixels.probe(saved(data))


async def test_the_name_of_a_file_says_nothing(pixels, tmp_path):
    text = tmp_path / "list.jpg"
    text.write_bytes(pictures.text_named_jpg())
    picture = tmp_path / "list.txt"
    picture.write_bytes(pictures.png())
    with pytest.raises(NotAPicture):
        await pixels.probe(text)
    assert (await pixels.probe(picture)).media_type == "image/png"


async def test_a_picture_by_its_first_bytes_only_is_unreadable(pixels, saved):
    for data in (pictures.jpeg()[:20], pictures.png()[:20], b"GIF89a", pictures.heic()[:40]):
        with pytest.raises(Unreadable):
            await pixels.probe(saved(data))


async def test_an_enormous_picture_is_refused_by_its_header(pixels, saved):
    with pytest.raises(TooManyPixels, match="60000 x 60000"):
        await pixels.probe(saved(pictures.huge_png_header(60_000, 60_000)))


async def test_pixels_are_budgeted_as_sides_and_in_all(saved):
    pool = Pixels(limits=Limits(max_side=100, max_pixels=5_000))
    try:
        await pool.probe(saved(pictures.png(width=100, height=50)))
        for width, height in ((101, 2), (2, 101), (100, 51)):
            with pytest.raises(TooManyPixels):
                await pool.probe(saved(pictures.png(width=width, height=height)))
    finally:
        await pool.close()


async def test_frames_are_budgeted_in_number(pixels, saved):
    with pytest.raises(TooManyFrames):
        await pixels.probe(saved(pictures.many_frames_gif(107_000)))
    assert (await pixels.probe(saved(pictures.many_frames_gif(300)))).frames == 300
    with pytest.raises(TooManyFrames):
        await pixels.probe(saved(pictures.many_frames_gif(301)))


async def test_frames_are_budgeted_in_pixels(saved):
    pool = Pixels(limits=replace(Limits(), max_animated_pixels=32 * 24 * 3))
    try:
        for kind in (pictures.gif, pictures.animated_webp):
            await pool.probe(saved(kind(frames=3)))
            with pytest.raises(TooManyPixels):
                await pool.probe(saved(kind(frames=4)))
    finally:
        await pool.close()


async def test_a_picture_of_many_pixels_is_decoded_without_a_file_to_help(pixels, saved):
    flat = pyvips.Image.black(7000, 6000, bands=3)
    await pixels.decode(saved(flat.webpsave_buffer(effort=0)))


async def test_what_is_over_the_budget_is_not_decoded_either(pixels, saved):
    with pytest.raises(TooManyPixels):
        await pixels.decode(saved(pictures.huge_png_header()))


WHOLE = [
    pictures.jpeg(width=640, height=480),
    pictures.jpeg(width=640, height=480, progressive=True),
    pictures.png(),
    pictures.webp(width=640, height=480),
    pictures.gif(),
    pictures.tiff(),
    pictures.avif(width=640, height=480),
    pictures.heic(width=640, height=480),
]


@pytest.mark.parametrize("whole", WHOLE)
async def test_a_truncated_file_is_not_decoded(pixels, saved, whole):
    for kept in (0.9, 0.6):
        with pytest.raises(Unreadable):
            await pixels.decode(saved(whole[: int(len(whole) * kept)]))


async def test_a_truncated_jpeg_passes_the_probe_and_fails_to_decode(pixels, saved):
    file = saved(pictures.truncated_jpeg())
    assert (await pixels.probe(file)).width == 640
    with pytest.raises(Unreadable, match="premature end"):
        await pixels.decode(file)


async def test_a_probe_survives_being_written_down(pixels, saved):
    for data in (pictures.telling_jpeg(), pictures.telling_tiff(), pictures.truncated_jpeg()):
        probe = await pixels.probe(saved(data))
        assert Probe.from_json(probe.to_json()) == probe
