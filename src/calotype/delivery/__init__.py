"""Delivery: answers for a picture: address -> bytes that the caller may have."""

from calotype.delivery.errors import (
    BytesMissing,
    FormatUnknown,
    NotExaminedYet,
    NothingToShare,
    NothingToShow,
    PictureMissing,
    PresetUnknown,
    RangeRefused,
)
from calotype.delivery.forgetting import kept_fresh
from calotype.delivery.hot import HotAnswers
from calotype.delivery.lookups import Lookups
from calotype.delivery.model import Delivery
from calotype.delivery.service import Deliveries, Signature, Wanted

__all__ = [
    "BytesMissing",
    "Deliveries",
    "Delivery",
    "FormatUnknown",
    "HotAnswers",
    "Lookups",
    "NotExaminedYet",
    "NothingToShare",
    "NothingToShow",
    "PictureMissing",
    "PresetUnknown",
    "RangeRefused",
    "Signature",
    "Wanted",
    "kept_fresh",
]
