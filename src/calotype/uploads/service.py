"""From a file that arrived to media in the library."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog

from calotype.database import SYSTEM, Caller, Database, Transaction, new_id
from calotype.http import Answer, AnsweredMeanwhile, Idempotency, Received, Turn
from calotype.imaging import Pixels, Probe, Unreadable
from calotype.jobs import Jobs
from calotype.library import Description, Library, Media, Picture
from calotype.originals import (
    Examined,
    Facts,
    Holder,
    Kept,
    Original,
    OriginalMissing,
    Originals,
)
from calotype.renditions import Renditions
from calotype.similarity import TakeFingerprint
from calotype.storage import Objects, Spool, disk_trouble
from calotype.uploads import store
from calotype.uploads.errors import EmptyFile
from calotype.uploads.model import Examine

log = structlog.get_logger()

_LONGEST_FILE_NAME = 255
_LEFTOVER_HOURS = 24
_BATCH = 1000


Show = Callable[[Media, bool], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Accepted:
    """An upload whose bytes are kept, ready to become media."""

    kept: Kept
    holder: Holder
    picture: Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """Takes files in.

    What a decoder says of one picture is never asked about another: whoever takes one over through
    a picture must not get to say what may be shown of the next.
    """

    database: Database
    objects: Objects
    originals: Originals
    library: Library
    idempotency: Idempotency
    renditions: Renditions
    readers: Pixels
    decoders: Pixels
    jobs: Jobs
    spool: Spool
    limit_bytes: int

    async def receive(
        self,
        caller: Caller,
        received: Received,
        description: Description,
        *,
        key: str | None,
        show: Show,
    ) -> Answer:
        """Turn what arrived into media, once for each idempotency key; answer what *show* says."""
        said = json.dumps(received.fields, sort_keys=True)
        payload = (str(received.digest), received.file_name, said)
        async with self.idempotency.turn(caller, key, *payload) as turn:
            answer = await self.idempotency.recall(turn)
            if answer is not None:
                return answer
            await self._check(caller, description)
            accepted = await self._keep(caller, received)
            try:
                async with self.database.transaction(caller) as tx:
                    return await self._finish(tx, turn, accepted, description, show)
            except AnsweredMeanwhile:
                answer = await self.idempotency.recall(turn)
                assert answer is not None
                return answer

    async def _check(self, caller: Caller, description: Description) -> None:
        async with self.database.snapshot(caller) as snapshot:
            await self.library.check_may_add(snapshot, description.bucket)

    async def _keep(self, caller: Caller, received: Received) -> _Accepted:
        """Look at what arrived and keep its bytes; slow, and no transaction is open."""
        if received.size_bytes == 0:
            raise EmptyFile
        probe = await self.readers.probe(received.file)
        holder = Holder("upload", new_id())
        kept = await self.originals.keep(
            caller, received.file, received.digest, received.size_bytes, _facts(probe),
            holder=holder,
        )  # fmt: skip
        return _Accepted(kept, holder, _picture(received, probe))

    async def _finish(
        self,
        tx: Transaction,
        turn: Turn,
        accepted: _Accepted,
        description: Description,
        show: Show,
    ) -> Answer:
        """Write media, upload, job and answer: all of them or none."""
        original = accepted.kept.original_id
        known = accepted.kept.bytes_were_known and await self.library.sees_original(tx, original)
        # Whoever could not see these bytes must not learn from the state that they were here.
        readable = accepted.kept.readable if known else None
        picture = replace(accepted.picture, readable=readable)
        media = await self.library.add(tx, accepted.kept, picture, description)
        await store.add_done(
            tx, accepted.holder.id, file_name=media.file_name, size_bytes=media.size_bytes,
            media=media.id,
        )  # fmt: skip
        if readable is None:
            await self.jobs.defer(tx, Examine(original=original))
        answer = Answer(201, show(media, known))
        await self.idempotency.settle(tx, turn, answer)
        return answer

    async def examine(self, caller: Caller, job: Examine) -> None:
        """Decode an original and settle the state of its media; doing it twice changes nothing."""
        try:
            async with self.database.snapshot(caller) as snapshot:
                original = await self.originals.get(snapshot, job.original)
        except OriginalMissing:
            return
        readable = original.readable
        examined = await self._look(original) if readable is None else None
        async with self.database.transaction(caller) as tx:
            if examined is not None:
                readable = await self.originals.note_examined(tx, original.id, examined)
            if readable is not None:
                await self.library.settle_state(tx, original.id, readable=readable)
            if readable:
                await self.jobs.defer(tx, TakeFingerprint(original=original.id))
                await self.renditions.plan(tx, original.id)

    async def _look(self, original: Original) -> Examined:
        async with self.spool.at_hand(self.objects, original.object_key) as file:
            with disk_trouble():
                stripped = await self._strip(file, original)
                return Examined(await self._is_readable(file, original), stripped)

    async def _strip(self, file: Path, original: Original) -> list[Any] | None:
        try:
            stripped = await self.readers.strip(file)
        except Unreadable as error:
            log.warning("uploads.not_stripped", original=str(original.id), reason=str(error))
            return None
        return stripped and stripped.to_json()

    async def _is_readable(self, file: Path, original: Original) -> bool:
        try:
            await self.decoders.decode(file)
        except Unreadable as error:
            log.info("uploads.unreadable", original=str(original.id), reason=str(error))
            return False
        return True

    async def expire(self) -> int:
        """Remove what uploads that died left in the spool; their leases are reaped by the sweep."""
        return await self.spool.remove_leftovers(older_than_hours=_LEFTOVER_HOURS)

    async def examine_overdue(self) -> int:
        """Have originals looked at whose job died, or was lost with the upload that healed them."""
        async with self.database.snapshot(SYSTEM) as snapshot:
            overdue = await self.originals.list_unexamined(snapshot, _BATCH)
        for original in overdue:
            caller = Caller("service", original.scope_id)
            async with self.database.transaction(caller) as tx:
                await self.jobs.defer(tx, Examine(original=original.id))
        return len(overdue)


def _facts(probe: Probe) -> Facts:
    return Facts(
        media_type=probe.media_type,
        width=probe.width,
        height=probe.height,
        frames=probe.frames,
        more={
            "orientation": probe.orientation,
            "hasAlpha": probe.has_alpha,
            "colourProfile": probe.colour_profile,
            "takenAt": probe.taken_at.isoformat() if probe.taken_at else None,
            "camera": probe.camera,
        },
    )


def _picture(received: Received, probe: Probe) -> Picture:
    return Picture(
        file_name=clean_file_name(received.file_name),
        media_type=probe.media_type,
        width=probe.width,
        height=probe.height,
        size_bytes=received.size_bytes,
    )


def clean_file_name(name: str) -> str:
    """Keep the last part of a path, without control characters, not longer than disks allow."""
    last = re.split(r"[/\\]", name)[-1]
    printable = "".join(character for character in last if character.isprintable()).strip()
    return printable[:_LONGEST_FILE_NAME] or "unnamed"
