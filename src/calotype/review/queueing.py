"""The queue of duplicates as people read it: pages, groups, placeholders, how well it decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from calotype.accounts import require_admin
from calotype.database import Snapshot, Transaction
from calotype.library import Library, Media
from calotype.review import store
from calotype.review.calibration import Calibration
from calotype.review.comparing import Comparing
from calotype.review.model import Looks, Pair, Side
from calotype.similarity import Group, Link, Similarity, group

_MOST_MEDIA = 500
_REPEATED: tuple[Looks, ...] = ("pixels", "near")
_MOST_GROUPED = 2000


@dataclass(frozen=True, slots=True)
class Shown:
    """Pairs with what is known of their pictures."""

    pairs: list[Pair]
    sides: dict[UUID, Side]
    media: list[Media]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Reads what waits for a verdict."""

    library: Library
    similarity: Similarity
    comparing: Comparing

    async def list_pairs(
        self, snapshot: Snapshot, certainty: Looks | None, *, after: UUID | None, limit: int
    ) -> Shown:
        """Pairs of which the caller sees both pictures, newest first."""
        pairs = await store.list_pairs(snapshot, certainty, after=after, limit=limit)
        return await self.show(snapshot, pairs)

    async def show(self, snapshot: Snapshot, pairs: Sequence[Pair]) -> Shown:
        originals = list({each for pair in pairs for each in pair.originals})
        media = await self.media_of(snapshot, originals)
        return Shown(list(pairs), await store.list_sides(snapshot, originals), media)

    async def media_of(self, snapshot: Snapshot, originals: Sequence[UUID]) -> list[Media]:
        return await self.library.list_showing(snapshot, originals, limit=_MOST_MEDIA)

    async def count(self, snapshot: Snapshot, certainty: Looks | None, *, up_to: int) -> int:
        return await store.count_pairs(snapshot, certainty, up_to)

    async def list_groups(self, snapshot: Snapshot) -> list[Group[UUID]]:
        """Near duplicates in groups in which everybody looks like everybody else."""
        pairs = [
            pair
            for certainty in _REPEATED
            for pair in await store.list_pairs(snapshot, certainty, after=None, limit=_MOST_GROUPED)
        ]
        return group(Link(pair.first_id, pair.second_id, pair.distance) for pair in pairs)

    async def list_placeholders(
        self, snapshot: Snapshot, *, after: UUID | None, limit: int
    ) -> list[UUID]:
        """Originals that so much looks like that nothing is searched by them any more."""
        require_admin(snapshot.caller)
        return await self.similarity.list_hubs(snapshot, after=after, limit=limit)

    async def count_placeholders(self, snapshot: Snapshot) -> int:
        return await self.similarity.count_hubs(snapshot)

    async def calibrate(self, snapshot: Snapshot) -> tuple[Calibration, int]:
        """What the decisions so far say about the threshold, and which is in force."""
        judgements = await store.list_judgements(snapshot)
        return Calibration.of(judgements), await self.comparing.near_distance_of(snapshot)

    async def choose_near_distance(self, tx: Transaction, distance: int | None) -> int:
        """Set the tenant's own threshold, or none; tells which is in force."""
        require_admin(tx.caller)
        await store.choose_near_distance(tx, distance)
        return await self.comparing.near_distance_of(tx)
