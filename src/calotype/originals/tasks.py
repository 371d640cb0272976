"""What originals do in the background."""

from typing import Any

from calotype.database import SYSTEM, Caller
from calotype.jobs import Task
from calotype.originals import upkeep_store
from calotype.originals.model import FoldStats, Reconcile, Scrub, Sweep
from calotype.originals.scrubbing import Scrubber
from calotype.originals.sweeping import Sweeper

_SCRUBBED_AT_A_TIME = 200


def originals_tasks(sweeper: Sweeper, scrubber: Scrubber) -> list[Task[Any]]:
    async def sweep(_: Caller, __: Sweep) -> None:
        await sweeper.sweep()

    async def reconcile(_: Caller, __: Reconcile) -> None:
        await sweeper.reconcile()

    async def scrub(_: Caller, __: Scrub) -> None:
        await scrubber.scrub(_SCRUBBED_AT_A_TIME)

    async def fold_stats(_: Caller, __: FoldStats) -> None:
        async with sweeper.database.transaction(SYSTEM) as tx:
            await upkeep_store.fold_stats(tx)

    return [
        Task(Sweep, sweep, every="*/5 * * * *"),
        Task(Reconcile, reconcile, every="17 3 * * *"),
        Task(Scrub, scrub, every="41 * * * *"),
        Task(FoldStats, fold_stats, every="* * * * *"),
    ]
