"""Keeping bytes once: attach to an original that is there, or put a new one and make it visible.

The steps are those of `docs/design.md`, "Keep"; each transaction touches rows only, and the
bytes are written between them. These transactions do not wait for the disk, unless they doom
something: whoever takes the leased reference over commits after them, and PostgreSQL's log keeps
that order.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import structlog
from psycopg.errors import UniqueViolation

from calotype.database import Caller, Database, Transaction
from calotype.digest import Digest
from calotype.errors import Unavailable
from calotype.originals import store
from calotype.originals.epoch import Trust
from calotype.originals.errors import KeepContended, SizesDiffer
from calotype.originals.model import Facts, Holder, Kept
from calotype.storage import Objects

log = structlog.get_logger()

_ATTEMPTS = 20
_RENEW_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Bytes that lie in the spool, and who will hold them."""

    scope: UUID
    file: Path
    digest: Digest
    size_bytes: int
    facts: Facts
    holder: Holder


@dataclass(frozen=True, slots=True)
class _Doubtful:
    """A condemned original that was out of use for so long that its bytes are looked for."""

    id: UUID
    object_key: str


@dataclass(frozen=True, slots=True)
class Keeping:
    """Carries arrivals through the protocol."""

    database: Database
    objects: Objects
    trust: Trust = field(default_factory=Trust)

    async def keep(self, caller: Caller, arrival: Arrival) -> Kept:
        """Hold these bytes for the arrival's holder, whoever else keeps or removes them."""
        await self.trust.demand(self.database, self.objects)
        trusted: UUID | None = None
        for _ in range(_ATTEMPTS):
            begun = await self._begin(caller, arrival, trusted)
            if isinstance(begun, Kept):
                return begun
            if isinstance(begun, _Doubtful):
                trusted = await self._look(caller, begun)
                continue
            await self._put(caller, arrival, begun)
            kept = await self._finish(caller, arrival, begun)
            return kept or await self._join(caller, arrival)
        raise KeepContended

    async def _begin(
        self, caller: Caller, arrival: Arrival, trusted: UUID | None
    ) -> Kept | _Doubtful | store.Pending:
        """Attach to the visible original; without one, announce that the bytes are coming."""
        async with self.database.transaction(caller, durable=False) as tx:
            visible = await store.lock_visible(tx, arrival.scope, arrival.digest)
            if visible is None:
                return await store.add_pending(
                    tx, arrival.scope, arrival.digest, arrival.size_bytes, arrival.facts
                )
            if visible.condemned_long_ago and visible.id != trusted:
                return _Doubtful(visible.id, visible.object_key)
            return await _attach(tx, visible, arrival)

    async def _look(self, caller: Caller, doubtful: _Doubtful) -> UUID | None:
        """Trust a condemned original if its object is there; else take it out of the way."""
        if await self.objects.find(doubtful.object_key) is not None:
            return doubtful.id
        log.error("originals.bytes_missing", original=str(doubtful.id))
        async with self.database.transaction(caller) as tx:
            await store.abandon_condemned(tx, doubtful.id)
        return None

    async def _put(self, caller: Caller, arrival: Arrival, pending: store.Pending) -> None:
        async with self._renewed(caller, pending):
            await self.objects.put(
                pending.object_key,
                arrival.file,
                size_bytes=arrival.size_bytes,
                digest=arrival.digest,
            )

    @asynccontextmanager
    async def _renewed(self, caller: Caller, pending: store.Pending) -> AsyncGenerator[None]:
        """Renew the lease for as long as the bytes are on their way, and miss a time or two."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(_RENEW_SECONDS)
                with suppress(Unavailable):
                    async with self.database.transaction(caller) as tx:
                        await store.renew(tx, pending)

        renewing = asyncio.create_task(renew())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _finish(
        self, caller: Caller, arrival: Arrival, pending: store.Pending
    ) -> Kept | None:
        """Make the bytes visible; None when the lease was lost or somebody else was first."""
        try:
            async with self.database.transaction(caller, durable=False) as tx:
                if not await store.make_live(tx, pending):
                    return None
                reference = await store.add_reference(tx, pending.id, arrival.holder, leased=True)
                await _heal(tx, pending.id, arrival)
                return Kept(pending.id, reference, readable=None, bytes_were_known=False)
        except UniqueViolation:
            async with self.database.transaction(caller) as tx:
                await store.give_up(tx, pending)
            return None

    async def _join(self, caller: Caller, arrival: Arrival) -> Kept:
        """Hold what somebody else made visible; the file itself is in the store by now."""
        async with self.database.transaction(caller, durable=False) as tx:
            visible = await store.lock_visible(tx, arrival.scope, arrival.digest)
            if visible is None or visible.condemned_long_ago:
                raise KeepContended
            return await _attach(tx, visible, arrival)


async def _attach(tx: Transaction, visible: store.Visible, arrival: Arrival) -> Kept:
    """Hold an original that is there, which rescues it where it was condemned."""
    if visible.size_bytes != arrival.size_bytes:
        log.error("originals.sizes_differ", original=str(visible.id))
        raise SizesDiffer
    if visible.state == "condemned":
        await store.rescue(tx, visible.id)
    reference = await store.add_reference(tx, visible.id, arrival.holder, leased=True)
    return Kept(visible.id, reference, visible.readable, bytes_were_known=True)


async def _heal(tx: Transaction, original: UUID, arrival: Arrival) -> None:
    """These bytes are sound: whoever held a damaged copy of them holds this one from now on.

    What goes for good must be known to be on disk: a crash that brought the damaged copy back,
    and all who hold it, must find its bytes.
    """
    damaged = await store.lock_quarantined(tx, arrival.scope, arrival.digest)
    if damaged:
        await store.wait_for_disk(tx)
        await store.move_references(tx, damaged, original)
        await store.condemn_unreferenced(tx, damaged)
        log.info("originals.healed", original=str(original))
