"""From a new fingerprint to pairs that wait for review."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from calotype.database import Caller, Database, Snapshot
from calotype.imaging import Fingerprint, Pixels, Unreadable
from calotype.jobs import Jobs
from calotype.review import rule_store, store
from calotype.review.model import ApplyRules, Compare, Found, Pair, Side
from calotype.similarity import Candidate, Near, Similarity
from calotype.storage import ObjectMissing, Objects, Spool, disk_trouble

log = structlog.get_logger()

_MOST_DECODED = 5
_MOST_PAIRS = 20
"""Of a picture that has more look-alikes, the surest are enough to begin with."""
_PIXELS: Mapping[str, Any] = {"figures": [{"name": "pixels", "value": 0, "limit": 0}]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """Looks for what a picture looks like; `near_distance` is for tenants that chose none."""

    database: Database
    objects: Objects
    spool: Spool
    similarity: Similarity
    decoders: Pixels
    jobs: Jobs
    near_distance: int

    async def compare(self, caller: Caller, job: Compare) -> None:
        """Queue what an original looks like; doing it twice changes nothing."""
        async with self.database.snapshot(caller) as snapshot:
            fingerprint = await self.similarity.find(snapshot, job.original)
            sides = await store.list_sides(snapshot, [job.original])
            hub = await self.similarity.is_hub(snapshot, job.original)
        if fingerprint is None or hub or not sides:
            return
        async with self.spool.at_hand(self.objects, sides[job.original].object_key) as file:
            found, _ = await self.find(caller, fingerprint, file, besides=job.original)
        async with self.database.transaction(caller) as tx:
            for each in found[:_MOST_PAIRS]:
                await store.add_pair(tx, job.original, each)
            if found and await rule_store.list_approved(tx):
                await self.jobs.defer(tx, ApplyRules())

    async def find(
        self, caller: Caller, fingerprint: Fingerprint, file: Path, *, besides: UUID | None = None
    ) -> tuple[list[Found], bool]:
        """What a file looks like, and whether more was near than was read."""
        async with self.database.snapshot(caller) as snapshot:
            near_distance = await self.near_distance_of(snapshot)
            likely = await self.similarity.likely(
                snapshot, fingerprint, near_distance=near_distance, besides=besides
            )
            proposed = [each.original_id for each in (*likely.candidates, *likely.twins)]
            sides = await store.list_sides(snapshot, proposed)
        equal = await self._equal(file, likely.twins, sides)
        seen = {each.original_id for each in equal}
        alike = [_found(each) for each in likely.candidates if each.original_id in sides]
        return [*equal, *(each for each in alike if each.original_id not in seen)], likely.capped

    async def draw_difference(self, caller: Caller, pair: Pair) -> bytes:
        """Draw, as PNG, where the newer picture differs from the older."""
        async with self.database.snapshot(caller) as snapshot:
            sides = await store.list_sides(snapshot, pair.originals)
        first, second = (sides[each].object_key for each in pair.originals)
        async with (
            self.spool.at_hand(self.objects, first) as older,
            self.spool.at_hand(self.objects, second) as newer,
        ):
            with disk_trouble(), self.spool.paths() as new_path:
                drawn = new_path()
                await self.decoders.difference(older, newer, drawn)
                return await asyncio.to_thread(drawn.read_bytes)

    async def near_distance_of(self, snapshot: Snapshot) -> int:
        """The threshold of the tenant: its own, or that of the installation."""
        chosen = await store.own_near_distance(snapshot)
        return self.near_distance if chosen is None else chosen

    async def _equal(
        self, file: Path, twins: Sequence[Near], sides: Mapping[UUID, Side]
    ) -> list[Found]:
        """Those of the nearest twins whose every pixel is the same."""
        return [
            Found(twin.original_id, "pixels", twin.distance, _PIXELS)
            for twin in twins[:_MOST_DECODED]
            if twin.original_id in sides and await self._same_pixels(file, sides[twin.original_id])
        ]

    async def _same_pixels(self, file: Path, side: Side) -> bool:
        try:
            async with self.spool.at_hand(self.objects, side.object_key) as other:
                with disk_trouble():
                    return await self.decoders.same_pixels(file, other)
        except (Unreadable, ObjectMissing) as error:
            log.warning("review.not_compared", original=str(side.id), reason=str(error))
            return False


def _found(candidate: Candidate) -> Found:
    likeness = candidate.likeness
    assert likeness.certainty is not None
    evidence = likeness.evidence.to_json()
    return Found(candidate.original_id, likeness.certainty, likeness.distance, evidence)
