"""Hearing what other connections notify."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import LiteralString

import psycopg
from psycopg import AsyncConnection

from calotype.database.errors import DatabaseUnreachable


@asynccontextmanager
async def hearing(url: str, channel: LiteralString) -> AsyncGenerator[AsyncIterator[str]]:
    """Hear inside the block what is said on *channel*, from the moment it begins.

    It takes a connection of its own, past a pooler, which would hand it to somebody else.
    """
    try:
        async with await AsyncConnection.connect(
            url, autocommit=True, connect_timeout=10, keepalives_idle=10, keepalives_count=3
        ) as connection:
            await connection.execute("listen " + channel)
            yield (notify.payload async for notify in connection.notifies())
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable from error
