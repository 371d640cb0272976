"""Transactions: whole or not at all, bounded in number, and leaving nothing on a connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import LiteralString
from uuid import uuid4

import pytest

from calotype.database import (
    SYSTEM,
    Caller,
    Database,
    DatabaseBusy,
    DatabaseSlow,
    execute,
    value,
)
from tests.conftest import Cluster

SOMEBODY = Caller(role="editor", tenant=uuid4(), person=uuid4())


@pytest.fixture
async def narrow(empty_cluster: Cluster) -> AsyncIterator[Database]:
    """A database with one connection, which is waited for only briefly."""
    opened = await Database.connect(empty_cluster.login_url, connections=1)
    opened.pool.timeout = 0.2
    yield opened
    await opened.close()


async def add_and_fail(database: Database, *, durable: bool) -> None:
    async with database.transaction(SYSTEM, durable=durable) as tx:
        await execute(
            tx, "insert into stray_objects (object_key, size_bytes) values ('o/00/00/x', 1)", {}
        )
        assert await value(tx, "select count(*) from stray_objects", {}) == 1
        raise ZeroDivisionError


async def count_strays(database: Database) -> int:
    async with database.snapshot(SYSTEM) as snapshot:
        return await value(snapshot, "select count(*) from stray_objects", {})


@pytest.mark.parametrize("durable", [True, False])
async def test_what_raises_changes_nothing(database: Database, *, durable: bool):
    with pytest.raises(ZeroDivisionError):
        await add_and_fail(database, durable=durable)
    assert await count_strays(database) == 0


async def told(database: Database) -> tuple:
    """What a connection knows between two transactions."""
    async with database.pool.connection() as connection:
        cursor = await connection.execute(
            "select current_setting('calotype.tenant', true), current_setting('calotype.person',"
            " true), current_setting('calotype.role', true), current_setting('search_path'),"
            " current_setting('timezone'), current_setting('statement_timeout'),"
            " current_setting('lock_timeout'), current_user = session_user,"
            " (select count(*) from pg_prepared_statements)"
        )
        row = await cursor.fetchone()
    assert row is not None
    return tuple(part or "" for part in row)


async def test_nothing_of_a_transaction_stays_on_its_connection(narrow: Database):
    """A pooler may give the connection to somebody else after every transaction."""
    before = await told(narrow)
    assert before[:3] == ("", "", "")
    for _ in range(8):
        async with narrow.transaction(SOMEBODY) as tx:
            assert await value(tx, "select current_tenant()", {}) == SOMEBODY.tenant
            assert await value(tx, "select current_user::text", {}) == "calotype_app"
    assert await told(narrow) == before


async def test_nobody_waits_for_a_connection_for_ever(narrow: Database):
    async with narrow.snapshot(SYSTEM):
        with pytest.raises(DatabaseBusy):
            await count_strays(narrow)
    assert await count_strays(narrow) == 0


async def test_a_pool_never_opens_more_connections_than_it_may(database: Database):
    database.pool.timeout = 0.2
    async with AsyncExitStack() as stack:
        for _ in range(database.pool.max_size):
            await stack.enter_async_context(database.snapshot(SYSTEM))
        with pytest.raises(DatabaseBusy):
            await count_strays(database)
        assert database.pool.get_stats()["pool_size"] == database.pool.max_size == 8


async def test_one_who_waits_in_the_database_holds_up_nobody_else(database: Database):
    lock = "select pg_advisory_xact_lock(4711)"

    async def wait_for_lock() -> None:
        async with database.transaction(SYSTEM) as tx:
            await tx.connection.execute(lock)

    async with database.transaction(SYSTEM) as tx:
        await tx.connection.execute(lock)
        waiting = asyncio.create_task(wait_for_lock())
        for _ in range(50):
            assert await count_strays(database) == 0
        assert not waiting.done()
    await waiting


async def test_requests_may_not_take_for_ever_and_upkeep_may(database: Database):
    limits = "select current_setting('statement_timeout') || current_setting('lock_timeout')"
    async with database.snapshot(SOMEBODY) as snapshot:
        assert await value(snapshot, limits, {}) == "30s10s"
    async with database.snapshot(SYSTEM) as snapshot:
        assert await value(snapshot, limits, {}) == "00"


async def wait_in_vain(database: Database, lock: LiteralString, limit: str) -> None:
    async with database.transaction(SOMEBODY) as tx:
        await tx.connection.execute("select set_config(%s, '50ms', true)", [limit])
        await tx.connection.execute(lock)


@pytest.mark.parametrize("limit", ["statement_timeout", "lock_timeout"])
async def test_what_takes_too_long_is_given_up(database: Database, limit: str):
    lock = "select pg_advisory_xact_lock(4711)"
    async with database.transaction(SYSTEM) as holder:
        await holder.connection.execute(lock)
        with pytest.raises(DatabaseSlow):
            await wait_in_vain(database, lock, limit)
