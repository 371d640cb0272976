"""Waiting until a session waits for a lock, so that two can be made to meet."""

import asyncio

from tests.laws.crash.stage import Stage


async def somebody_waits_for_a_lock(stage: Stage) -> None:
    """Come back once some session of this database waits for a row that another one locked."""
    for _ in range(500):
        if stage.ask("select from pg_locks where not granted"):
            return
        await asyncio.sleep(0.01)
    raise AssertionError
