"""Grouping: every link lies in a group in which everybody is linked with everybody.

Following links from one picture to the next would join what has nothing to do with each other. And
whoever stands under a better picture in a surer group is not listed again where that one is.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product

from calotype.scan.model import Content, Group, Links, Member, Picture, Rung

_BY_LOOKS: tuple[Rung, ...] = ("near", "variant", "similar")


def arrange(
    contents: Sequence[Content], links: Links, twins: Iterable[Sequence[int]]
) -> list[Group]:
    """Put pictures into groups: the surest rung first, and there what wins most."""
    groups = [_equal("bytes", content) for content in contents if len(content) > 1]
    pictures = [content[0] for content in contents]
    second: set[int] = set()
    for kind in twins:
        groups.append(_equal("pixels", [pictures[place] for place in kind]))
        second.update(kind[1:])
    groups.sort(key=lambda group: (group.rung, -group.spare_bytes))
    return [*groups, *_by_looks(pictures, _without(second, links))]


def _equal(rung: Rung, pictures: Sequence[Picture]) -> Group:
    return Group(rung, tuple(Member(picture, 0) for picture in pictures))


def _without(places: set[int], links: Links) -> Links:
    return {
        place: {other: link for other, link in linked.items() if other not in places}
        for place, linked in links.items()
        if place not in places
    }


def _by_looks(pictures: Sequence[Picture], links: Links) -> Iterator[Group]:
    better: defaultdict[int, set[int]] = defaultdict(set)
    for rung in _BY_LOOKS:
        covered = list(cover(_on_rung(rung, links, better)))
        groups = [_group(rung, members, pictures, links) for members in covered]
        yield from sorted(groups, key=lambda group: -group.spare_bytes)
        if rung == "near":
            for centre, *others in covered:
                for other in others:
                    better[other].add(centre)


def _on_rung(rung: Rung, links: Links, better: Mapping[int, set[int]]) -> Links:
    """Leave out a link that a better picture has in the place of a worse one."""
    kept: Links = defaultdict(dict)
    for place, linked in links.items():
        for other, link in linked.items():
            if link.rung == rung and not _is_repeated(place, other, rung, links, better):
                kept[place][other] = link
    return kept


def _is_repeated(
    place: int, other: int, rung: Rung, links: Links, better: Mapping[int, set[int]]
) -> bool:
    instead = product((place, *better.get(place, ())), (other, *better.get(other, ())))
    return any(
        first == second or (second in links[first] and links[first][second].rung == rung)
        for first, second in instead
        if (first, second) != (place, other)
    )


def cover(links: Links) -> Iterator[list[int]]:
    """Make groups until every link lies in one, beginning with the best pictures.

    A picture may be in several groups: two that look alike are shown together even if a third one
    looks like only one of them.
    """
    left = {place: set(linked) for place, linked in links.items()}
    for centre in sorted(links):
        while left[centre]:
            members = _grown(centre, left[centre], links)
            for first, second in combinations(members, 2):
                left[first].discard(second)
                left[second].discard(first)
            yield sorted(members)


def _grown(centre: int, wanted: set[int], links: Links) -> list[int]:
    """Add the neighbours of a picture as long as each is linked with all, the nearest first."""
    members = [centre]
    for other in sorted(
        links[centre], key=lambda other: (other not in wanted, links[centre][other].distance, other)
    ):
        if all(member in links[other] for member in members):
            members.append(other)
    return members


def _group(rung: Rung, places: Sequence[int], pictures: Sequence[Picture], links: Links) -> Group:
    centre, *others = places
    members = [Member(pictures[centre], 0)]
    members += [Member(pictures[other], links[centre][other].distance) for other in others]
    figures = [links[first][second].weakest for first, second in combinations(places, 2)]
    return Group(rung, tuple(members), max(figures, key=lambda figure: figure.strain))
