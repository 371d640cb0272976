"""Groups of pictures that look alike: everybody in a group is linked with everybody else.

Following links from picture to picture would join what has nothing to do with each other, a small
step at a time. So a group grows around a centre, and takes in only what is linked with all.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

Picture = TypeVar("Picture", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Link(Generic[Picture]):
    """Two pictures that look alike, and how far apart they are."""

    first: Picture
    second: Picture
    distance: float


@dataclass(frozen=True, slots=True)
class Group(Generic[Picture]):
    """Pictures that all look alike, the centre first, and the link that would break first."""

    members: tuple[Picture, ...]
    weakest: Link[Picture]

    @property
    def centre(self) -> Picture:
        return self.members[0]


def group(links: Iterable[Link[Picture]]) -> list[Group[Picture]]:
    """Put every picture into at most one group, beginning with those that have most links."""
    known = _by_picture(links)
    free = set(known)
    groups: list[Group[Picture]] = []
    for centre in sorted(known, key=lambda picture: -len(known[picture])):
        if centre in free:
            members = _grown(centre, known, free)
            free.difference_update(members)
            if len(members) > 1:
                groups.append(Group(tuple(members), _weakest(members, known)))
    return groups


Links = Mapping[Picture, Mapping[Picture, Link[Picture]]]


def _by_picture(links: Iterable[Link[Picture]]) -> dict[Picture, dict[Picture, Link[Picture]]]:
    known: dict[Picture, dict[Picture, Link[Picture]]] = {}
    for link in links:
        known.setdefault(link.first, {})[link.second] = link
        known.setdefault(link.second, {})[link.first] = link
    return known


def _grown(centre: Picture, known: Links[Picture], free: set[Picture]) -> list[Picture]:
    """Add the centre's neighbours, the nearest first, as long as each is linked with all."""
    members = [centre]
    for neighbour, _ in sorted(known[centre].items(), key=lambda item: item[1].distance):
        if neighbour in free and all(member in known[neighbour] for member in members):
            members.append(neighbour)
    return members


def _weakest(members: list[Picture], known: Links[Picture]) -> Link[Picture]:
    links = [
        known[first][second]
        for place, first in enumerate(members)
        for second in members[place + 1 :]
    ]
    return max(links, key=lambda link: link.distance)
