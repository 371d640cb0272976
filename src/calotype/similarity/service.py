"""The verbs of similarity: take a fingerprint, note it, find what looks alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from calotype.database import SYSTEM, Caller, Database, Snapshot, Transaction
from calotype.imaging import FINGERPRINT_ALGORITHM, Fingerprint, Pixels, Unreadable
from calotype.jobs import Job, Jobs
from calotype.originals import OriginalMissing, Originals
from calotype.similarity import store
from calotype.similarity.banding import WIDEST, tile_keys
from calotype.similarity.errors import FingerprintMissing
from calotype.similarity.ladder import compare
from calotype.similarity.model import Candidate, Likely, Near, TakeFingerprint
from calotype.storage import Objects, Spool, disk_trouble

log = structlog.get_logger()

HUB_MATCHES = 1000
"""A picture that is near so many others is a placeholder, and is not searched for any more."""
_HUB_RADIUS = 5
_TURNED_RADIUS = 15
_SHARED_KEYS = 2
_READ = 100
_BATCH = 20_000
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
            async with self.spool.at_hand(self.objects, key) as file:
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
            await store.remove_tiles(tx, original)

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
        besides: UUID | None = None,
    ) -> Likely:
        """What looks like *fingerprint*, judged by evidence: distances only propose."""
        found = set[UUID]()
        capped = False
        for phash, radius in _searches(fingerprint):
            near = await store.list_near(snapshot, phash, radius, _READ + 1)
            capped = capped or len(near) > _READ
            found |= {each.original_id for each in near[:_READ]}
        keys = tile_keys(store.own_scope(snapshot), fingerprint.tiles)
        found |= set(await store.list_sharing(snapshot, keys, _SHARED_KEYS, _READ))
        known = await store.list_fingerprints(snapshot, [each for each in found if each != besides])
        candidates = [
            Candidate(original, compare(fingerprint, other, near_distance))
            for original, other in known.items()
        ]
        return Likely(
            _standing(candidates), _twins(fingerprint, known, candidates, near_distance), capped
        )

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

    async def is_hub(self, snapshot: Snapshot, original: UUID) -> bool:
        """Tell whether so much looks like this that it says nothing."""
        return await store.is_hub(snapshot, original)

    async def count_hubs(self, snapshot: Snapshot) -> int:
        return await store.count_hubs(snapshot)


def _searches(fingerprint: Fingerprint) -> Sequence[tuple[bytes, int]]:
    """Which hashes to look for and how far: strong edits, and pictures that were turned."""
    turned = [(phash, _TURNED_RADIUS) for phash in fingerprint.turned]
    return [(fingerprint.phash, WIDEST), *turned]


def _standing(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Those that stand on a rung, the surest first."""
    standing = [each for each in candidates if each.likeness.certainty is not None]
    return tuple(sorted(standing, key=_rank))


def _twins(
    fingerprint: Fingerprint,
    known: Mapping[UUID, Fingerprint],
    candidates: Sequence[Candidate],
    near_distance: int,
) -> tuple[Near, ...]:
    """Near pictures of the same size, the nearest first."""
    size = fingerprint.width, fingerprint.height
    twins = [
        Near(each.original_id, each.likeness.distance)
        for each in candidates
        if (known[each.original_id].width, known[each.original_id].height) == size
        and (each.likeness.certainty == "near" or each.likeness.distance <= near_distance)
    ]
    return tuple(sorted(twins, key=lambda near: (near.distance, near.original_id)))


def _rank(candidate: Candidate) -> tuple[int, int, UUID]:
    certainty = candidate.likeness.certainty
    assert certainty is not None
    return _RUNGS.index(certainty), candidate.likeness.distance, candidate.original_id
