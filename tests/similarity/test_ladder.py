"""Which rung two pictures stand on, by pictures that were altered in known ways."""

from dataclasses import replace
from functools import cache

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from calotype.imaging import Limits, looking, reading
from calotype.similarity import WIDE_DISTANCE, Evidence, Figure, compare
from calotype.similarity.details import shared
from tests import pictures, scenes

NEAR_DISTANCE = 5


@cache
def scene():
    return scenes.scene(7)


def look(data, tmp_path):
    file = tmp_path / f"{len(list(tmp_path.iterdir()))}.bin"
    file.write_bytes(data)
    with file.open("rb") as opened:
        return looking.fingerprint(reading.Opened(opened.fileno(), data, Limits()))


@pytest.fixture
def compared(tmp_path):
    """Compare two pictures in both orders, which has to make no difference."""

    def compare_both(a, b, near_distance=NEAR_DISTANCE):
        one, other = (
            look(scenes.encoded(each) if isinstance(each, Image.Image) else each, tmp_path)
            for each in (a, b)
        )
        there, back = compare(one, other, near_distance), compare(other, one, near_distance)
        assert (there.certainty, there.distance) == (back.certainty, back.distance)
        assert there.evidence == back.evidence
        return there

    return compare_both


def product(body="#b02a30", trim="#303438", label="#f0e6c8"):
    """A shirt on white."""
    picture = Image.new("RGB", (900, 900), "white")
    pen = ImageDraw.Draw(picture)
    pen.polygon([(250, 200), (650, 200), (780, 380), (680, 440), (640, 380), (640, 780),
                 (260, 780), (260, 380), (220, 440), (120, 380)], body)  # fmt: skip
    pen.arc((370, 130, 530, 260), 10, 170, trim, 18)
    pen.rectangle((400, 350, 470, 400), label)
    return picture


NEAR = {
    "encoded anew": lambda: scenes.encoded(scene(), quality=40),
    "as webp": lambda: scenes.encoded(scene(), "WEBP", quality=70),
    "half as large": lambda: scene().resize((450, 300)),
    "a thumbnail": lambda: scene().resize((150, 100), Image.Resampling.LANCZOS),
}


@pytest.mark.parametrize("name", NEAR)
def test_these_are_near(compared, name):
    likeness = compared(scene(), NEAR[name]())
    assert likeness.certainty == "near"
    assert likeness.evidence.holds


VARIANTS = {
    "other body": {"body": "#2a8a50"},
    "slightly other body": {"body": "#b03a50"},
    "other trim": {"trim": "#b8862c"},
    "other label": {"label": "#c8f0e6"},
    "a lighter body": {"body": "#c03a40"},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_another_colour_is_a_variant_however_small_the_part(compared, name):
    assert compared(product(), product(**VARIANTS[name])).certainty == "variant"


def test_black_and_grey_differ_in_luminance_only(compared):
    likeness = compared(product(body="#1c1c1c"), product(body="#3c3c3c"))
    figures = {figure.name: figure.value for figure in likeness.evidence.figures}
    assert likeness.certainty == "variant"
    assert figures["luminance"] > 20
    assert figures["chroma"] < 3


@pytest.mark.parametrize("transpose", Image.Transpose)
def test_turned_and_mirrored_pictures_are_similar(compared, transpose):
    likeness = compared(scene(), scene().transpose(transpose))
    assert likeness.certainty == "similar"
    assert likeness.orientation > 1


def test_the_orientation_says_how_to_turn_the_second_picture(tmp_path):
    one, other = (look(scenes.encoded(each), tmp_path) for each in (
        scene(), scene().transpose(Image.Transpose.ROTATE_90)))  # fmt: skip
    assert compare(one, other, NEAR_DISTANCE).orientation == 6
    assert compare(other, one, NEAR_DISTANCE).orientation == 8


SIMILAR = {
    "a little darker": lambda: scenes.brighter(scene(), 0.85),
    "darker": lambda: scenes.brighter(scene(), 0.7),
    "cropped": lambda: scene().crop((60, 40, 860, 570)),
    "cropped much": lambda: scene().crop((120, 80, 840, 560)),
    "framed": lambda: ImageOps.expand(scene(), 60, "white"),
}


@pytest.mark.parametrize("name", SIMILAR)
def test_these_are_similar(compared, name):
    assert compared(scene(), SIMILAR[name]()).certainty == "similar"


def test_strangers_stand_on_no_rung(compared):
    for seed in range(8, 12):
        assert compared(scene(), scenes.scene(seed)).certainty is None


def test_flat_pictures_stand_on_no_rung_not_even_with_themselves(compared):
    white = Image.new("RGB", (800, 600), "white")
    likeness = compared(white, white)
    assert likeness.certainty is None
    assert likeness.evidence.weakest.name == "flatness"
    assert compared(white, Image.new("RGB", (800, 600), "#2040c0")).certainty is None


def test_a_stretched_picture_is_not_near(compared):
    likeness = compared(scene(), scene().resize((900, 700)))
    assert likeness.certainty == "similar"
    assert likeness.evidence.weakest.name == "aspect"


def test_the_near_distance_is_a_setting_that_evidence_does_not_replace(compared):
    noisy = scenes.encoded(scene(), quality=8)
    likeness = compared(scene(), noisy, near_distance=20)
    assert likeness.distance > 0
    assert compared(scene(), noisy, near_distance=0).certainty != "near"


def test_beyond_the_near_distance_everything_else_has_to_agree_better(tmp_path):
    one = look(scenes.encoded(product()), tmp_path)
    other = replace(one, phash=_changed(one.phash, 9), small=_brighter(one.small, 5))
    assert compare(one, replace(other, phash=one.phash), NEAR_DISTANCE).certainty == "near"
    assert compare(one, other, NEAR_DISTANCE).certainty != "near"
    assert compare(one, replace(other, small=one.small), NEAR_DISTANCE).certainty == "near"


def test_nothing_is_near_beyond_the_wide_distance(tmp_path):
    one = look(scenes.encoded(scene()), tmp_path)
    other = replace(one, phash=_changed(one.phash, WIDE_DISTANCE + 1))
    assert compare(one, other, WIDE_DISTANCE).certainty != "near"


def test_the_weakest_link_is_the_one_nearest_to_its_limit():
    evidence = Evidence((Figure("phash", 2, 5), Figure("chroma", 5.9, 6.0), Figure("aspect", 0, 0)))
    assert evidence.weakest.name == "chroma"
    assert evidence.holds
    assert evidence.to_json()["weakest"] == "chroma"
    assert not Evidence((Figure("missing", 1, 0),)).holds


def test_a_small_picture_of_the_phone_and_a_text_page_are_strangers(compared):
    page = Image.new("RGB", (700, 900), "white")
    for line in range(30):
        ImageDraw.Draw(page).text((60, 60 + 26 * line), f"line {line} says {line**3}", "black")
    assert compared(page, pictures.heic(1, 700, 900)).certainty is None


def test_details_are_shared_only_in_the_same_arrangement(tmp_path):
    whole = look(scenes.encoded(scene()), tmp_path).tiles
    scattered = tuple(
        tile[:8] + bytes([7 * i % 240, 53 * i % 160, tile[10]]) for i, tile in enumerate(whole)
    )
    assert shared(whole, whole) == len(set(whole))
    assert shared(whole, scattered) < 5


def _changed(phash: bytes, bits: int) -> bytes:
    number = int.from_bytes(phash) ^ (1 << bits) - 1
    return number.to_bytes(len(phash))


def _brighter(small: bytes, by: int) -> bytes:
    """One cell of the luminance, which comes first."""
    return bytes([small[0] - by if small[0] > 127 else small[0] + by]) + small[1:]


def test_a_sharpened_and_a_desaturated_picture_are_told_apart(compared):
    assert compared(scene(), ImageEnhance.Sharpness(scene()).enhance(1.3)).certainty == "near"
    assert compared(scene(), ImageEnhance.Color(scene()).enhance(0.5)).certainty == "variant"
