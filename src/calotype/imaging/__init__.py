"""Pixels in a sandbox: what a file is, whether it can be shown, and what it must not tell."""

from calotype.imaging.errors import (
    ImagingUnavailable,
    NotAPicture,
    TooManyFrames,
    TooManyPixels,
    Unreadable,
)
from calotype.imaging.fingerprint import ALGORITHM as FINGERPRINT_ALGORITHM
from calotype.imaging.fingerprint import SMALL_SIDE, TILE_HASH_BYTES, Fingerprint
from calotype.imaging.formats import MEDIA_TYPES, recognise
from calotype.imaging.framing import Crop, FocalPoint
from calotype.imaging.model import ALLOWED_LOADERS, Isolation, Limits, Probe
from calotype.imaging.orders import MOST_ORDERS, Format, NotRendered, Order, Outcome, Rendered
from calotype.imaging.orientation import turned
from calotype.imaging.pixels import Pixels
from calotype.imaging.strip import strip
from calotype.imaging.stripped import Literal, Piece, Range, Stripped, Zeros

__all__ = [
    "ALLOWED_LOADERS",
    "FINGERPRINT_ALGORITHM",
    "MEDIA_TYPES",
    "MOST_ORDERS",
    "SMALL_SIDE",
    "TILE_HASH_BYTES",
    "Crop",
    "Fingerprint",
    "FocalPoint",
    "Format",
    "ImagingUnavailable",
    "Isolation",
    "Limits",
    "Literal",
    "NotAPicture",
    "NotRendered",
    "Order",
    "Outcome",
    "Piece",
    "Pixels",
    "Probe",
    "Range",
    "Rendered",
    "Stripped",
    "TooManyFrames",
    "TooManyPixels",
    "Unreadable",
    "Zeros",
    "recognise",
    "strip",
    "turned",
]
