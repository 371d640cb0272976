"""A fingerprint says the same of a picture whatever file it comes in, and nothing of nonsense."""

import asyncio
import io
import os
import signal

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageOps

from calotype.imaging import (
    Fingerprint,
    ImagingUnavailable,
    NotAPicture,
    Pixels,
    TooManyFrames,
    TooManyPixels,
    Unreadable,
    looks,
    turned,
)
from calotype.imaging.frames import within_frame
from calotype.imaging.thumbhash import thumbhash
from calotype.imaging.tiles import tiles
from tests import pictures, scenes


def bits_apart(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def upside(fingerprint: Fingerprint, other: Fingerprint) -> tuple[int, int]:
    return (
        bits_apart(fingerprint.phash, other.phash),
        bits_apart(fingerprint.dhash, other.dhash),
    )


async def test_every_container_has_the_same_fingerprint(pixels, saved):
    first = await pixels.fingerprint(saved(scenes.jpeg(quality=92)))
    for name, data in scenes.containers().items():
        found = await pixels.fingerprint(saved(data))
        phash, dhash = upside(found, first)
        assert phash <= 4, name
        assert dhash <= 8, name
        assert (found.width, found.height) == (first.width, first.height)


async def test_hashes_agree_with_what_imagehash_computes(pixels, saved):
    picture = scenes.scene()
    found = await pixels.fingerprint(saved(scenes.jpeg(quality=92)))
    grey = picture.convert("L")
    square = np.asarray(grey.resize((64, 64), Image.Resampling.LANCZOS), np.float64)
    at = np.cos(np.pi / 128 * np.arange(16)[:, None] * (2 * np.arange(64) + 1))
    waves = at @ square @ at.T
    phash = np.packbits(waves > np.median(waves)).tobytes()
    row = np.asarray(grey.resize((17, 16), Image.Resampling.LANCZOS))
    dhash = np.packbits(row[:, 1:] > row[:, :-1]).tobytes()
    assert bits_apart(found.phash, phash) <= 4
    assert bits_apart(found.dhash, dhash) <= 4


@pytest.mark.parametrize("orientation", range(2, 9))
async def test_a_picture_that_lies_is_stood_upright_first(pixels, saved, orientation):
    upright = await pixels.fingerprint(saved(scenes.jpeg()))
    found = await pixels.fingerprint(saved(scenes.lying_jpeg(orientation)))
    assert (found.width, found.height) == (upright.width, upright.height)
    assert max(upside(found, upright)) <= 6
    assert np.abs(small(found) - small(upright)).max() <= 6


@pytest.mark.parametrize("orientation", range(2, 9))
async def test_it_knows_the_hash_of_every_other_orientation(pixels, saved, orientation):
    upright = await pixels.fingerprint(saved(scenes.jpeg()))
    other = Image.fromarray(turned(np.asarray(scenes.scene()), orientation))
    found = await pixels.fingerprint(saved(scenes.encoded(other)))
    assert bits_apart(upright.turned[orientation - 2], found.phash) <= 6


async def test_transparent_pictures_lie_on_white(pixels, saved):
    clear = Image.new("RGBA", (400, 300), (0, 0, 0, 0))
    clear.paste((200, 30, 30, 255), (150, 100, 300, 250))
    solid = Image.new("RGB", clear.size, "white")
    solid.paste((200, 30, 30), (150, 100, 300, 250))
    one = await pixels.fingerprint(saved(scenes.encoded(clear, "PNG")))
    other = await pixels.fingerprint(saved(scenes.encoded(solid, "PNG")))
    assert one == other
    assert min(one.colour.to_bytes(3)) > 250


async def test_sixteen_bits_cmyk_and_grey_are_looked_at(pixels, saved):
    eight = await pixels.fingerprint(saved(pictures.png(3)))
    sixteen = await pixels.fingerprint(saved(pictures.png(3, depth=16)))
    assert upside(eight, sixteen) == (0, 0)
    assert (await pixels.fingerprint(saved(pictures.cmyk_jpeg()))).quality > 50
    grey = await pixels.fingerprint(saved(pictures.grey_jpeg()))
    assert set(grey.small[1024:]) == {128}


async def test_a_wide_gamut_is_seen_in_its_own_colours(pixels, saved):
    plain = pyvips.Image.new_from_memory(scenes.scene().tobytes(), 900, 600, 3, "uchar")
    plain = plain.copy(interpretation="srgb")
    wide = plain.icc_transform("p3", input_profile="srgb")
    one = await pixels.fingerprint(saved(plain.jpegsave_buffer(Q=95, keep="none")))
    other = await pixels.fingerprint(saved(wide.jpegsave_buffer(Q=95)))
    assert np.abs(small(one) - small(other)).max() <= 4
    bare = await pixels.fingerprint(saved(wide.jpegsave_buffer(Q=95, keep="none")))
    assert np.abs(small(one) - small(bare)).max() > 8


async def test_tiny_and_thin_pictures_have_one_too(pixels, saved):
    for width, height in ((1, 1), (2000, 1), (1, 900), (15, 17)):
        for make in (pictures.png, pictures.jpeg):
            found = await pixels.fingerprint(saved(make(0, width, height)))
            assert (found.width, found.height) == (width, height)


async def test_flat_pictures_have_no_quality(pixels, saved):
    for colour in ("white", "#2040c0"):
        flat = scenes.encoded(Image.new("RGB", (800, 600), colour))
        assert (await pixels.fingerprint(saved(flat))).quality == 0
    assert (await pixels.fingerprint(saved(scenes.jpeg()))).quality > 50


async def test_it_survives_its_own_journey(pixels, saved):
    found = await pixels.fingerprint(saved(scenes.jpeg()))
    assert Fingerprint.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("phash", "AAAA"), ("turned", []), ("small", ""), ("quality", 101), ("width", 0),
        ("colour", -1), ("tiles", ["AAAA"]), ("thumbhash", ""), ("dhash", "no base64"),
    ],
)  # fmt: skip
async def test_what_is_no_fingerprint_is_not_believed(pixels, saved, name, value):
    told = (await pixels.fingerprint(saved(pictures.jpeg()))).to_json()
    with pytest.raises(ValueError, match=r"fingerprint|base64|padding"):
        Fingerprint.from_json(told | {name: value})


BAD = {
    "truncated": (pictures.truncated_jpeg, Unreadable),
    "too many frames": (pictures.many_frames_gif, TooManyFrames),
    "huge": (pictures.huge_png_header, TooManyPixels),
    "text": (pictures.text_named_jpg, NotAPicture),
    "drawing": (pictures.svg, NotAPicture),
    "empty": (bytes, NotAPicture),
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_files_are_refused_by_every_verb(pixels, saved, tmp_path, name):
    make, refusal = BAD[name]
    bad, good = saved(make()), saved(pictures.jpeg(0, 640, 480))
    with pytest.raises(refusal):
        await pixels.fingerprint(bad)
    for a, b in ((bad, good), (good, bad)):
        with pytest.raises(refusal):
            await pixels.same_pixels(a, b)
        with pytest.raises(refusal):
            await pixels.difference(a, b, tmp_path / f"{a.name}-difference")


async def test_a_child_that_is_killed_takes_no_other_fingerprint_along(pixels, saved):
    file = saved(scenes.jpeg())
    before = await pixels.fingerprint(file)
    (pid,) = pixels.pids
    os.kill(pid, signal.SIGSTOP)
    task = asyncio.create_task(pixels.fingerprint(file))
    await asyncio.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ImagingUnavailable):
        await task
    assert await pixels.fingerprint(file) == before


async def test_several_children_look_at_once(saved):
    files = [saved(pictures.jpeg(seed, 300, 200)) for seed in range(6)]
    pool = Pixels(2)
    try:
        found = await asyncio.gather(*(pool.fingerprint(file) for file in files))
        assert len({each.phash for each in found}) > 1
        assert len(pool.pids) == 2
    finally:
        await pool.close()


def test_a_thumbhash_shows_colours_and_shape():
    colours = np.zeros((32, 32, 3), np.uint8)
    colours[:, :, 0] = 255
    told = thumbhash(colours, 400, 300)
    head = int.from_bytes(told[:3], "little")
    assert head & 63 == 21
    assert head >> 6 & 63 == 47
    assert head >> 12 & 63 == 63
    assert told[4] >> 7
    assert not thumbhash(colours, 300, 400)[4] >> 7


def test_the_dominant_colour_is_that_of_most_pixels():
    colours = np.full((32, 32, 3), 250, np.uint8)
    colours[:10] = (200, 30, 40)
    assert looks.dominant(colours) == 0xFAFAFA


def test_details_are_found_again_in_a_crop():
    grey = np.asarray(scenes.scene().convert("L").resize((160, 107)))
    crop = np.asarray(scenes.scene().convert("L").crop((90, 60, 810, 540)).resize((160, 107)))
    hashes = [{tile[:8] for tile in tiles(each)} for each in (grey, crop)]
    near = [min(bits_apart(one, other) for other in hashes[1]) for one in hashes[0]]
    assert sum(distance <= 10 for distance in near) >= 5
    assert tiles(np.zeros((160, 120), np.uint8)) == ()


@pytest.mark.parametrize("colour", ["white", "black"])
def test_a_frame_is_no_part_of_the_picture(colour):
    grey = scenes.scene().convert("L").resize((140, 94))
    framed = np.asarray(ImageOps.expand(grey, 10, colour))
    assert within_frame(framed) == (slice(10, 104), slice(10, 150))
    assert within_frame(np.asarray(grey)) == (slice(0, 94), slice(0, 140))


def test_the_white_around_a_thing_is_no_frame():
    grey = np.full((100, 100), 255, np.uint8)
    grey[30:80, 40:60] = 90
    assert within_frame(grey) == (slice(0, 100), slice(0, 100))
    assert within_frame(np.full((9, 9), 7, np.uint8)) == (slice(0, 9), slice(0, 9))


def small(fingerprint: Fingerprint) -> np.ndarray:
    return np.frombuffer(fingerprint.small, np.uint8).astype(int).reshape(3, 32, 32)


def test_a_photograph_can_be_opened_by_others():
    """The scene is a picture like any other, or all of the above would say little."""
    assert Image.open(io.BytesIO(scenes.jpeg())).size == (900, 600)
