"""The verbs of the library: add, list, change, trash, restore."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from calotype.database import SYSTEM, Caller, Database, Snapshot, Transaction, new_id
from calotype.library import store
from calotype.library.errors import (
    BucketClosed,
    BucketUnknown,
    EditorsOnly,
    MediaMissing,
    NotInTrash,
    NotYourMedia,
)
from calotype.library.model import Description, Filter, Media, Picture
from calotype.originals import Holder, Kept, Originals

Facts = Mapping[str, Any]
"""What media says of the file that it shows, in JSON."""

_TOKEN_BYTES = 16
_FRAMING = ("crop", "focal_point")
_BATCH = 100


@dataclass(frozen=True, slots=True)
class Library:
    """What people see and own. `trash_days` is how long deleted media can be restored."""

    database: Database
    originals: Originals
    trash_days: float

    async def check_may_add(self, snapshot: Snapshot, bucket: str) -> None:
        """Refuse early whoever may not put media into *bucket*."""
        if not snapshot.caller.may_edit:
            raise EditorsOnly
        buckets = await store.list_buckets(snapshot)
        if bucket not in buckets:
            raise BucketUnknown(f"{bucket!r} is not one of {', '.join(buckets)}.")
        if buckets[bucket] == "admin" and not snapshot.caller.may_administer:
            raise BucketClosed

    async def add(
        self, tx: Transaction, kept: Kept, picture: Picture, description: Description
    ) -> Media:
        """Make media of a kept original; the leased reference becomes the media's own."""
        media = new_id()
        token = secrets.token_bytes(_TOKEN_BYTES)
        await self.originals.take_over(tx, kept, Holder("media", media))
        return await store.add(tx, media, kept.original_id, token, picture, description)

    async def get(self, snapshot: Snapshot, media: UUID) -> Media:
        found = await store.find(snapshot, media)
        if found is None:
            raise MediaMissing
        return found

    async def list_media(
        self, snapshot: Snapshot, wanted: Filter, *, after: UUID | None, limit: int
    ) -> list[Media]:
        if wanted.query:
            return await store.search(snapshot, wanted, after=after, limit=limit)
        return await store.list_media(snapshot, wanted, after=after, limit=limit)

    async def count(self, snapshot: Snapshot, wanted: Filter, *, up_to: int) -> int:
        return await store.count(snapshot, wanted, up_to)

    async def change(self, tx: Transaction, media: UUID, changes: Mapping[str, Any]) -> Media:
        """Say something else about media: only its owner and admins may.

        What is shown differently gets another token, because an immutable address that answered
        with one picture must never answer with another.
        """
        before = await self._lock_own(tx, media)
        if "bucket" in changes:
            await self.check_may_add(tx, changes["bucket"])
        if any(name in changes and changes[name] != getattr(before, name) for name in _FRAMING):
            changes = {**changes, "token": secrets.token_bytes(_TOKEN_BYTES)}
        if changes:
            await store.change(tx, media, changes)
        return await self.get(tx, media)

    async def delete(self, tx: Transaction, media: UUID) -> None:
        """Move media to the trash; it keeps its original until the trash is emptied."""
        if self.trash_days <= 0:
            await self.originals.lock(tx, "media", [media])
        await self._lock_own(tx, media)
        await store.move_to_trash(tx, media)
        if self.trash_days <= 0:
            await self._let_go(tx, [media])

    async def restore(self, tx: Transaction, media: UUID) -> Media:
        await self._lock_own(tx, media)
        if not await store.restore(tx, media):
            raise NotInTrash
        return await self.get(tx, media)

    async def empty_trash(self) -> int:
        """Let go of what has been in the trash for `trash_days`, a batch at a time."""
        emptied = 0
        while True:
            async with self.database.transaction(SYSTEM) as tx:
                listed = await store.list_trash(tx, self.trash_days, _BATCH)
                await self.originals.lock(tx, "media", listed)
                found = await store.lock_trash(tx, self.trash_days, listed)
                await self._let_go(tx, found)
            emptied += len(found)
            if len(found) < _BATCH:
                return emptied

    async def count_due(self) -> int:
        """Tell how many media `empty_trash` would let go of now."""
        async with self.database.snapshot(SYSTEM) as snapshot:
            return await store.count_trash(snapshot, self.trash_days)

    async def settle_state(self, tx: Transaction, original: UUID, *, readable: bool) -> None:
        """Tell all media of an original whether its pixels can be shown."""
        await store.settle_state(tx, original, readable=readable)

    async def sees_original(self, snapshot: Snapshot, original: UUID) -> bool:
        """Tell whether the caller sees media with these bytes."""
        return await store.sees_original(snapshot, original)

    async def list_showing(
        self, snapshot: Snapshot, originals: Sequence[UUID], *, limit: int
    ) -> list[Media]:
        """Media that the caller sees, outside the trash, which show one of *originals*."""
        return await store.list_showing(snapshot, originals, limit)

    async def show_instead(self, tx: Transaction, source: UUID, target: UUID) -> Sequence[Facts]:
        """Have all media that show *source* show *target*; tells what they said before.

        Both originals are locked. Only who may change all of the media may do this, and also those
        that the caller cannot see count.
        """
        seen = await store.lock_showing(tx, source)
        mine = [media.id for media in seen if may_change(tx.caller, media.owner_id)]
        if len(mine) < await store.count_holding(tx, source):
            raise NotYourMedia
        before = await store.read_facts(tx, mine)
        await self.originals.move_media(tx, source, target)
        await store.take_facts(tx, mine)
        return before

    async def show_again(
        self, tx: Transaction, source: UUID, target: UUID, before: Sequence[Facts]
    ) -> None:
        """Undo `show_instead`, as far as those media show *target* still."""
        told = [UUID(facts["id"]) for facts in before]
        moved = await self.originals.move_media(tx, target, source, told)
        await store.write_facts(tx, before, moved)

    async def _lock_own(self, tx: Transaction, media: UUID) -> Media:
        found = await store.lock(tx, media)
        if found is None:
            raise MediaMissing
        if not may_change(tx.caller, found.owner_id):
            raise NotYourMedia
        return found

    async def _let_go(self, tx: Transaction, media: list[UUID]) -> None:
        """Part media from originals, which are locked by now: healing takes originals first."""
        await store.let_go(tx, media)
        await self.originals.release(tx, "media", media)


def may_change(caller: Caller, owner: UUID | None) -> bool:
    """Owners who may edit, and those who administer, may change media."""
    if caller.may_administer:
        return True
    return caller.may_edit and owner is not None and owner == caller.person
