"""The verbs of similarity: take a fingerprint, note it, find what looks alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from calotype.database import SYSTEM, Caller, Database, Snapshot, Transaction
from calotype.imaging import FINGERPRINT_ALGORITHM, Fingerprint, Pixels, Unreadable
from calotype.jobs import Job, Jobs
from calotype.originals import OriginalMissing, Originals
from calotype.similarity import store
from calotype.similarity.banding import WIDEST
from calotype.similarity.errors import FingerprintMissing
from calotype.similarity.ladder import compare
from calotype.similarity.model import Candidate, Likely, Near, TakeFingerprint
from calotype.storage import Objects, Spool, at_hand, disk_trouble

log = structlog.get_logger()

HUB_MATCHES = 1000
"""A picture that is near so many others is a placeholder, and is not searched for any more."""
_HUB_RADIUS = 5
NARROW = 15
_READ = 100
_BATCH = 1000
_RUNGS = ("near", "variant", "similar")


@dataclass(frozen=True, slots=True, kw_only=True)
class Similarity:
    """Knows which originals look alike; `afterwards` is what is to be done about a new one."""

    database: Database
    objects: Objects
    originals: Originals
    decoders: Pixels
    jobs: Jobs
    spool: Spool
    afterwards: Callable[[UUID], Job]

    async def take(self, caller: Caller, job: TakeFingerprint) -> None:
        """Have an original's fingerprint noted; doing it twice changes nothing."""
        try:
            async with self.database.snapshot(caller) as snapshot:
                original = await self.originals.get(snapshot, job.original)
                known = await store.find(snapshot, original.id)
        except OriginalMissing:
            return
        if known is not None and known.algorithm >= FINGERPRINT_ALGORITHM:
            return
        fingerprint = await self._look(original.id, original.object_key)
        if fingerprint is not None:
            async with self.database.transaction(caller) as tx:
                await self.note(tx, original.id, fingerprint)
                await self.jobs.defer(tx, self.afterwards(original.id))

    async def _look(self, original: UUID, key: str) -> Fingerprint | None:
        try:
            async with at_hand(self.objects, self.spool, key) as file:
                with disk_trouble():
                    return await self.decoders.fingerprint(file)
        except Unreadable as error:
            log.info("similarity.unreadable", original=str(original), reason=str(error))
            return None

    async def note(self, tx: Transaction, original: UUID, fingerprint: Fingerprint) -> None:
        """Write a fingerprint down, and let searches find it unless it is one too many."""
        alike = await store.list_near(tx, fingerprint.phash, _HUB_RADIUS, HUB_MATCHES + 1)
        hub = len([near for near in alike if near.original_id != original]) >= HUB_MATCHES
        await store.add(tx, original, fingerprint, hub=hub)
        if hub:
            await store.remove_bands(tx, original)
        else:
            await store.add_bands(tx, original, fingerprint.phash)

    async def get(self, snapshot: Snapshot, original: UUID) -> Fingerprint:
        found = await store.find(snapshot, original)
        if found is None:
            raise FingerprintMissing
        return found

    async def find(self, snapshot: Snapshot, original: UUID) -> Fingerprint | None:
        return await store.find(snapshot, original)

    async def likely(
        self,
        snapshot: Snapshot,
        fingerprint: Fingerprint,
        *,
        near_distance: int,
        wide: bool = False,
        besides: UUID | None = None,
    ) -> Likely:
        """What looks like *fingerprint*, judged by evidence; *wide* also finds strong edits."""
        found: dict[UUID, Near] = {}
        capped = False
        for phash, radius in _searches(fingerprint, near_distance, wide=wide):
            near = await store.list_near(snapshot, phash, radius, _READ + 1)
            capped = capped or len(near) > _READ
            found |= {each.original_id: each for each in near[:_READ]}
        found.pop(besides, None) if besides else None
        known = await store.list_fingerprints(snapshot, list(found))
        return Likely(_judged(fingerprint, known, near_distance), capped)

    async def make_up_for(self) -> int:
        """Have fingerprints taken whose job died, or that are of an older algorithm."""
        async with self.database.snapshot(SYSTEM) as snapshot:
            overdue = await store.list_overdue(snapshot, FINGERPRINT_ALGORITHM, _BATCH)
        for original in overdue:
            async with self.database.transaction(Caller("service", original.scope_id)) as tx:
                await self.jobs.defer(tx, TakeFingerprint(original=original.id))
        return len(overdue)

    async def list_hubs(self, snapshot: Snapshot, *, after: UUID | None, limit: int) -> list[UUID]:
        """Originals that match so many others that they are a placeholder."""
        return await store.list_hubs(snapshot, after, limit)

    async def count_hubs(self, snapshot: Snapshot) -> int:
        return await store.count_hubs(snapshot)


def _searches(
    fingerprint: Fingerprint, near_distance: int, *, wide: bool
) -> Sequence[tuple[bytes, int]]:
    """Which hashes to look for, and how far: other orientations only where it may take longer."""
    radius = WIDEST if wide else max(NARROW, near_distance)
    upright = [(fingerprint.phash, radius)]
    return upright + [(turned, NARROW) for turned in fingerprint.turned] if wide else upright


def _judged(
    fingerprint: Fingerprint, known: dict[UUID, Fingerprint], near_distance: int
) -> tuple[Candidate, ...]:
    judged = [
        Candidate(original, compare(fingerprint, other, near_distance))
        for original, other in known.items()
    ]
    standing = [each for each in judged if each.likeness.certainty is not None]
    return tuple(sorted(standing, key=_rank))


def _rank(candidate: Candidate) -> tuple[int, int, UUID]:
    certainty = candidate.likeness.certainty
    assert certainty is not None
    return _RUNGS.index(certainty), candidate.likeness.distance, candidate.original_id
