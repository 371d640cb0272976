"""Bands: how a hash is cut up so that everything near it is found by equality.

A hash of 256 bits is cut into 16 bands of 16. If two hashes differ in at most r bits and band i is searched
within t(i) bits, then nothing is missed as long as the sum of t(i) + 1 exceeds r: fewer differences
than that cannot put more than t(i) into every band. So 6 bands are enough for a distance of 5, all
16 for one of 15, and all of them with each of their bits turned once for one of 31.

Neighbouring bits of real hashes depend on each other, so a band takes its bits from all over the
hash, in an order that never changes: otherwise a few bands would hold most of the pictures.
"""

from collections.abc import Sequence
from hashlib import sha256
from operator import itemgetter
from struct import unpack_from
from uuid import UUID

HASH_BITS = 256
BANDS = 16
BAND_BITS = HASH_BITS // BANDS
WIDEST = 2 * BANDS - 1
"""The largest distance within which the bands find everything."""

ORDER = sorted(range(HASH_BITS), key=lambda bit: sha256(bytes([bit])).digest())
"""Which bit of the hash comes where in the bands."""

_shuffle = itemgetter(*ORDER)
_TURNS = (0, *(1 << bit for bit in range(BAND_BITS)))
_PLACES = 1 << 16
_SIGNED, _UNSIGNED = 1 << 31, 1 << 32
_TILE_BANDS = 4
_TILE_BITS = BAND_BITS + 2
_SCOPE_BITS = 62 - _TILE_BITS


def bits_of(phash: bytes) -> str:
    """The bits in the order of the bands, as PostgreSQL writes them."""
    return "".join(_shuffle(f"{int.from_bytes(phash):0{HASH_BITS}b}"))


def turns(radius: int) -> list[int]:
    """In how many bits each band may differ, -1 for one that need not be looked at."""
    assert 0 <= radius <= WIDEST
    return [(radius - band) // BANDS for band in range(BANDS)]


def place_of(scope: UUID) -> int:
    """The bits of a scope that stand before each of its bands."""
    return scope.int % _PLACES


def keys(scope: UUID, bits: str, radius: int) -> list[list[int | None]]:
    """For each band the values that it may have within *radius*; None stands for no value."""
    place = place_of(scope) << BAND_BITS
    wanted = turns(radius)
    width = len(_TURNS) if max(wanted) > 0 else 1
    return [_padded(_values(place, bits, band, wanted[band]), width) for band in range(BANDS)]


def _values(place: int, bits: str, band: int, turned: int) -> list[int]:
    if turned < 0:
        return []
    value = place | int(bits[band * BAND_BITS : (band + 1) * BAND_BITS], 2)
    return [_signed(value ^ turn) for turn in (_TURNS if turned else _TURNS[:1])]


def _signed(value: int) -> int:
    """As PostgreSQL reads 32 bits."""
    return value - _UNSIGNED if value >= _SIGNED else value


def _padded(values: list[int], width: int) -> list[int | None]:
    return [*values, *[None] * (width - len(values))]


def tile_keys(scope: UUID, tiles: Sequence[bytes]) -> list[int]:
    """What the details of a picture are found by: where each hash has which 16 bits.

    Nothing is promised here: a detail is found as long as 16 of its bits in a row stayed the same.
    """
    place = scope.int % (1 << _SCOPE_BITS) << _TILE_BITS
    words = (unpack_from(f">{_TILE_BANDS}H", tile) for tile in tiles)
    return sorted(
        {place | band << BAND_BITS | word for each in words for band, word in enumerate(each)}
    )
