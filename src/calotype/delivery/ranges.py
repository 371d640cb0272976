"""The part of a picture that a Range header asks for."""

import re
from dataclasses import dataclass

from calotype.delivery.errors import RangeRefused

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes from `start` to before `stop`."""

    start: int
    stop: int


def wanted_part(header: str | None, size_bytes: int) -> Part | None:
    """Read a Range header; None means all, as it does for everything but one range of bytes."""
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(0, size_bytes - int(last)), size_bytes
    else:
        start, stop = int(first), min(int(last) + 1, size_bytes) if last else size_bytes
        if last and int(last) < int(first):
            return None
    if start >= stop:
        raise RangeRefused(f"It has {size_bytes} bytes.")
    return Part(start, stop)
