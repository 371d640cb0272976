"""Hashes for tests, and fingerprints that have them."""

import random
from collections.abc import Iterable

from calotype.imaging import FINGERPRINT_ALGORITHM, Fingerprint


def turned(phash: bytes, bits: Iterable[int]) -> bytes:
    """The same hash but for some bits."""
    return (int.from_bytes(phash) ^ sum(1 << bit for bit in bits)).to_bytes(len(phash))


def apart(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def crowd(chance: random.Random, count: int) -> list[bytes]:
    """Hashes of which every third is near another one, and some are equal."""
    hashes = [chance.randbytes(32) for _ in range(count)]
    for place in range(0, count, 3):
        other = chance.choice(hashes)
        hashes[place] = turned(other, chance.sample(range(256), chance.randrange(36)))
    return hashes


def fingerprint(phash: bytes, *, dhash: bytes | None = None, **more) -> Fingerprint:
    given = {
        "algorithm": FINGERPRINT_ALGORITHM, "width": 320, "height": 240, "phash": phash,
        "dhash": phash if dhash is None else dhash,
        "turned": tuple(random.Random(number).randbytes(32) for number in range(7)), "tiles": (),
        "small": bytes(range(256)) * 12, "quality": 90, "thumbhash": bytes(20), "colour": 0xC0FFEE,
    }  # fmt: skip
    return Fingerprint(**(given | more))
