"""The model: what a person would expect of the house, in a few dictionaries."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

Tenant = int
Picture = tuple[Tenant, bytes]


@dataclass
class Shelf:
    """One media: whose it is, what it shows, and where it stands."""

    picture: Picture
    place: Literal["library", "trash"] = "library"


@dataclass
class Promise:
    """An answer that was given to a request with an idempotency key."""

    media: UUID
    picture: Picture
    given_at_hours: float


@dataclass
class Model:
    """Everything that was acknowledged, and all damage that was done on purpose.

    Media are chosen in the order in which they were acknowledged: that of the ids of a batch is
    another one each time, and what is drawn must come out the same when it is drawn again.
    """

    media: dict[UUID, Shelf] = field(default_factory=dict)
    links: dict[UUID, Picture] = field(default_factory=dict)
    promises: dict[tuple[Tenant, str], Promise] = field(default_factory=dict)
    flipped: set[Picture] = field(default_factory=set)
    quarantined: set[Picture] = field(default_factory=set)
    hours: float = 0.0

    def holders(self, picture: Picture) -> int:
        shown = sum(shelf.picture == picture for shelf in self.media.values())
        return shown + sum(linked == picture for linked in self.links.values())

    def pictures(self) -> set[Picture]:
        """All that must be there."""
        return {s.picture for s in self.media.values()} | set(self.links.values())

    def of(self, tenant: Tenant, place: str) -> set[UUID]:
        return {
            media
            for media, shelf in self.media.items()
            if shelf.picture[0] == tenant and shelf.place == place
        }

    def let_go(self, media: Iterable[UUID]) -> None:
        for gone in list(media):
            del self.media[gone]
        self.forget_damage()

    def forget_damage(self) -> None:
        """What nobody holds can be removed at any time, and its damage with it."""
        self.quarantined &= self.pictures()

    def heal(self, picture: Picture) -> None:
        self.quarantined.discard(picture)
        self.flipped.discard(picture)

    def expires(self, promise: Promise) -> bool:
        return self.hours - promise.given_at_hours >= 24
