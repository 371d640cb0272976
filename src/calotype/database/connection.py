"""Connections, and what one may do with them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Self

import psycopg
from psycopg import AsyncConnection, errors
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from calotype.database.caller import Caller
from calotype.database.errors import (
    DatabaseBusy,
    DatabaseSlow,
    DatabaseTooOld,
    DatabaseUnreachable,
    RowsCollided,
)

OLDEST_VERSION = 150000
_WAIT_SECONDS = 5.0
_OFTEN = 5
_COLLISIONS = (errors.SerializationFailure, errors.DeadlockDetected)
_OVERDUE = (errors.QueryCanceled, errors.LockNotAvailable)
_BEGIN = b"begin"
_BEGIN_WITHOUT_WAITING = b"begin; set local synchronous_commit = off"
_BEGIN_READING = b"begin read only"

Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A connection that may only read, and on whose behalf it does."""

    connection: AsyncConnection[TupleRow]
    caller: Caller


@dataclass(frozen=True, slots=True)
class Transaction(Snapshot):
    """A connection whose changes commit, or not, together."""


@dataclass(frozen=True, slots=True)
class Database:
    """One PostgreSQL, used through a bounded pool."""

    pool: Pool
    separate_roles: bool

    @classmethod
    async def connect(cls, url: str, *, connections: int, prepares: bool = False) -> Self:
        """Open the pool once the server has answered and is new enough.

        Statements that come often are only *prepared* where no pooler may stand in between, which
        would hand them to connections that do not know them.
        """
        separate_roles = await _inspect(url)
        pool: Pool = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=connections,
            timeout=_WAIT_SECONDS,
            max_waiting=connections * 32,
            open=False,
            kwargs={"autocommit": True, "prepare_threshold": _OFTEN if prepares else None},
        )
        await pool.open()
        return cls(pool, separate_roles)

    async def close(self) -> None:
        await self.pool.close()

    @asynccontextmanager
    async def transaction(
        self, caller: Caller, *, durable: bool = True
    ) -> AsyncGenerator[Transaction]:
        """Commit everything inside the block on behalf of *caller*, or nothing if it raises.

        What is not *durable* by itself is lost in a crash unless a later commit was durable.
        """
        begin = _BEGIN if durable else _BEGIN_WITHOUT_WAITING
        async with self._opened(begin, caller) as connection:
            yield Transaction(connection, caller)

    @asynccontextmanager
    async def snapshot(self, caller: Caller) -> AsyncGenerator[Snapshot]:
        """Read on behalf of *caller*."""
        async with self._opened(_BEGIN_READING, caller) as connection:
            yield Snapshot(connection, caller)

    @asynccontextmanager
    async def _opened(
        self, begin: bytes, caller: Caller
    ) -> AsyncGenerator[AsyncConnection[TupleRow]]:
        role = f"; set local role {caller.database_role}".encode() if self.separate_roles else b""
        opening = begin + b"; " + caller.settings + role
        try:
            connection = await self._acquire(opening)
            async with self._returned(connection):
                yield connection
        except (PoolTimeout, TooManyRequests) as error:
            raise DatabaseBusy from error
        except _COLLISIONS as error:
            raise RowsCollided from error
        except _OVERDUE as error:
            raise DatabaseSlow from error
        except psycopg.OperationalError as error:
            raise DatabaseUnreachable from error

    async def _acquire(self, opening: bytes) -> AsyncConnection[TupleRow]:
        """Take a connection and begin on it; connections that died while idle are passed over.

        Even if all of them died, as when the server was started again, the one after is new.
        """
        for _ in range(self.pool.max_size + 1):
            connection = await self.pool.getconn()
            try:
                await connection.execute(opening)
            except psycopg.OperationalError:
                await self.pool.putconn(connection)
            except BaseException:
                await self.pool.putconn(connection)
                raise
            else:
                return connection
        raise DatabaseUnreachable

    @asynccontextmanager
    async def _returned(self, connection: AsyncConnection[TupleRow]) -> AsyncGenerator[None]:
        """Commit at the end of the block, or roll back, and give the connection back."""
        try:
            yield
            await connection.commit()
        except BaseException:
            with suppress(psycopg.Error):
                await connection.rollback()
            raise
        finally:
            await self.pool.putconn(connection)


async def _inspect(url: str) -> bool:
    """Refuse a server that cannot serve; tell whether it has calotype's roles for the login."""
    try:
        connection = await AsyncConnection.connect(url, connect_timeout=10)
    except psycopg.Error as error:
        raise DatabaseUnreachable(
            f"The database cannot be reached: {_first_line(error)}"
        ) from error
    async with connection:
        if connection.info.server_version < OLDEST_VERSION:
            raise DatabaseTooOld
        cursor = await connection.execute(
            "select count(*) = 2 from pg_roles where rolname in ('calotype_app', 'calotype_system')"
            " and pg_has_role(current_user, oid, 'member')"
        )
        found = await cursor.fetchone()
    return bool(found and found[0])


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
