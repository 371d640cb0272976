"""What the protocol relies on in PostgreSQL, and what it had to be protected from."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from calotype.database import SYSTEM, Caller, Database, Transaction, new_id, value
from calotype.digest import Digest
from calotype.originals import (
    Facts,
    Holder,
    Keeping,
    OriginalMissing,
    Originals,
    keeping,
    store,
    upkeep_store,
)
from calotype.storage import open_objects
from tests.conftest import Cluster

Connection = psycopg.Connection[tuple[object, ...]]
Answer = TypeVar("Answer")

TENANT = UUID(int=7)
EDITOR = Caller("editor", TENANT)
DIGEST = Digest.of(b"a picture")
FACTS = Facts(media_type="image/png", width=1, height=1)

# A table as one would write it first: nothing but a foreign key.
PLAIN = """
    create temporary table plain_original (id integer primary key, state text);
    create temporary table plain_reference (original_id integer references plain_original);
    insert into plain_original values (1, 'live'), (2, 'deleting');
"""


# ── Traps ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def two(empty_cluster: Cluster) -> Iterator[tuple[Connection, Connection]]:
    """Two connections that would rather fail than wait for each other, over one plain table."""
    with (
        psycopg.connect(empty_cluster.owner_url) as one,
        psycopg.connect(empty_cluster.owner_url) as other,
    ):
        one.execute(PLAIN.replace("temporary ", "").replace("plain_", "public.plain_"))
        one.commit()
        for connection in (one, other):
            connection.execute("set lock_timeout = '200ms'")
            connection.commit()
        yield one, other
        other.rollback()
        one.rollback()
        one.execute("drop table public.plain_reference, public.plain_original")


HOLD = "insert into public.plain_reference values (1)"
LOCK = "select from public.plain_original where id = 1 "
DOOM = "update public.plain_original set state = 'deleting' where id = 1"


def test_a_foreign_key_accepts_a_reference_to_what_is_being_deleted(two) -> None:
    one, _ = two
    assert one.execute("insert into public.plain_reference values (2)").rowcount == 1


def test_a_foreign_key_does_not_keep_the_state_from_changing(two) -> None:
    one, other = two
    one.execute(HOLD)
    assert other.execute(DOOM).rowcount == 1


@pytest.mark.parametrize("strength", ["for update", "for no key update", "for share"])
def test_a_lock_on_the_row_makes_a_change_of_state_wait(two, strength: str) -> None:
    one, other = two
    one.execute(LOCK + strength)
    with pytest.raises(errors.LockNotAvailable):
        other.execute(DOOM)


def test_for_update_waits_for_an_open_insert_of_a_reference(two) -> None:
    one, other = two
    one.execute(HOLD)
    assert other.execute(LOCK + "for update skip locked").rowcount == 0
    with pytest.raises(errors.LockNotAvailable):
        other.execute(LOCK + "for update")


async def test_a_statement_that_waited_for_a_lock_judges_by_what_it_saw_before(two) -> None:
    one, other = two
    other.execute("set lock_timeout = 0")
    one.execute(LOCK + "for update")
    one.execute(HOLD)
    doom = DOOM + " and not exists (select from public.plain_reference where original_id = 1)"
    dooming = asyncio.create_task(asyncio.to_thread(other.execute, doom))
    await waiting_for_a_lock(one)
    one.commit()
    assert (await dooming).rowcount == 1
    again = doom.replace("'deleting'", "'gone'")
    assert other.execute(again).rowcount == 0


def test_a_setting_of_a_transaction_reads_as_empty_afterwards(empty_cluster: Cluster) -> None:
    with psycopg.connect(empty_cluster.login_url) as connection:
        read = "select current_setting('calotype.tenant', true)"
        assert connection.execute(read).fetchone() == (None,)
        connection.execute("select set_config('calotype.tenant', 'somebody', true)")
        connection.commit()
        assert connection.execute(read).fetchone() == ("",)


async def waiting_for_a_lock(connection: Connection) -> None:
    """Come back once some session of this database waits for a lock."""
    for _ in range(500):
        found = connection.execute(
            "select from pg_locks where not granted and (database is null or database ="
            " (select oid from pg_database where datname = current_database()))"
        )
        if found.rowcount:
            return
        await asyncio.sleep(0.01)
    raise AssertionError


# ── Our statements, step by step ──────────────────────────────────────────────────────────────


@pytest.fixture
async def originals(database: Database) -> Originals:
    return Originals(Keeping(database, open_objects("memory://")))


@pytest.fixture
async def picture(database: Database) -> UUID:
    """A live original that one media holds."""
    async with database.transaction(EDITOR) as tx:
        pending = await store.add_pending(tx, TENANT, DIGEST, 9, FACTS)
        await store.make_live(tx, pending)
        await store.add_reference(tx, pending.id, HOLDER, leased=False)
    return pending.id


HOLDER = Holder("media", new_id())


async def state(database: Database, original: UUID) -> str | None:
    async with database.snapshot(SYSTEM) as snapshot:
        return await value(
            snapshot, "select state from originals where id = %(id)s", {"id": original}
        )


async def change(database: Database, original: UUID, to: str) -> None:
    async with database.transaction(SYSTEM) as tx:
        await tx.connection.execute("delete from original_references")
        await tx.connection.execute(
            "update originals set state = %s, changed_at = now() where id = %s", [to, original]
        )


@asynccontextmanager
async def kept_waiting(
    database: Database, waits: Awaitable[Answer]
) -> AsyncIterator[asyncio.Future[Answer]]:
    """Start something, and enter the block once it waits for a lock."""
    waiting = asyncio.ensure_future(waits)
    for _ in range(500):
        async with database.snapshot(SYSTEM) as snapshot:
            if await value(snapshot, "select true from pg_locks where not granted", {}):
                break
        await asyncio.sleep(0.01)
    assert not waiting.done()
    yield waiting
    await waiting


async def release(database: Database, originals: Originals, holder: Holder = HOLDER) -> int:
    async with database.transaction(EDITOR) as tx:
        return await originals.release(tx, "media", [holder.id])


async def doom(database: Database) -> int:
    async with database.transaction(SYSTEM) as tx:
        return await upkeep_store.doom(tx, await upkeep_store.lock_collectable(tx, 0, 10))


async def attach(tx: Transaction, holder: Holder) -> None:
    """What keeping does with bytes that are known."""
    visible = await store.lock_visible(tx, TENANT, DIGEST)
    assert visible is not None
    await store.rescue(tx, visible.id)
    await store.add_reference(tx, visible.id, holder, leased=True)


@pytest.mark.parametrize("unfit", ["condemned", "deleting", "quarantined"])
async def test_our_trigger_refuses_what_is_not_live(
    database: Database, picture: UUID, unfit: str
) -> None:
    await change(database, picture, unfit)
    with pytest.raises(OriginalMissing) as refused:
        async with database.transaction(EDITOR) as tx:
            await store.add_reference(tx, picture, HOLDER, leased=False)
    assert isinstance(refused.value.__cause__, errors.ForeignKeyViolation)


async def test_our_trigger_makes_a_change_of_state_wait(
    database: Database, originals: Originals, picture: UUID
) -> None:
    other = Holder("media", new_id())
    async with database.transaction(EDITOR) as tx:
        await originals.hold(tx, picture, other)
        async with kept_waiting(database, release(database, originals)) as releasing:
            await tx.connection.commit()
    assert (await releasing, await state(database, picture)) == (1, "live")


async def test_a_release_that_waited_for_a_new_holder_condemns_nothing(
    database: Database, originals: Originals, picture: UUID
) -> None:
    async with database.transaction(EDITOR) as tx:
        await attach(tx, Holder("upload", new_id()))
        async with kept_waiting(database, release(database, originals)) as releasing:
            await tx.connection.commit()
    assert (await releasing, await state(database, picture)) == (1, "live")


async def test_whoever_comes_while_the_last_holder_leaves_finds_it_alive(
    database: Database, originals: Originals, picture: UUID
) -> None:
    async def come() -> None:
        async with database.transaction(EDITOR) as tx:
            await attach(tx, Holder("upload", new_id()))

    async with database.transaction(EDITOR) as tx:
        await originals.release(tx, "media", [HOLDER.id])
        async with kept_waiting(database, come()):
            await tx.connection.commit()
    assert await state(database, picture) == "live"


async def test_of_two_last_holders_who_leave_at_once_one_condemns(
    database: Database, originals: Originals, picture: UUID
) -> None:
    other = Holder("media", new_id())
    async with database.transaction(EDITOR) as tx:
        await originals.hold(tx, picture, other)
    async with database.transaction(EDITOR) as tx:
        await originals.release(tx, "media", [HOLDER.id])
        async with kept_waiting(database, release(database, originals, other)):
            await tx.connection.commit()
    assert await state(database, picture) == "condemned"


async def test_a_collector_passes_over_what_is_being_rescued(
    database: Database, picture: UUID
) -> None:
    await change(database, picture, "condemned")
    async with database.transaction(EDITOR) as tx:
        await attach(tx, HOLDER)
        assert await doom(database) == 0
    assert await state(database, picture) == "live"


async def test_a_rescuer_who_waited_for_the_collector_finds_nothing(
    database: Database, picture: UUID
) -> None:
    async def look() -> store.Visible | None:
        async with database.transaction(EDITOR) as tx:
            return await store.lock_visible(tx, TENANT, DIGEST)

    await change(database, picture, "condemned")
    async with database.transaction(SYSTEM) as tx:
        found = await upkeep_store.lock_collectable(tx, 0, 10)
        assert await upkeep_store.doom(tx, found) == 1
        async with kept_waiting(database, look()) as looking:
            await tx.connection.commit()
    assert (await looking, await state(database, picture)) == (None, "deleting")


async def test_two_collectors_share_the_work_and_do_not_wait(
    database: Database, picture: UUID
) -> None:
    await change(database, picture, "condemned")
    async with database.transaction(SYSTEM) as tx:
        assert await upkeep_store.lock_collectable(tx, 0, 10) == [picture]
        assert await doom(database) == 0


async def test_of_two_who_bring_the_same_bytes_the_second_gives_up(
    database: Database, picture: UUID
) -> None:
    with pytest.raises(errors.UniqueViolation):
        async with database.transaction(EDITOR) as tx:
            await store.make_live(tx, await store.add_pending(tx, TENANT, DIGEST, 9, FACTS))


async def test_a_lease_that_was_reaped_makes_nothing_live(database: Database) -> None:
    async with database.transaction(EDITOR) as tx:
        pending = await store.add_pending(tx, TENANT, DIGEST, 9, FACTS)
    await change(database, pending.id, "pending")
    async with database.transaction(SYSTEM) as tx:
        await tx.connection.execute("update originals set lease_expires_at = now() - interval '1s'")
        assert await upkeep_store.reap_pending(tx, 10) == 1
    async with database.transaction(EDITOR) as tx:
        assert not await store.make_live(tx, pending)
    assert await state(database, pending.id) == "deleting"


# ── Waiting for the disk ──────────────────────────────────────────────────────────────────────


async def test_only_what_asks_not_to_wait_does_not_wait_for_the_disk(database: Database) -> None:
    async with database.transaction(EDITOR) as tx:
        assert await synchronous(tx) == "on"
    async with database.transaction(EDITOR, durable=False) as tx:
        assert await synchronous(tx) == "off"
    async with database.transaction(EDITOR) as tx:
        assert await synchronous(tx) == "on"


async def test_what_heals_waits_for_the_disk(database: Database, picture: UUID) -> None:
    """A crash that brought the damaged copy back must find its bytes, such as they are."""
    async with database.transaction(SYSTEM) as tx:
        await upkeep_store.quarantine(tx, picture, "changed")
    arrival = keeping.Arrival(
        scope=TENANT, file=Path("a"), digest=DIGEST, size_bytes=9, facts=FACTS, holder=HOLDER
    )
    async with database.transaction(EDITOR, durable=False) as tx:
        sound = await store.add_pending(tx, TENANT, DIGEST, 9, FACTS)
        await store.make_live(tx, sound)
        await keeping._heal(tx, sound.id, arrival)
        assert await synchronous(tx) == "on"
    assert await state(database, picture) == "deleting"


async def test_whoever_waited_for_a_quarantine_heals_what_was_quarantined(
    database: Database, originals: Originals, picture: UUID
) -> None:
    """The statement that waited still sees the copy as it was, so another one has to look."""
    async with database.transaction(EDITOR) as tx:
        sound = await store.add_pending(tx, TENANT, DIGEST, 9, FACTS)
    arrival = keeping.Arrival(
        scope=TENANT, file=Path("a"), digest=DIGEST, size_bytes=9, facts=FACTS,
        holder=Holder("upload", new_id()),
    )  # fmt: skip
    finishing = originals.keeping._finish(EDITOR, arrival, sound)
    async with database.transaction(SYSTEM) as tx:
        await upkeep_store.quarantine(tx, picture, "changed")
        async with kept_waiting(database, finishing):
            await tx.connection.commit()
    assert await state(database, picture) == "deleting"
    assert await state(database, sound.id) == "live"


async def synchronous(tx: Transaction) -> str:
    return await value(tx, "show synchronous_commit", {})
