"""Verdicts: what a person, or a rule that a person approved, says of two pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from calotype.database import Snapshot, Transaction, new_id
from calotype.journal import Before, Inverse, Journal
from calotype.library import EditorsOnly, Library
from calotype.originals import Holder, OriginalMissing, Originals
from calotype.review import store
from calotype.review.errors import AlreadyDecided, DuplicateMissing, KeepUnknown
from calotype.review.model import Decided, Pair, Side, Verdict

log = structlog.get_logger()

_MERGE = "review:merge"
_TELL_APART = "review:tell-apart"
_MOST_MEDIA = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """Settles pairs, each with an entry in the journal that undoes it."""

    originals: Originals
    library: Library
    journal: Journal

    @property
    def inverses(self) -> Mapping[str, Inverse]:
        """How entries of the journal that are written here are undone."""
        return {_MERGE: self._part_again, _TELL_APART: self._forget}

    async def get(self, snapshot: Snapshot, pair: UUID) -> Pair:
        """A pair that waits, and of which the caller sees both pictures."""
        found = await store.find_pair(snapshot, pair)
        if found is None:
            raise DuplicateMissing
        return found

    async def settle(
        self,
        tx: Transaction,
        pair: UUID,
        verdict: Verdict,
        *,
        keep: UUID | None = None,
        rule: UUID | None = None,
    ) -> Decided:
        """Say what two pictures are to each other; they do not come back, nor do their files."""
        if not tx.caller.may_edit:
            raise EditorsOnly
        found = await self.get(tx, pair)
        await self._lock(tx, found)
        sides = await store.list_sides(tx, found.originals)
        kept = await self._kept(tx, sides, keep) if verdict == "same" else None
        if not await store.close_pair(tx, pair):
            raise AlreadyDecided
        await store.add_decision(tx, found, _digests(found, sides), verdict, rule)
        if kept is None:
            entry = await self._tell_apart(tx, found, sides)
        else:
            entry = await self._merge(tx, found, sides, kept)
        log.info("review.settled", pair=str(pair), verdict=verdict)
        return Decided(verdict, kept, entry)

    async def _lock(self, tx: Transaction, pair: Pair) -> None:
        """Originals come before everything else that is locked."""
        try:
            await self.originals.lock_live(tx, *pair.originals)
        except OriginalMissing as error:
            raise DuplicateMissing from error

    async def _kept(self, tx: Transaction, sides: Mapping[UUID, Side], keep: UUID | None) -> UUID:
        """Find what is meant by *keep*: an original or its media; without it, the better one."""
        if keep is None:
            return max(sides.values(), key=lambda side: (*side.worth, -side.id.int)).id
        if keep in sides:
            return keep
        media = await self.library.list_showing(tx, list(sides), limit=_MOST_MEDIA)
        for each in media:
            if each.id == keep and each.original_id:
                return each.original_id
        raise KeepUnknown

    async def _tell_apart(self, tx: Transaction, pair: Pair, sides: Mapping[UUID, Side]) -> UUID:
        entry = new_id()
        await self.journal.write(tx, entry, _TELL_APART, {"pairs": 1}, _before(pair, sides))
        return entry

    async def _merge(
        self, tx: Transaction, pair: Pair, sides: Mapping[UUID, Side], kept: UUID
    ) -> UUID:
        """Have the media of one show the other; the entry holds what nobody shows any more."""
        gone = pair.second_id if kept == pair.first_id else pair.first_id
        entry = new_id()
        await self.originals.hold(tx, gone, Holder("journal", entry))
        media = await self.library.show_instead(tx, gone, kept)
        moved = await store.move_aliases(tx, gone, kept)
        await store.add_alias(tx, sides[gone].digest, kept, pair)
        before = _before(pair, sides) | {
            "kept": str(kept), "gone": str(gone), "alias": sides[gone].digest.hex(),
            "aliases": [digest.hex() for digest in moved], "media": media,
        }  # fmt: skip
        await self.journal.write(tx, entry, _MERGE, {"media": len(media)}, before)
        return entry

    async def _forget(self, tx: Transaction, _: UUID, before: Before) -> None:
        await store.remove_decision(tx, _told_digests(before))
        await store.open_pair(tx, UUID(before["pair"]))

    async def _part_again(self, tx: Transaction, entry: UUID, before: Before) -> None:
        gone, kept = UUID(before["gone"]), UUID(before["kept"])
        await self.originals.lock_live(tx, gone, kept)
        await self.library.show_again(tx, gone, kept, before["media"])
        await store.remove_alias(tx, bytes.fromhex(before["alias"]))
        await store.move_aliases(
            tx, kept, gone, [bytes.fromhex(each) for each in before["aliases"]]
        )
        await self._forget(tx, entry, before)


def _digests(pair: Pair, sides: Mapping[UUID, Side]) -> tuple[bytes, bytes]:
    return sides[pair.first_id].digest, sides[pair.second_id].digest


def _before(pair: Pair, sides: Mapping[UUID, Side]) -> dict[str, Any]:
    digests = [digest.hex() for digest in _digests(pair, sides)]
    return {"pair": str(pair.id), "digests": digests}


def _told_digests(before: Before) -> tuple[bytes, bytes]:
    first, second = (bytes.fromhex(each) for each in before["digests"])
    return first, second
