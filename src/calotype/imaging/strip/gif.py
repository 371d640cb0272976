"""GIF: keep the frames, their timing and the looping."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from calotype.imaging.formats import Data
from calotype.imaging.strip.assembly import Assembly, Malformed
from calotype.imaging.stripped import Stripped

_SCREEN_BYTES = 13
_DESCRIPTOR_BYTES = 10
_TABLE_FLAG = 0x80
_TABLE_SIZE = 0x07

_EXTENSION = 0x21
_IMAGE = 0x2C
_TRAILER = 0x3B
_TIMING = 0xF9
_APPLICATION = 0xFF
_COMMENT = 0xFE

_LOOPING = (b"\x21\xff\x0bNETSCAPE2.0\x03\x01", b"\x21\xff\x0bANIMEXTS1.0\x03\x01")
_LOOPING_BYTES = 19
_TIMING_BYTES = 8


@dataclass(frozen=True, slots=True)
class _Block:
    """An image, or an extension by its label."""

    kind: int
    start: int
    end: int


def strip(data: Data) -> Stripped:
    assembly = Assembly(len(data))
    assembly.keep(0, _after_table(data, 10, _SCREEN_BYTES))
    for block in _blocks(data):
        if _shows(data, block):
            assembly.keep(block.start, block.end)
    assembly.write(bytes([_TRAILER]))
    return assembly.finish()


def count_frames(data: Data, at_most: int) -> int:
    """How many frames there are; stops counting beyond *at_most*, and where the file ends."""
    return sum(1 for _ in islice(_frames(data), at_most))


def ends_too_early(data: Data) -> bool:
    """Notice a file that was cut off: decoders pass over its last frames in silence."""
    try:
        deque(_blocks(data), maxlen=0)
    except IndexError:
        return True
    except Malformed:
        return False
    return False


def _frames(data: Data) -> Iterator[_Block]:
    try:
        yield from (block for block in _blocks(data) if block.kind == _IMAGE)
    except (IndexError, Malformed):
        return


def _blocks(data: Data) -> Iterator[_Block]:
    start = _after_table(data, 10, _SCREEN_BYTES)
    while start < len(data) and data[start] != _TRAILER:
        if data[start] == _EXTENSION:
            kind, body = data[start + 1], start + 2
        elif data[start] == _IMAGE:
            kind, body = _IMAGE, _after_table(data, start + 9, start + _DESCRIPTOR_BYTES) + 1
        else:
            raise Malformed
        end = _after_sub_blocks(data, body)
        yield _Block(kind, start, end)
        start = end


def _after_table(data: Data, flags_at: int, table_at: int) -> int:
    flags = data[flags_at]
    return table_at + (3 << (flags & _TABLE_SIZE) + 1 if flags & _TABLE_FLAG else 0)


def _after_sub_blocks(data: Data, position: int) -> int:
    """Sub-blocks begin with their length; an empty one is the last."""
    while length := data[position]:
        position += length + 1
    return position + 1


def _shows(data: Data, block: _Block) -> bool:
    if block.kind == _APPLICATION:
        named = data[block.start : block.start + len(_LOOPING[0])] in _LOOPING
        return named and block.end - block.start == _LOOPING_BYTES
    if block.kind == _TIMING and block.end - block.start != _TIMING_BYTES:
        raise Malformed
    if block.kind in {_IMAGE, _TIMING, _COMMENT}:
        return block.kind != _COMMENT
    raise Malformed
