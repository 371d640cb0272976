"""Readers of structure face bytes that were made to harm them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from calotype.imaging.strip import strip_bytes
from calotype.imaging.strip.gif import count_frames
from tests import pictures
from tests.imaging.copies import copied

SEEDS = [
    pictures.telling_jpeg(),
    pictures.telling_png(),
    pictures.telling_webp(),
    pictures.animated_webp(),
    pictures.telling_gif(),
    pictures.telling_tiff(),
    pictures.telling_tiff(big=True),
    pictures.telling_avif(),
    pictures.telling_heic(),
]
INTERESTING = [b"\0", b"\xff", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\xff\xd9"]


@st.composite
def mutilated(draw):
    """A picture with a few bytes overwritten, removed or inserted, most of them in its head."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, min(len(data), draw(st.sampled_from([64, 1024, len(data)])))))
        change = draw(st.one_of(st.sampled_from(INTERESTING), st.binary(max_size=8)))
        removed = draw(st.sampled_from([0, len(change), 1, 100]))
        data[at : at + removed] = change
    return bytes(data[: draw(st.sampled_from([len(data), len(data) // 2, len(data) - 1])) or None])


@settings(max_examples=600, deadline=None)
@given(mutilated())
def test_mutilated_pictures_are_stripped_within_their_bounds_or_not_at_all(data):
    stripped = strip_bytes(data)
    if stripped is not None:
        assert stripped.end_of_ranges <= len(data)
        assert len(copied(stripped, data)) == stripped.size_bytes
        assert stripped.size_bytes <= len(data) + 100


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_the_frames_of_anything_can_be_counted(data):
    assert 0 <= count_frames(b"GIF89a" + data, 10) <= 10
