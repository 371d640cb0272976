"""Delivery: answers for a picture: address -> bytes that the caller may have."""

from calotype.delivery.errors import (
    BytesMissing,
    NotExaminedYet,
    NothingToShare,
    PictureMissing,
    PresetUnknown,
    RangeRefused,
)
from calotype.delivery.model import Delivery
from calotype.delivery.service import Deliveries, Signature, Wanted

__all__ = [
    "BytesMissing",
    "Deliveries",
    "Delivery",
    "NotExaminedYet",
    "NothingToShare",
    "PictureMissing",
    "PresetUnknown",
    "RangeRefused",
    "Signature",
    "Wanted",
]
