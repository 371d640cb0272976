"""Objects in a folder or a remote store, known by key and never by what they show."""

from calotype.storage.disk import disk_trouble
from calotype.storage.draft import Draft
from calotype.storage.errors import (
    BadKey,
    BadStorageUrl,
    FileCutShort,
    KeyTaken,
    ListingCutShort,
    ObjectMissing,
    StoreFull,
    StoreRefused,
    StoreUnavailable,
)
from calotype.storage.objects import ObjectInfo, Objects
from calotype.storage.opening import open_objects
from calotype.storage.spool import Spool

__all__ = [
    "BadKey",
    "BadStorageUrl",
    "Draft",
    "FileCutShort",
    "KeyTaken",
    "ListingCutShort",
    "ObjectInfo",
    "ObjectMissing",
    "Objects",
    "Spool",
    "StoreFull",
    "StoreRefused",
    "StoreUnavailable",
    "disk_trouble",
    "open_objects",
]
