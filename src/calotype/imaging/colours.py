"""Colours as everybody sees them: in sRGB, and on a background."""

import pyvips

from calotype.imaging import icc

_WHITE = 255
_WIDE = 257
"""How many steps of sixteen bits are one of eight."""


def is_srgb(profile: bytes) -> bool:
    """Tell whether nothing has to be converted; pictures that do not say mean sRGB."""
    return not profile or icc.name_of(profile).startswith("sRGB")


def flat(image: pyvips.Image, background: int = _WHITE) -> pyvips.Image:
    """Put what is transparent on a background."""
    if not image.hasalpha():
        return image
    return image.flatten(background=[background * (_WIDE if image.format == "ushort" else 1)])


def srgb(image: pyvips.Image) -> pyvips.Image:
    """Convert by the picture's own profile where it has one that says something else."""
    deep = image.format == "ushort"
    if _needs_profile(image):
        image = image.icc_transform("srgb", embedded=True, depth=16 if deep else 8)
    return image.colourspace("rgb16" if deep else "srgb")


def deepened(image: pyvips.Image) -> pyvips.Image:
    """Tell the same colours in sixteen bits."""
    return image if image.format == "ushort" else (image * _WIDE).cast("ushort")


def _needs_profile(image: pyvips.Image) -> bool:
    profile = image.get("icc-profile-data") if image.get_typeof("icc-profile-data") else b""
    return isinstance(profile, bytes) and not is_srgb(profile)
