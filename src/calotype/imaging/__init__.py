"""Pixels in a sandbox: what a file is, whether it can be shown, and what it must not tell."""

from calotype.imaging.errors import (
    ImagingUnavailable,
    NotAPicture,
    TooManyFrames,
    TooManyPixels,
    Unreadable,
)
from calotype.imaging.fingerprint import ALGORITHM as FINGERPRINT_ALGORITHM
from calotype.imaging.fingerprint import Fingerprint
from calotype.imaging.formats import MEDIA_TYPES, recognise
from calotype.imaging.model import ALLOWED_LOADERS, Isolation, Limits, Probe
from calotype.imaging.pixels import Pixels
from calotype.imaging.strip import strip
from calotype.imaging.stripped import Literal, Piece, Range, Stripped, Zeros

__all__ = [
    "ALLOWED_LOADERS",
    "MEDIA_TYPES",
    "FINGERPRINT_ALGORITHM",
    "Fingerprint",
    "ImagingUnavailable",
    "Isolation",
    "Limits",
    "Literal",
    "NotAPicture",
    "Piece",
    "Pixels",
    "Probe",
    "Range",
    "Stripped",
    "TooManyFrames",
    "TooManyPixels",
    "Unreadable",
    "Zeros",
    "recognise",
    "strip",
]
