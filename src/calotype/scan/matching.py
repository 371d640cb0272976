"""Matching: which pictures look alike, found without comparing each with every other."""

import asyncio
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from calotype.imaging import TILE_HASH_BYTES, Fingerprint
from calotype.scan.details import Details
from calotype.scan.model import Link, Links, Picture, Rung
from calotype.scan.progress import Watcher
from calotype.scan.store import Cache
from calotype.similarity import WIDEST, Banded, Likeness, compare

_TURNED_RADIUS = 15
_MOST_COMPARED = 500
"""With so many others a picture is compared, the nearest first; with more it is in a crowd."""
_EQUAL_DISTANCE = 4
_EQUAL_FIGURES = {"luminance": 4.0, "chroma": 3.0}
"""Equal pixels in different formats were at most 2 bits, 3 and 1.4 steps apart."""
_KEPT_FINGERPRINTS = 4096
_BREATH = 16
_HASH_BYTES = 32

Places = NDArray[np.int32]
Hashes = NDArray[np.uint8]


class Matching:
    """Compares pictures, which are told by their places in a list with the best first."""

    def __init__(self, cache: Cache, watcher: Watcher, near_distance: int) -> None:
        self._fingerprint = lru_cache(_KEPT_FINGERPRINTS)(cache.fingerprint)
        self._watcher = watcher
        self._near_distance = near_distance
        self.crowded = 0

    async def links(self, pictures: Sequence[Picture]) -> Links:
        """Find every pair that stands on a rung of the ladder."""
        self._watcher.begin("Comparing pictures", len(pictures))
        telling, index = self._indexed(pictures)
        links: Links = {}
        for number, place in enumerate(telling):
            others = [telling[other] for other in index.candidates(number)]
            self._compare(place, others, pictures, links)
            if not number % _BREATH:
                # So that whoever interrupts is heard.
                await asyncio.sleep(0)
        return links

    def _indexed(self, pictures: Sequence[Picture]) -> "tuple[list[int], _Index]":
        """Leave out what is too flat: it does not even look like itself."""
        telling: list[int] = []
        looks: list[_Looks] = []
        for place, picture in enumerate(pictures):
            found = self._fingerprint(picture.id)
            if compare(found, found, self._near_distance).certainty is not None:
                telling.append(place)
                looks.append(_Looks.of(found))
        return telling, _Index(looks)

    def _compare(
        self, place: int, others: Sequence[int], pictures: Sequence[Picture], links: Links
    ) -> None:
        self._watcher.step()
        self.crowded += len(others) > _MOST_COMPARED
        own = self._fingerprint(pictures[place].id)
        for other in others[:_MOST_COMPARED]:
            likeness = compare(own, self._fingerprint(pictures[other].id), self._near_distance)
            if likeness.certainty is not None:
                link = _link(likeness.certainty, likeness)
                links.setdefault(place, {})[other] = link
                links.setdefault(other, {})[place] = link


def _link(rung: Rung, likeness: Likeness) -> Link:
    may_be_equal = rung == "near" and likeness.distance <= _EQUAL_DISTANCE
    for figure in likeness.evidence.figures:
        may_be_equal = may_be_equal and figure.value <= _EQUAL_FIGURES.get(figure.name, math.inf)
    return Link(rung, likeness.distance, likeness.evidence.weakest, may_be_equal)


@dataclass(frozen=True, slots=True)
class _Looks:
    """As much of a fingerprint as is kept in memory for every picture."""

    phashes: bytes
    """Of all orientations, the upright one first."""
    details: bytes

    @classmethod
    def of(cls, found: Fingerprint) -> Self:
        details = (tile[:TILE_HASH_BYTES] for tile in found.tiles)
        return cls(b"".join((found.phash, *found.turned)), b"".join(details))

    @property
    def upright(self) -> bytes:
        return self.phashes[:_HASH_BYTES]


class _Index:
    """The looks of many pictures, by which those are found that may be alike."""

    def __init__(self, looks: Sequence[_Looks]) -> None:
        self._looks = looks
        self._banded = Banded.of(_rows(b"".join(each.upright for each in looks)))
        self._details = Details([each.details for each in looks])

    def candidates(self, place: int) -> list[int]:
        """Whoever comes later and may look like this one, the likeliest first, each once."""
        found = np.concatenate([*self._alike(place), self._details.sharing(place)])
        later = found[found > place]
        _, first = np.unique(later, return_index=True)
        return later[np.sort(first)].tolist()

    def _alike(self, place: int) -> Iterator[Places]:
        for turned, phash in enumerate(_rows(self._looks[place].phashes)):
            radius = _TURNED_RADIUS if turned else WIDEST
            places, distances = self._banded.near(phash.tobytes(), radius)
            yield places[np.argsort(distances, kind="stable")]


def _rows(hashes: bytes) -> Hashes:
    return np.frombuffer(hashes, np.uint8).reshape(-1, _HASH_BYTES)
