"""Colours as everybody sees them: sRGB, eight bits, on white."""

import pyvips

from calotype.imaging import icc

_WHITE = 255
_WIDE = 257
"""How white is told in 16 bits."""


def is_srgb(profile: bytes) -> bool:
    """Tell whether nothing has to be converted; pictures that do not say mean sRGB."""
    return not profile or icc.name_of(profile).startswith("sRGB")


def flat(image: pyvips.Image, background: int = _WHITE) -> pyvips.Image:
    """Put what is transparent on a background."""
    if not image.hasalpha():
        return image
    return image.flatten(background=[background * (_WIDE if image.format == "ushort" else 1)])


def srgb(image: pyvips.Image, *, deep: bool = False) -> pyvips.Image:
    """Convert by the picture's own profile where it has one that says something else."""
    converted = (
        image.icc_transform("srgb", depth=16 if deep else 8) if _needs_profile(image) else image
    )
    return converted.colourspace("rgb16" if deep else "srgb")


def _needs_profile(image: pyvips.Image) -> bool:
    profile = image.get("icc-profile-data") if image.get_typeof("icc-profile-data") else b""
    return isinstance(profile, bytes) and not is_srgb(profile)
