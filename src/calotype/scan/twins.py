"""Twins: pictures in different files whose pixels are all the same."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from calotype.errors import Invalid
from calotype.imaging import ImagingUnavailable, Pixels
from calotype.scan.model import Links, Picture
from calotype.scan.progress import Watcher
from calotype.scan.store import Cache
from calotype.scan.turns import in_turns


class Twins:
    """Compares the pixels of near pictures of equal size, each with one of every kind only."""

    def __init__(self, pixels: Pixels, cache: Cache, watcher: Watcher, children: int) -> None:
        self._pixels = pixels
        self._cache = cache
        self._watcher = watcher
        self._children = children

    async def among(self, pictures: Sequence[Picture], links: Links) -> list[list[int]]:
        """Return the places of those that are equal, the best first."""
        clusters = list(_clusters(pictures, links))
        self._watcher.begin("Comparing pixels", len(clusters))

        async def sort_out(cluster: Sequence[int]) -> list[list[int]]:
            return await self._kinds(cluster, pictures, links)

        sorted_out = await in_turns(clusters, sort_out, self._children, self._watcher)
        self._cache.save()
        return [kind for kinds in sorted_out for kind in kinds if len(kind) > 1]

    async def _kinds(
        self, cluster: Sequence[int], pictures: Sequence[Picture], links: Links
    ) -> list[list[int]]:
        """Being equal is passed on, so one of each kind stands for the others."""
        kinds: list[list[int]] = []
        for place in cluster:
            for kind in kinds:
                close = _may_be_equal(links, place, kind[0])
                if close and await self._are_equal(pictures[place], pictures[kind[0]]):
                    kind.append(place)
                    break
            else:
                kinds.append([place])
        return kinds

    async def _are_equal(self, first: Picture, second: Picture) -> bool:
        known = self._cache.comparison(first.id, second.id)
        if known is not None:
            return known
        try:
            paths = Path(first.entry.path), Path(second.entry.path)
            equal = await self._pixels.same_pixels(*paths)
        except (Invalid, ImagingUnavailable, OSError):
            # Whatever cannot be compared any more is at least not known to be equal.
            return False
        self._cache.note_comparison(first.id, second.id, same_pixels=equal)
        return equal


def _clusters(pictures: Sequence[Picture], links: Links) -> Iterable[list[int]]:
    """Sort by size those that may have an equal; sizes tell most pictures apart."""
    sizes: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for place, linked in links.items():
        for other in linked:
            if _may_be_equal(links, place, other) and _size(pictures[place]) == _size(
                pictures[other]
            ):
                sizes[_size(pictures[place])].update((place, other))
    for places in sizes.values():
        yield from _connected(places, links)


def _connected(places: set[int], links: Links) -> Iterable[list[int]]:
    """Part what no chain of such links connects."""
    left = set(places)
    while left:
        reached, waiting = set[int](), [left.pop()]
        while waiting:
            place = waiting.pop()
            reached.add(place)
            onward = {other for other in links[place] if _may_be_equal(links, place, other)} & left
            left -= onward
            waiting.extend(onward)
        yield sorted(reached)


def _may_be_equal(links: Links, place: int, other: int) -> bool:
    link = links[place].get(other)
    return link is not None and link.may_be_equal


def _size(picture: Picture) -> tuple[int, int]:
    return picture.width, picture.height
