"""Statements and the rows they answer with."""

from collections.abc import Mapping
from typing import Any, LiteralString, TypeVar

from psycopg.rows import class_row

from calotype.database.connection import Snapshot, Transaction

Row = TypeVar("Row")
Values = Mapping[str, object]


async def one(
    snapshot: Snapshot, kind: type[Row], query: LiteralString, values: Values
) -> Row | None:
    """Run *query* and read at most one row as *kind*."""
    async with snapshot.connection.cursor(row_factory=class_row(kind)) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchone()


async def rows(
    snapshot: Snapshot, kind: type[Row], query: LiteralString, values: Values
) -> list[Row]:
    """Run *query* and read its rows as *kind*."""
    async with snapshot.connection.cursor(row_factory=class_row(kind)) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchall()


async def value(snapshot: Snapshot, query: LiteralString, values: Values) -> Any:
    """Run *query* and read the first column of its first row, or None."""
    cursor = await snapshot.connection.execute(query, values)
    found = await cursor.fetchone()
    return found[0] if found else None


async def execute(tx: Transaction, query: LiteralString, values: Values) -> int:
    """Run *query* and tell how many rows it changed."""
    cursor = await tx.connection.execute(query, values)
    return cursor.rowcount
