"""Library: what people see and own: media, and the buckets they arrange it in."""

from calotype.library.checks import LIBRARY_CHECKS
from calotype.library.errors import (
    BucketClosed,
    BucketUnknown,
    EditorsOnly,
    MediaMissing,
    NotInTrash,
    NotYourMedia,
)
from calotype.library.model import MAIN_BUCKET, Description, Filter, Media, Picture
from calotype.library.service import Library, may_change

__all__ = [
    "LIBRARY_CHECKS",
    "MAIN_BUCKET",
    "BucketClosed",
    "BucketUnknown",
    "Description",
    "EditorsOnly",
    "Filter",
    "Library",
    "Media",
    "MediaMissing",
    "NotInTrash",
    "NotYourMedia",
    "Picture",
    "may_change",
]
