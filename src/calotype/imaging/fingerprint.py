"""Fingerprint: what a picture looks like, in a few kilobytes."""

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

ALGORITHM = 1
"""Which way of making fingerprints this is; those of another way are to be made anew."""

HASH_BYTES = 32
TILE_HASH_BYTES = 8
TILE_BYTES = TILE_HASH_BYTES + 3
MOST_TILES = 32
SMALL_SIDE = 32
SMALL_BYTES = 3 * SMALL_SIDE * SMALL_SIDE
ORIENTATIONS = 8
MOST_QUALITY = 100

_WHITE = 0xFFFFFF
_THUMBHASH_BYTES = range(5, 26)
_SIDES = range(1, 1 << 16)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The looks of one upright picture, whatever file it came in."""

    algorithm: int
    width: int
    height: int
    phash: bytes
    """256 bits that agree with ImageHash's `phash` with `hash_size` 16."""
    dhash: bytes
    """256 bits that agree with ImageHash's `dhash` with `hash_size` 16."""
    turned: tuple[bytes, ...]
    """The pHash of the seven other orientations, in the order of EXIF's 2 to 8."""
    tiles: tuple[bytes, ...]
    """Details, of which a crop keeps some: a hash of eight bytes each, then x, y and size."""
    small: bytes
    """The picture at 32 x 32: all of Y, then Cb, then Cr."""
    quality: int
    """How much there is to see, 0 to 100; little can be said about flat pictures."""
    thumbhash: bytes
    colour: int
    """The dominant colour as 0xRRGGBB."""

    def __post_init__(self) -> None:
        """Believe no more than what a picture could make a captured child say."""
        hashes = (self.phash, self.dhash, *self.turned)
        sound = (
            self.width in _SIDES
            and self.height in _SIDES
            and {len(each) for each in hashes} == {HASH_BYTES}
            and len(self.turned) == ORIENTATIONS - 1
            and len(self.tiles) <= MOST_TILES
            and {len(tile) for tile in self.tiles} <= {TILE_BYTES}
            and len(self.small) == SMALL_BYTES
            and 0 <= self.quality <= MOST_QUALITY
            and len(self.thumbhash) in _THUMBHASH_BYTES
            and 0 <= self.colour <= _WHITE
        )
        if not sound:
            raise ValueError("this is no fingerprint")

    def to_json(self) -> dict[str, Any]:
        return {name: _told(value) for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        return cls(
            algorithm=int(value["algorithm"]),
            width=int(value["width"]),
            height=int(value["height"]),
            phash=_bytes(value["phash"]),
            dhash=_bytes(value["dhash"]),
            turned=tuple(_bytes(each) for each in value["turned"]),
            tiles=tuple(_bytes(each) for each in value["tiles"]),
            small=_bytes(value["small"]),
            quality=int(value["quality"]),
            thumbhash=_bytes(value["thumbhash"]),
            colour=int(value["colour"]),
        )


def _told(value: int | bytes | tuple[bytes, ...]) -> int | str | list[str]:
    match value:
        case int():
            return value
        case bytes():
            return base64.b64encode(value).decode()
        case tuple():
            return [base64.b64encode(each).decode() for each in value]


def _bytes(text: object) -> bytes:
    return base64.b64decode(str(text), validate=True)
