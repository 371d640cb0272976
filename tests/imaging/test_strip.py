"""A stripped copy shows the same and tells nothing."""

import json
from itertools import pairwise

import pytest
import pyvips

from calotype.imaging import Literal, Range, Stripped, Zeros, strip
from calotype.imaging.exif import read
from calotype.imaging.strip import strip_bytes
from tests import pictures
from tests.imaging.copies import copied, sight

TELLING = {
    "jpeg": pictures.telling_jpeg(),
    "jpeg lying": pictures.telling_jpeg(orientation=6),
    "png": pictures.telling_png(),
    "png lying": pictures.telling_png(orientation=6),
    "webp": pictures.telling_webp(),
    "webp lying": pictures.telling_webp(orientation=6),
    "webp animated": pictures.animated_webp(),
    "gif": pictures.telling_gif(),
    "tiff": pictures.telling_tiff(),
    "tiff lying": pictures.telling_tiff(orientation=6),
    "tiff big": pictures.telling_tiff(big=True),
    "avif": pictures.telling_avif(),
    "heic": pictures.telling_heic(),
}
PLAIN = {
    "jpeg": pictures.jpeg(),
    "jpeg progressive": pictures.jpeg(progressive=True),
    "jpeg grey": pictures.grey_jpeg(),
    "jpeg cmyk": pictures.cmyk_jpeg(),
    "jpeg with a film": pictures.motion_jpeg(),
    "png deep": pictures.png(depth=16),
    "png animated": pictures.animated_png(),
    "webp": pictures.webp(),
    "webp lossless": pictures.webp(lossless=True),
    "gif": pictures.gif(),
    "gif of one frame": pictures.gif(frames=1),
    "tiff": pictures.tiff(),
    "tiff tiled": pictures.tiff(tiled=True),
    "avif": pictures.avif(),
    "heic": pictures.heic(),
}
SECRETS = (
    pictures.TELLTALE,
    pictures.MAKER.encode(),
    pictures.TAKEN.encode(),
    b"adobe",
    b"8BIM",
    b"Exif\0\0MM\0*\0\0\0\x08\0\x03",
)
LYING = [name for name in TELLING if name.endswith("lying")]


def stripped_copy(original: bytes) -> bytes:
    stripped = strip_bytes(original)
    assert stripped is not None
    made = copied(stripped, original)
    assert len(made) == stripped.size_bytes
    return made


@pytest.mark.parametrize("name", TELLING)
def test_nothing_that_tells_is_left(name):
    original = TELLING[name]
    made = stripped_copy(original)
    assert any(secret in original for secret in SECRETS)
    assert not any(secret in made for secret in SECRETS)


@pytest.mark.parametrize("data", [*TELLING.values(), *PLAIN.values()], ids=[*TELLING, *PLAIN])
def test_every_pixel_is_the_same(data):
    assert sight(stripped_copy(data)) == sight(data)


@pytest.mark.parametrize("data", [*TELLING.values(), *PLAIN.values()], ids=[*TELLING, *PLAIN])
def test_stripping_twice_changes_nothing(data):
    once = stripped_copy(data)
    assert stripped_copy(once) == once


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "tiff", "tiff big"])
def test_the_colour_profile_survives(name):
    image = pyvips.Image.new_from_buffer(stripped_copy(TELLING[name]), "")
    assert image.get("icc-profile-data") == pictures.profile()


@pytest.mark.parametrize("name", LYING)
def test_the_orientation_survives_and_nothing_else_of_exif(name):
    image = pyvips.Image.new_from_buffer(stripped_copy(TELLING[name]), "")
    assert image.get("orientation") == 6
    assert not [field for field in image.get_fields() if "GPS" in field or "ifd3" in field]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_keeps_each_orientation(orientation):
    made = stripped_copy(pictures.oriented_jpeg(orientation=orientation))
    image = pyvips.Image.new_from_buffer(made, "")
    told = image.get("orientation") if image.get_typeof("orientation") else 1
    assert told == orientation


def test_the_little_exif_says_what_it_should():
    made = stripped_copy(pictures.oriented_jpeg(orientation=8))
    told = read(made[made.index(b"Exif\0\0") :])
    assert (told.orientation, told.camera, told.taken_at) == (8, None, None)


def test_the_thumbnails_of_jfif_go():
    made = stripped_copy(pictures.telling_jpeg())
    assert made.count(b"JFIF\0") == 1
    assert b"JFXX" not in made
    assert made[2:20] == b"\xff\xe0\x00\x10JFIF\0\1\1\0\0\x48\0\x48\0\0"


def test_whatever_follows_the_end_of_a_jpeg_goes():
    assert stripped_copy(pictures.motion_jpeg()) == stripped_copy(pictures.jpeg())


def test_a_comment_between_the_scans_of_a_jpeg_goes():
    plain = pictures.jpeg(progressive=True)
    second_scan = plain.index(b"\xff\xda", plain.index(b"\xff\xda") + 2)
    comment = b"\xff\xfe\0\x12" + pictures.TELLTALE
    made = stripped_copy(plain[:second_scan] + comment + plain[second_scan:])
    assert pictures.TELLTALE not in made
    assert sight(made) == sight(plain)


def test_the_marker_of_an_adobe_jpeg_stays():
    assert b"Adobe" in stripped_copy(pictures.cmyk_jpeg())


def test_an_animation_goes_on_looping():
    assert b"NETSCAPE2.0" in stripped_copy(pictures.telling_gif())


def test_the_frames_of_an_animated_png_stay():
    assert stripped_copy(pictures.animated_png()).count(b"fcTL") == 3


def test_a_webp_tells_its_new_size_and_no_longer_claims_to_have_metadata():
    made = stripped_copy(pictures.telling_webp())
    assert int.from_bytes(made[4:8], "little") == len(made) - 8
    assert made[12:16] == b"VP8X"
    assert not made[20] & 0b1100


@pytest.mark.parametrize("name", ["tiff", "tiff big", "avif", "heic"])
def test_formats_that_point_into_themselves_keep_their_size(name):
    assert len(stripped_copy(TELLING[name])) == len(TELLING[name])


@pytest.mark.parametrize("data", [b"", b"GIF89a", pictures.text_named_jpg(), pictures.svg()])
def test_what_cannot_be_followed_is_not_stripped(data, tmp_path):
    file = tmp_path / "file"
    file.write_bytes(data)
    assert strip(file) is None


def test_a_tiff_that_holds_jpegs_is_not_stripped():
    data = pictures.pixels().tiffsave_buffer(compression="jpeg")
    assert strip_bytes(data) is None


def test_a_file_on_disk_is_stripped_like_its_bytes(tmp_path):
    file = tmp_path / "file"
    for data in TELLING.values():
        file.write_bytes(data)
        assert strip(file) == strip_bytes(data)


@pytest.mark.parametrize("name", TELLING)
def test_pieces_survive_being_written_down_and_are_few(name):
    stripped = strip_bytes(TELLING[name])
    written = json.dumps(stripped.to_json())
    assert Stripped.from_json(json.loads(written)) == stripped
    assert len(written) < 2_000


@pytest.mark.parametrize("nonsense", [[[-1, 5]], [[3]], [0], [True, None], [{"a": 1}], ["%"]])
def test_pieces_that_make_no_sense_are_not_read(nonsense):
    with pytest.raises(ValueError, match=r"piece|base64|padding"):
        Stripped.from_json(nonsense)


def test_a_part_of_a_stripped_copy_can_be_served():
    stripped = Stripped((Range(100, 10), Literal(b"abcdef"), Zeros(4), Range(200, 5)))
    original = bytes(range(256))
    whole = copied(stripped, original)
    for start in range(len(whole) + 1):
        for stop in range(start, len(whole) + 3):
            part = Stripped(tuple(stripped.between(start, stop)))
            assert copied(part, original) == whole[start:stop]


def test_neighbouring_ranges_are_one():
    for data in PLAIN.values():
        ranges = [p for p in strip_bytes(data).pieces if isinstance(p, Range)]
        assert all(a.offset + a.length != b.offset for a, b in pairwise(ranges))
