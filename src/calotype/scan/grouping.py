"""Grouping: in each group everybody is linked with everybody, and the best picture is the centre.

Following links from one picture to the next would join what has nothing to do with each other. So a
picture may be in several groups. Equal files stand together in every group whose rung they keep to
as well: equal bytes are equal pixels, and equal pixels are near, but they are no variants.

Every two that are near share a group. Of variants and similar ones there can be very many, so there
everybody is shown beside the best picture that it is linked with, and whoever stands under a better
picture among the near ones is not shown again where that one is.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product

from calotype.scan.model import Content, Group, Links, Member, Picture, Rung

_Pair = tuple[int, int]
_BY_LOOKS: tuple[Rung, ...] = ("near", "variant", "similar")


def arrange(
    contents: Sequence[Content], links: Links, twins: Sequence[Sequence[int]]
) -> list[Group]:
    """Put pictures into groups: the surest rung first, and there what frees most."""
    equals = dict(enumerate(contents))
    for kind in twins:
        equals[kind[0]] = [picture for place in kind for picture in contents[place]]
        for place in kind[1:]:
            del equals[place]
    return [
        *_by_size(_equal("bytes", content) for content in contents if len(content) > 1),
        *_by_size(_equal("pixels", equals[kind[0]]) for kind in twins),
        *_by_looks(equals, _among(equals, links)),
    ]


def _by_size(groups: Iterable[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: -group.spare_bytes)


def _equal(rung: Rung, pictures: Iterable[Picture]) -> Group:
    return Group(rung, tuple(Member(picture, 0) for picture in pictures))


def _among(places: Container[int], links: Links) -> Links:
    return {
        place: {other: link for other, link in linked.items() if other in places}
        for place, linked in links.items()
        if place in places
    }


def _by_looks(equals: Mapping[int, Content], links: Links) -> Iterator[Group]:
    better: defaultdict[int, set[int]] = defaultdict(set)
    for rung in _BY_LOOKS:
        linked = _on_rung(rung, links, better)
        wanted = _all_pairs(linked) if rung == "near" else _best_pairs(linked)
        covered = list(_cover(linked, wanted))
        yield from _by_size(_group(rung, places, equals, links) for places in covered)
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


def _all_pairs(links: Links) -> Iterator[_Pair]:
    """Each link once, from the better picture to the worse, those of the best first."""
    for place in sorted(links):
        nearest = sorted(links[place], key=lambda other: (links[place][other].distance, other))
        yield from ((place, other) for other in nearest if place < other)


def _best_pairs(links: Links) -> list[_Pair]:
    """Each picture with the best that it is linked with, unless it is the best itself."""
    return sorted((min(linked), place) for place, linked in links.items() if min(linked) < place)


def _cover(links: Links, wanted: Iterable[_Pair]) -> Iterator[list[int]]:
    """Make groups until all wanted pairs share one."""
    covered: set[_Pair] = set()
    for pair in wanted:
        if pair not in covered:
            members = sorted(_grown(pair, links))
            covered.update(combinations(members, 2))
            yield members


def _grown(pair: _Pair, links: Links) -> list[int]:
    """Add neighbours of the better one as long as each is linked with all, the nearest first."""
    centre, other = pair
    members = [centre, other]
    shared = links[centre].keys() & links[other].keys()
    for third in sorted(shared, key=lambda third: (links[centre][third].distance, third)):
        if all(member in links[third] for member in members):
            members.append(third)
    return members


def _group(rung: Rung, places: Sequence[int], equals: Mapping[int, Content], links: Links) -> Group:
    centre = places[0]
    members = [
        Member(picture, 0 if place == centre else links[centre][place].distance)
        for place in places
        for picture in (equals[place] if rung == "near" else equals[place][:1])
    ]
    figures = [links[first][second].weakest for first, second in combinations(places, 2)]
    return Group(rung, tuple(members), max(figures, key=lambda figure: figure.strain))
