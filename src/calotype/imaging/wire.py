"""How the server and a child talk: a length, then JSON; files go along as descriptors."""

import json
import os
import struct
from collections.abc import Mapping
from typing import Any

from calotype.imaging.errors import ImagingUnavailable

MAX_BYTES = 4 << 20
MOST_DESCRIPTORS = 24
HEADER = struct.Struct(">I")


def pack(message: Mapping[str, Any]) -> bytes:
    body = json.dumps(message, separators=(",", ":")).encode()
    return HEADER.pack(len(body)) + body


def missing_bytes(received: bytes | bytearray) -> int:
    """How many bytes the message in *received* still wants."""
    if len(received) < HEADER.size:
        return HEADER.size - len(received)
    (length,) = HEADER.unpack_from(received)
    if length > MAX_BYTES:
        raise ValueError("a message is longer than it may be")
    if len(received) > HEADER.size + length:
        raise ValueError("a message is followed by something that nobody asked for")
    return HEADER.size + length - len(received)


def unpack(received: bytes | bytearray) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(received[HEADER.size :])
    return message


def write(output: int, data: bytes) -> None:
    """Write everything; the system may take it in parts."""
    left = memoryview(data)
    try:
        while left:
            left = left[os.write(output, left) :]
    except OSError as error:
        # The disk is full: no fault of the picture.
        raise ImagingUnavailable(f"its pictures cannot be written: {error.strerror}") from error
