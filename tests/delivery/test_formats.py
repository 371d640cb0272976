"""Which format a browser gets."""

import pytest

from calotype.delivery.formats import accepted, still_moving

CHROME = "image/avif,image/webp,image/apng,image/*,*/*;q=0.8"
FIREFOX = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"
SAFARI = "image/webp,image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (CHROME, "avif"),
        (FIREFOX, "avif"),
        (SAFARI, "webp"),
        ("*/*", "jpeg"),
        ("image/*", "jpeg"),
        ("", "jpeg"),
        ("application/json", "jpeg"),
        ("image/avif;q=0, image/webp;q=0.1", "webp"),
        ("image/avif;q=0.0,image/webp; q = 0", "jpeg"),
        ("IMAGE/AVIF", "avif"),
        ("image/avif;q=nonsense", "jpeg"),
        ("image/avifx, ximage/webp,;;q=,,", "jpeg"),
        ("image/avif;v=1;q=0.5", "avif"),
    ],
)
def test_only_what_is_named_is_sent(header: str, expected: str) -> None:
    assert accepted(header) == expected


def test_a_picture_that_moves_is_sent_in_a_format_that_moves() -> None:
    assert still_moving("avif", frames=12) == "webp"
    assert still_moving("jpeg", frames=12) == "jpeg"
    assert still_moving("avif", frames=1) == "avif"
