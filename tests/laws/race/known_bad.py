"""Ways of keeping pictures that lose them. The harness has to catch each; nothing else uses them."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from calotype.database import SYSTEM, Caller, Database, Transaction, execute, new_id, value
from calotype.digest import Digest
from calotype.originals import Holder, store, upkeep_store
from calotype.storage import ObjectInfo, Objects
from tests.laws.race.way import FACTS, Tally, Way

# ── A counter ─────────────────────────────────────────────────────────────────────────────────


class CounterWay(Way):
    """Ask, then count up; count down, and at zero remove the object, then the row.

    The counter stands in the facts. References are only what a table of pictures would be.
    """

    async def keep(self, caller: Caller, file: Path, data: bytes, media: UUID) -> None:
        digest = Digest.of(data)
        async with self.database.snapshot(caller) as snapshot:
            known = await store.find_by_digest(snapshot, digest)
        key = f"o/{new_id()}"
        if known is None:
            await self.objects.put(key, file, size_bytes=len(data), digest=digest)
        async with self.database.transaction(caller) as tx:
            original = known.id if known else await self._add(tx, key, digest, len(data))
            await self._count(tx, original, 1)
            await store.add_reference(tx, original, Holder("media", media), leased=False)

    async def _add(self, tx: Transaction, key: str, digest: Digest, size_bytes: int) -> UUID:
        assert tx.caller.tenant is not None
        pending = await store.add_pending(tx, tx.caller.tenant, digest, size_bytes, FACTS)
        await execute(
            tx,
            "update originals set object_key = %(key)s where id = %(id)s",
            {"key": key, "id": pending.id},
        )
        await store.make_live(tx, pending)
        return pending.id

    async def _count(self, tx: Transaction, original: UUID, change: int) -> int:
        return await value(
            tx,
            "update originals set facts = jsonb_build_object('count',"
            " greatest(0, coalesce((facts ->> 'count')::integer, 0) + %(change)s))"
            " where id = %(id)s returning (facts ->> 'count')::integer",
            {"change": change, "id": original},
        )

    async def release(self, caller: Caller, media: UUID) -> None:
        async with self.database.transaction(caller) as tx:
            original = await value(
                tx,
                "delete from original_references where holder_id = %(id)s returning original_id",
                {"id": media},
            )
        if original is None:
            return
        async with self.database.transaction(caller) as tx:
            count = await self._count(tx, original, -1)
            found = await store.find(tx, original)
        if count == 0 and found is not None:
            await self.objects.delete(found.object_key)
            async with self.database.transaction(caller) as tx:
                await execute(tx, "delete from originals where id = %(id)s", {"id": original})


# ── The hash as key ───────────────────────────────────────────────────────────────────────────


class ObjectsByHash(Objects):
    """Every row of the same bytes means the same object; the row's own key is its last part."""

    def __init__(self, inner: Objects) -> None:
        self._inner = inner

    async def put(self, key: str, file: Path, *, size_bytes: int, digest: Digest) -> None:
        await self._inner.put(_shared(key), file, size_bytes=size_bytes, digest=digest)

    async def find(self, key: str) -> ObjectInfo | None:
        return await self._inner.find(_shared(key))

    def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        return self._inner.read(_shared(key), start, end)

    async def delete(self, key: str) -> None:
        await self._inner.delete(_shared(key))

    def list_pages(self, prefix: str = "") -> AsyncIterator[tuple[ObjectInfo, ...]]:
        return self._inner.list_pages(prefix)

    async def write_marker(self, key: str, data: bytes) -> None:
        await self._inner.write_marker(key, data)

    async def read_marker(self, key: str) -> bytes | None:
        return await self._inner.read_marker(key)

    async def close(self) -> None:
        await self._inner.close()


def _shared(key: str) -> str:
    return key.rpartition("/")[0]


class HashKeyWay(Way):
    """The protocol as it is built, but objects are named after their bytes."""

    def __init__(self, database: Database, objects: Objects, tally: Tally) -> None:
        super().__init__(database, ObjectsByHash(objects), tally)
        real = store.add_pending

        async def add_pending(
            tx: Transaction, scope: UUID, digest: Digest, *more: Any
        ) -> store.Pending:
            pending = await real(tx, scope, digest, *more)
            key = f"o/{scope}/{digest}/{pending.id}"
            await execute(
                tx,
                "update originals set object_key = %(key)s where id = %(id)s",
                {"key": key, "id": pending.id},
            )
            return store.Pending(pending.id, key, pending.token)

        store.add_pending = add_pending


# ── DELETE inside the transaction ─────────────────────────────────────────────────────────────


class DeleteInsideWay(Way):
    """Lock the row, remove the object, remove the row, commit; what fails is rolled back."""

    async def sweep(self) -> None:
        async with self.database.transaction(SYSTEM) as tx:
            for original in await upkeep_store.lock_collectable(tx, 0, 1):
                found = await store.find(tx, original)
                assert found is not None
                await self.objects.delete(found.object_key)
                await execute(tx, "delete from originals where id = %(id)s", {"id": original})


# ── SELECT, then LIST ─────────────────────────────────────────────────────────────────────────


class RowsFirstWay(Way):
    """Read which keys are known, list the store, and remove what was not known."""

    async def reconcile(self) -> None:
        async with self.database.snapshot(SYSTEM) as snapshot:
            cursor = await snapshot.connection.execute("select object_key from originals")
            known = {row[0] for row in await cursor.fetchall()}
        async for page in self.objects.list_pages("o"):
            for found in page:
                if found.key not in known:
                    await self.objects.delete(found.key)


# ── No second statement ───────────────────────────────────────────────────────────────────────


async def _doom_unseen(tx: Transaction, originals: Sequence[UUID]) -> int:
    return await execute(
        tx,
        "update originals set state = 'deleting', changed_at = now()"
        " where id = any(%(ids)s) and state = 'condemned'",
        {"ids": list(originals)},
    )


class OneStatementWay(Way):
    """Release judges in the statement that waits for the lock, and nobody looks again."""

    def __init__(self, database: Database, objects: Objects, tally: Tally) -> None:
        super().__init__(database, objects, tally)
        upkeep_store.doom = _doom_unseen

    async def release(self, caller: Caller, media: UUID) -> None:
        async with self.database.transaction(caller) as tx:
            await execute(
                tx,
                """
                with gone as (
                    delete from original_references where holder_id = %(id)s
                    returning id, original_id)
                update originals set state = 'condemned', changed_at = now()
                from gone where originals.id = gone.original_id and originals.state = 'live'
                    and not exists (select from original_references as other
                        where other.original_id = originals.id and other.id <> gone.id)
                """,
                {"id": media},
            )


# ── The tenant of a session ───────────────────────────────────────────────────────────────────


class SessionDatabase(Database):
    """Says who is asking for a whole session, though the pool hands sessions to anybody."""

    @asynccontextmanager
    async def _opened(
        self, begin: bytes, caller: Caller
    ) -> AsyncGenerator[AsyncConnection[TupleRow]]:
        async with self.pool.connection() as connection:
            await connection.execute(caller.settings.replace(b"true", b"false"))
        async with self.pool.connection() as connection:
            await connection.execute(begin + f"; set local role {caller.database_role}".encode())
            yield connection


class SessionTenantWay(Way):
    """The real thing, on connections that remember the last tenant."""

    database_kind = SessionDatabase
