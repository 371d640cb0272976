"""Library: what people see and own: media, and the buckets they arrange it in."""

from calotype.library.addresses import Addresses, LifetimeTooLong, SignatureRefused, encode_token
from calotype.library.checks import LIBRARY_CHECKS
from calotype.library.errors import (
    BucketClosed,
    BucketUnknown,
    EditorsOnly,
    MediaMissing,
    NotInTrash,
    NotYourMedia,
)
from calotype.library.model import MAIN_BUCKET, Description, Filter, Media, Picture, Visibility
from calotype.library.service import Facts, Library, may_change
from calotype.library.wire import (
    AddedMedia,
    BucketName,
    MediaOut,
    Metadata,
    Name,
    ProjectId,
    Showing,
    Tags,
    Text,
)

__all__ = [
    "LIBRARY_CHECKS",
    "MAIN_BUCKET",
    "AddedMedia",
    "Addresses",
    "BucketClosed",
    "BucketName",
    "BucketUnknown",
    "Description",
    "EditorsOnly",
    "Facts",
    "Filter",
    "Library",
    "LifetimeTooLong",
    "Media",
    "MediaMissing",
    "MediaOut",
    "Metadata",
    "Name",
    "NotInTrash",
    "NotYourMedia",
    "Picture",
    "ProjectId",
    "Showing",
    "SignatureRefused",
    "Tags",
    "Text",
    "Visibility",
    "encode_token",
    "may_change",
]
