"""Which format a picture is sent in: the one that an address names, or the best that is accepted."""

from collections.abc import Mapping
from functools import lru_cache

from calotype.renditions import FORMATS, Format

EXTENSIONS: Mapping[str, Format] = {
    "avif": "avif",
    "webp": "webp",
    "jpeg": "jpeg",
    "jpg": "jpeg",
    "png": "jpeg",
}
"""What an address may end in; a picture with transparency becomes PNG where JPEG is asked for."""

_FALLBACK: Format = "jpeg"
_REMEMBERED = 1024


@lru_cache(_REMEMBERED)
def accepted(header: str) -> Format:
    """The best format that an Accept header names itself; wildcards promise nothing.

    A browser's preferences between formats are all equal, so the order is ours.
    """
    named = {kind for kind, quality in map(_weighed, header.lower().split(",")) if quality > 0}
    for known in FORMATS:
        if f"image/{known}" in named:
            return known
    return _FALLBACK


def still_moving(wanted: Format, frames: int) -> Format:
    """WebP is the only format that keeps a picture moving."""
    return "webp" if frames > 1 and wanted == "avif" else wanted


def _weighed(item: str) -> tuple[str, float]:
    kind, *parameters = (part.strip() for part in item.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return kind, _number(value.strip())
    return kind, 1.0


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
