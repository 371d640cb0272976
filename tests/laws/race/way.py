"""A way of keeping pictures, as the race uses it; this one is the real thing."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from uuid import UUID

from calotype.database import SYSTEM, Caller, Database, new_id, value
from calotype.digest import Digest
from calotype.originals import (
    Facts,
    Holder,
    Keeping,
    Originals,
    Sweeper,
    keeping,
    store,
    upkeep_store,
)
from calotype.storage import Objects

FACTS = Facts(media_type="image/png", width=1, height=1)
LEASE = "100 milliseconds"
_RENEW_SECONDS = 0.04
_LINGERING = 0.2
_LINGER_SECONDS = 0.3

Tally = Counter[str]


class Way:
    """Keep, find, release; sweep, reap, reconcile: without grace, and with short leases."""

    database_kind: type[Database] = Database

    def __init__(self, database: Database, objects: Objects, tally: Tally) -> None:
        self.database = database
        self.objects = objects
        self.tally = tally
        self.originals = Originals(Keeping(database, objects))
        self.sweeper = Sweeper(database, objects, grace_seconds=0, stray_days=0)

    async def keep(self, caller: Caller, file: Path, data: bytes, media: UUID) -> None:
        """When this returns, *media* holds these bytes for certain."""
        kept = await self.originals.keep(
            caller, file, Digest.of(data), len(data), FACTS, holder=Holder("upload", new_id())
        )
        self.tally["known bytes"] += kept.bytes_were_known
        if random.random() < _LINGERING:
            await asyncio.sleep(random.random() * _LINGER_SECONDS)
        async with self.database.transaction(caller) as tx:
            await self.originals.take_over(tx, kept, Holder("media", media))

    async def release(self, caller: Caller, media: UUID) -> None:
        async with self.database.transaction(caller) as tx:
            await self.originals.release(tx, "media", [media])

    async def object_key(self, caller: Caller, media: UUID) -> str | None:
        """Where the bytes of *media* are; what should not be seen on the way is counted."""
        async with self.database.snapshot(caller) as snapshot:
            self.tally["foreign rows"] += await value(
                snapshot,
                "select count(*) from original_references where tenant_id <> %(mine)s",
                {"mine": caller.tenant},
            )
            original = await value(
                snapshot,
                "select original_id from original_references where holder_id = %(media)s",
                {"media": media},
            )
            found = await store.find(snapshot, original)
        self.tally["dangling"] += found is None or found.state != "live"
        return found and found.object_key

    async def sweep(self) -> None:
        await self.sweeper.sweep(force=True)

    async def reap(self) -> None:
        """Fold the statistics too, as the worker does all the time."""
        await self.sweeper._reap()
        async with self.database.transaction(SYSTEM) as tx:
            await upkeep_store.fold_stats(tx)

    async def reconcile(self) -> None:
        self.tally["strays removed"] += (await self.sweeper.reconcile(force=True)).strays_removed


def shorten_leases(*, renewed: bool) -> None:
    """Let leases end while their owners still work; some renew them in time."""
    store.UPLOAD_LEASE = LEASE
    if renewed:
        keeping._RENEW_SECONDS = _RENEW_SECONDS


def watch(tally: Tally) -> None:
    """Count what the real statements do."""
    _count(store, "rescue", lambda _: 1, tally, "rescues")
    _count(store, "give_up", lambda _: 1, tally, "outrun")
    _count(store, "make_live", lambda live: not live, tally, "lost leases")
    _count(upkeep_store, "reap_pending", int, tally, "reaped rows")
    _count(upkeep_store, "remove_expired", int, tally, "reaped references")
    _count(upkeep_store, "bury", int, tally, "collected")


def _count(
    module: ModuleType, name: str, weigh: Callable[[int], int], tally: Tally, noted_as: str
) -> None:
    real: Callable[..., Awaitable[int]] = getattr(module, name)

    async def counted(*values: object, **named: object) -> int:
        answer = await real(*values, **named)
        tally[noted_as] += weigh(answer)
        return answer

    setattr(module, name, counted)
