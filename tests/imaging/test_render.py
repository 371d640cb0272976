"""What is made of a picture: sizes, formats, shapes, colours, and nothing that it must not tell."""

import io
import os
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import psutil
import pytest
import pyvips
from PIL import Image, ImageCms

from calotype.imaging import (
    MOST_ORDERS,
    Crop,
    FocalPoint,
    ImagingUnavailable,
    Limits,
    NotAPicture,
    NotRendered,
    Order,
    Pixels,
    Rendered,
    TooManyPixels,
    Unreadable,
)
from tests import pictures

AVIF, WEBP, JPEG, PNG = "image/avif", "image/webp", "image/jpeg", "image/png"
OF_FORMAT = {"avif": AVIF, "webp": WEBP, "jpeg": JPEG, "png": PNG}
TELLING = {
    "jpeg": pictures.telling_jpeg, "png": pictures.telling_png, "webp": pictures.telling_webp,
    "gif": pictures.telling_gif, "tiff": pictures.telling_tiff, "avif": pictures.telling_avif,
    "heic": pictures.telling_heic,
}  # fmt: skip


@pytest.fixture
def rendered(pixels, saved, tmp_path):
    """Render bytes by orders; answer with what was told and with the files' bytes."""

    async def render(data: bytes, *orders: Order, by: Pixels = pixels):
        folder = tmp_path / os.urandom(4).hex()
        folder.mkdir()
        into = [folder / str(place) for place in range(len(orders))]
        outcomes = await by.render(saved(data), orders, into)
        return list(zip(outcomes, [file.read_bytes() for file in into], strict=True))

    return render


@asynccontextmanager
async def _pool(**limits):
    pool = Pixels(limits=replace(Limits(), **limits))
    try:
        yield pool
    finally:
        await pool.close()


def opened(data: bytes) -> pyvips.Image:
    return pyvips.Image.new_from_buffer(data, "", n=-1) if data[:4] == b"RIFF" else (
        pyvips.Image.new_from_buffer(data, "")
    )  # fmt: skip


def array(data: bytes) -> np.ndarray:
    return opened(data).colourspace("srgb").numpy().astype(int)


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """How far two pictures are apart, on average, out of 255."""
    return float(np.abs(one[..., :3] - other[..., :3]).mean())


def halves(left: tuple, right: tuple, width: int = 64, height: int = 48) -> Image.Image:
    picture = Image.new("RGB", (width, height), left)
    picture.paste(right, (width // 2, 0, width, height))
    return picture


def png_of(picture: Image.Image, **options) -> bytes:
    target = io.BytesIO()
    picture.save(target, "PNG", **options)
    return target.getvalue()


@pytest.mark.parametrize("form", OF_FORMAT)
async def test_each_format_is_what_its_name_says(rendered, form):
    [(told, data)] = await rendered(
        pictures.jpeg(width=300, height=200), Order(format=form, width=100)
    )
    assert told == Rendered(media_type=OF_FORMAT[form], width=100, height=67, size_bytes=len(data))
    assert (opened(data).width, opened(data).height) == (100, 67)


@pytest.mark.parametrize("form", OF_FORMAT)
async def test_a_rendition_looks_like_its_original(rendered, form):
    """Beside the same picture shrunk by another program."""
    source = pictures.pixels(3, 600, 400)
    small = Image.fromarray(source.numpy()).resize((300, 200), Image.Resampling.LANCZOS)
    [(_, data)] = await rendered(source.pngsave_buffer(), Order(format=form, width=300))
    assert apart(array(data), np.asarray(small).astype(int)) < 4


async def test_all_sizes_come_in_the_order_in_which_they_were_asked_for(rendered):
    widths = (50, 300, 1, 120, 300)
    made = await rendered(
        pictures.jpeg(width=300, height=200), *(Order(format="webp", width=w) for w in widths)
    )
    assert tuple(opened(data).width for _, data in made) == widths


async def test_a_picture_is_never_enlarged(rendered):
    made = await rendered(
        pictures.jpeg(width=64, height=48),
        Order(format="jpeg", width=400), Order(format="jpeg", width=400, height=400),
        Order(format="jpeg", width=100, crop=Crop(width=0.5)),
    )  # fmt: skip
    assert [(told.width, told.height) for told, _ in made] == [(64, 48), (48, 48), (32, 48)]


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_rendition_stands_upright(rendered, orientation):
    source = pictures.oriented_jpeg(5, orientation)
    upright = pyvips.Image.new_from_buffer(source, "").autorot()
    [(told, data)] = await rendered(source, Order(format="png", width=1000))
    assert (told.width, told.height) == (upright.width, upright.height)
    assert apart(array(data), upright.numpy().astype(int)) < 1


async def test_a_crop_is_of_the_upright_picture(rendered):
    source = pictures.oriented_jpeg(5, 6)
    upright = pyvips.Image.new_from_buffer(source, "").autorot()
    crop = Crop(left=0.25, top=0.5, width=0.5, height=0.25)
    [(_, data)] = await rendered(source, Order(format="png", width=1000, crop=crop))
    expected = upright.crop(12, 32, 24, 16).numpy().astype(int)
    assert apart(array(data), expected) < 1


@pytest.mark.parametrize(
    ("point", "expected"), [(0.0, (255, 0, 0)), (0.25, (255, 0, 0)), (1.0, (0, 0, 255))]
)
async def test_the_focal_point_stays_in_sight_where_a_shape_cuts(rendered, point, expected):
    source = png_of(halves((255, 0, 0), (0, 0, 255), 200, 50))
    order = Order(format="png", width=40, height=40, focal_point=FocalPoint(x=point, y=0.5))
    [(told, data)] = await rendered(source, order)
    assert (told.width, told.height) == (40, 40)
    assert apart(array(data), np.full((40, 40, 3), expected)) < 3


async def test_a_shape_is_cut_out_of_the_crop_and_not_beyond(rendered):
    source = png_of(halves((255, 0, 0), (0, 0, 255), 200, 50))
    order = Order(
        format="png", width=40, height=40, crop=Crop(width=0.5), focal_point=FocalPoint(x=1.0)
    )
    [(_, data)] = await rendered(source, order)
    assert apart(array(data), np.full((40, 40, 3), (255, 0, 0))) < 3


@pytest.mark.parametrize("name", TELLING)
@pytest.mark.parametrize("form", OF_FORMAT)
async def test_a_rendition_tells_nothing_that_the_original_did(rendered, name, form):
    [(_, data)] = await rendered(TELLING[name](), Order(format=form, width=40))
    assert pictures.TELLTALE not in data
    assert {"exif-data", "xmp-data", "iptc-data", "icc-profile-data"}.isdisjoint(
        opened(data).get_fields()
    )


async def test_colours_of_a_wide_profile_become_those_of_srgb(rendered):
    """Full red of Display P3 is redder than sRGB can be; half of it is a certain other red."""
    p3 = pyvips.Image.black(2, 2, bands=3).copy(interpretation="srgb")
    profile = p3.icc_export(output_profile="p3").get("icc-profile-data")
    source = png_of(Image.new("RGB", (64, 48), (128, 100, 90)), icc_profile=profile)
    [(_, data)] = await rendered(source, Order(format="png", width=20))
    to_srgb = ImageCms.profileToProfile(
        Image.new("RGB", (1, 1), (128, 100, 90)),
        ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"),
    )  # fmt: skip
    expected = np.asarray(to_srgb)[0, 0].astype(int)
    assert expected[0] > 130
    assert apart(array(data), np.full((15, 20, 3), expected)) < 2


async def test_a_profile_that_is_nonsense_does_not_matter(rendered):
    source = png_of(Image.new("RGB", (64, 48), (10, 200, 90)), icc_profile=b"nonsense" * 40)
    [(_, data)] = await rendered(source, Order(format="png", width=20))
    assert apart(array(data), np.full((15, 20, 3), (10, 200, 90))) < 2


@pytest.mark.parametrize(
    "source",
    [
        pictures.grey_jpeg(), pictures.cmyk_jpeg(), pictures.png(depth=16), pictures.heic(),
        pictures.avif(), pictures.tiff(), pictures.telling_tiff(), pictures.webp(lossless=True),
        pictures.jpeg(progressive=True), png_of(Image.new("P", (64, 48), 7)),
        png_of(Image.new("1", (64, 48), 1)), png_of(Image.new("LA", (64, 48), (90, 255))),
    ],
    ids=["grey", "cmyk", "16 bit", "heic", "avif", "tiff", "pages", "lossless", "progressive",
         "palette", "black and white", "grey alpha"],
)  # fmt: skip
async def test_pictures_of_every_kind_become_plain_srgb(rendered, source):
    for told, data in await rendered(
        source, *(Order(format=form, width=40) for form in ("avif", "webp", "jpeg"))
    ):
        assert (told.width, told.height) == (40, 30)
        assert (opened(data).bands, opened(data).interpretation) == (3, "srgb")


async def test_what_is_seen_through_stays_so_and_is_png_where_jpeg_was_asked_for(rendered):
    clear = halves((255, 0, 0), (0, 0, 255)).convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    made = await rendered(
        png_of(clear), *(Order(format=form, width=40) for form in ("avif", "webp", "jpeg"))
    )
    assert [told.media_type for told, _ in made] == [AVIF, WEBP, PNG]
    for _, data in made:
        alpha = opened(data)[3].numpy()
        assert alpha[0].mean() < 20
        assert alpha[-1].mean() > 235


async def test_alpha_that_hides_nothing_is_no_reason_for_png(rendered):
    opaque = halves((255, 0, 0), (0, 0, 255)).convert("RGBA")
    [(told, data)] = await rendered(png_of(opaque), Order(format="jpeg", width=40))
    assert told.media_type == JPEG
    assert opened(data).bands == 3


@pytest.mark.parametrize("source", [pictures.gif(frames=5), pictures.animated_webp(frames=5)])
async def test_what_moves_keeps_moving_in_webp_also_where_avif_was_asked_for(rendered, source):
    made = await rendered(source, *(Order(format=f, width=16) for f in ("avif", "webp", "jpeg")))
    assert [told.media_type for told, _ in made] == [WEBP, WEBP, JPEG]
    assert {(told.width, told.height) for told, _ in made} == {(16, 12)}
    for _, data in made[:2]:
        image = opened(data)
        assert (image.get("n-pages"), image.get_page_height()) == (5, 12)
        assert image.get("delay") == [80] * 5
    assert opened(made[2][1]).height == 12


async def test_every_frame_of_what_moves_is_cropped(rendered):
    frames = [halves((255, 0, 0), (0, 0, shade)) for shade in (90, 170, 250)]
    target = io.BytesIO()
    frames[0].save(
        target, "WEBP", save_all=True, append_images=frames[1:], duration=50, lossless=True
    )
    order = Order(format="webp", width=16, crop=Crop(left=0.5, width=0.5))
    [(told, data)] = await rendered(target.getvalue(), order)
    assert (told.width, told.height) == (16, 24)
    blue = array(data)[..., 2].reshape(3, -1).mean(axis=1)
    assert np.abs(blue - [90, 170, 250]).max() < 6


async def test_a_quick_avif_is_larger_and_as_good(rendered):
    source = pictures.jpeg(width=800, height=600)
    made = await rendered(
        source, Order(format="avif", width=400), Order(format="avif", width=400, quick=True)
    )
    assert made[0][1] != made[1][1]
    assert apart(array(made[0][1]), array(made[1][1])) < 4


async def test_colour_is_kept_at_full_resolution(rendered):
    """Red lettering on blue keeps its edges: every other column differs."""
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = (200, 30, 40)
    stripes[:, 1::2] = (40, 60, 190)
    source = png_of(Image.fromarray(stripes))
    for _, data in await rendered(source, *(Order(format=f, width=64) for f in ("avif", "jpeg"))):
        assert apart(array(data), stripes.astype(int)) < 25


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", NotAPicture),
        (pictures.text_named_jpg(), NotAPicture),
        (pictures.svg(), NotAPicture),
        (pictures.truncated_jpeg(), Unreadable),
        (pictures.png(width=300, height=300)[:2000], Unreadable),
        (pictures.huge_png_header(), TooManyPixels),
    ],
    ids=["empty", "text", "svg", "cut jpeg", "cut png", "huge"],
)
async def test_what_is_no_sound_picture_is_refused(rendered, pixels, data, error):
    with pytest.raises(error):
        await rendered(data, Order(format="webp", width=50))
    [(told, _)] = await rendered(pictures.jpeg(), Order(format="webp", width=50))
    assert told.width == 50


async def test_an_encoder_that_fails_does_not_fail_the_others(rendered):
    """WebP takes no more than 16383 pixels a side."""
    async with _pool(max_side=20_000) as generous:
        made = await rendered(
            pictures.png(width=17_000, height=2), Order(format="webp", width=17_000),
            Order(format="jpeg", width=17_000), by=generous,
        )  # fmt: skip
    assert isinstance(made[0][0], NotRendered)
    assert "too large" in made[0][0].reason
    assert made[0][1] == b""
    assert made[1][0].width == 17_000


async def test_a_file_that_cannot_be_written_is_no_fault_of_the_picture(rendered):
    """As on a full disk; here the child may write nothing."""
    async with _pool(written_mb=0) as narrow:
        with pytest.raises(ImagingUnavailable, match="too large"):
            await rendered(pictures.jpeg(), Order(format="jpeg", width=50), by=narrow)


async def test_a_child_is_kept_for_the_next_picture_and_within_its_memory(rendered, pixels):
    orders = [
        Order(format=form, width=width)
        for width in (1200, 800, 400, 150)
        for form in ("avif", "webp", "jpeg")
    ]
    source = pictures.jpeg(width=3000, height=2000)
    await rendered(source, *orders)
    (pid,) = pixels.pids
    await rendered(source, *orders)
    assert pixels.pids == [pid]
    assert psutil.Process(pid).memory_info().rss < 200 << 20


async def test_more_orders_than_a_child_has_files_for_are_a_mistake(rendered):
    with pytest.raises(AssertionError):
        await rendered(
            pictures.jpeg(), *(Order(format="jpeg", width=9) for _ in range(MOST_ORDERS + 1))
        )


async def test_as_many_orders_as_allowed_are_carried_out(rendered):
    made = await rendered(
        pictures.jpeg(), *(Order(format="jpeg", width=w) for w in range(10, 10 + MOST_ORDERS))
    )
    assert [told.width for told, _ in made] == list(range(10, 10 + MOST_ORDERS))
