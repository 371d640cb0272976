"""The name by which a colour profile calls itself."""

import codecs
import struct

from calotype.imaging.exif import printable

_UTF_16 = codecs.lookup("utf-16-be")
"""Looked up at once, because a confined child can import nothing any more."""

_TAG_COUNT_AT = 128
_MAX_TAGS = 100
_MAX_NAME = 100


def name_of(profile: bytes) -> str:
    """Read the profile's description, `unnamed` when it has none that can be read."""
    try:
        return printable(_description(profile)[:_MAX_NAME]) or "unnamed"
    except struct.error:
        return "unnamed"


def _description(profile: bytes) -> str:
    (count,) = struct.unpack_from(">I", profile, _TAG_COUNT_AT)
    for index in range(min(count, _MAX_TAGS)):
        name, offset, size = struct.unpack_from(">4sII", profile, _TAG_COUNT_AT + 4 + 12 * index)
        if name == b"desc":
            return _text(profile[offset : offset + size])
    return ""


def _text(tag: bytes) -> str:
    """Version 2 profiles describe themselves in ASCII, version 4 in several languages."""
    if tag[:4] == b"desc":
        (length,) = struct.unpack_from(">I", tag, 8)
        return tag[12 : 12 + length].split(b"\0")[0].decode("ascii", "replace")
    if tag[:4] == b"mluc":
        length, offset = struct.unpack_from(">II", tag, 20)
        return _UTF_16.decode(tag[offset : offset + length], "replace")[0]
    return ""
