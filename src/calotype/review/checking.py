"""Checking a file, or only its digest, before it is sent: what it repeats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from calotype.database import Caller, Database, Snapshot
from calotype.digest import Digest
from calotype.http import Received
from calotype.imaging import Fingerprint, Pixels
from calotype.library import Library, Media
from calotype.originals import Originals
from calotype.review import store
from calotype.review.comparing import Comparing
from calotype.review.errors import EmptyFile
from calotype.review.model import RUNGS, Checked, Found, Match
from calotype.similarity import Similarity
from calotype.storage import Spool

_MOST_MATCHES = 50
_SAME_BYTES: Mapping[str, Any] = {"figures": [{"name": "sha256", "value": 0, "limit": 0}]}
_DECIDED: Mapping[str, Any] = {"figures": [], "alias": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """Tells what a file repeats, of what the caller may see; nothing is kept of the file."""

    database: Database
    originals: Originals
    library: Library
    similarity: Similarity
    comparing: Comparing
    readers: Pixels
    decoders: Pixels
    spool: Spool
    limit_bytes: int

    async def check_digest(self, caller: Caller, digest: Digest, size_bytes: int) -> Checked:
        """Whoever names a digest learns of their own media with these bytes, and gets nothing."""
        async with self.database.snapshot(caller) as snapshot:
            matches = await self._known(snapshot, digest, size_bytes)
        return Checked(_ranked(matches))

    async def check_file(self, caller: Caller, received: Received) -> Checked:
        """Look at a file as if it were sent."""
        if received.size_bytes == 0:
            raise EmptyFile
        await self.readers.probe(received.file)
        async with self.database.snapshot(caller) as snapshot:
            matches = await self._known(snapshot, received.digest, received.size_bytes)
        fingerprint = await self._fingerprint(caller, matches, received)
        found, capped = await self.comparing.find(caller, fingerprint, received.file)
        async with self.database.snapshot(caller) as snapshot:
            alike = await self._shown(snapshot, found)
        return Checked(_ranked([*matches, *alike]), capped)

    async def _known(self, snapshot: Snapshot, digest: Digest, size_bytes: int) -> list[Match]:
        """What the caller sees of these bytes, or of those that they were merged into."""
        original = await self.originals.find_by_digest(snapshot, digest)
        if original is not None and original.size_bytes == size_bytes:
            media = await self._showing(snapshot, [original.id])
            if media:
                return [Match(each, "bytes", 0, _SAME_BYTES) for each in media]
        alias = await store.find_alias(snapshot, digest.raw)
        if alias is None:
            return []
        media = await self._showing(snapshot, [alias.kept_id])
        return [Match(each, alias.certainty, alias.distance, _DECIDED) for each in media]

    async def _fingerprint(
        self, caller: Caller, known: Sequence[Match], received: Received
    ) -> Fingerprint:
        """The fingerprint of bytes that the caller has already is not taken again."""
        same = [match.media.original_id for match in known if match.certainty == "bytes"]
        if same and same[0]:
            async with self.database.snapshot(caller) as snapshot:
                found = await self.similarity.find(snapshot, same[0])
            if found is not None:
                return found
        return await self.decoders.fingerprint(received.file)

    async def _shown(self, snapshot: Snapshot, found: Sequence[Found]) -> list[Match]:
        by_original = {each.original_id: each for each in found}
        media = await self._showing(snapshot, list(by_original))
        return [
            Match(each, alike.certainty, alike.distance, alike.evidence)
            for each in media
            if each.original_id and (alike := by_original[each.original_id])
        ]

    async def _showing(self, snapshot: Snapshot, originals: Sequence[UUID]) -> list[Media]:
        return await self.library.list_showing(snapshot, originals, limit=_MOST_MATCHES)


def _ranked(matches: Sequence[Match]) -> tuple[Match, ...]:
    """The surest match of each media, the surest first."""
    ordered = sorted(matches, key=lambda each: (RUNGS.index(each.certainty), each.distance))
    surest: dict[UUID, Match] = {}
    for match in ordered:
        surest.setdefault(match.media.id, match)
    return tuple(surest.values())[:_MOST_MATCHES]
