"""Taking turns: a few workers for many items."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from calotype.scan.progress import Watcher

Item = TypeVar("Item")
Result = TypeVar("Result")


async def in_turns(
    items: Iterable[Item],
    act: Callable[[Item], Awaitable[Result | None]],
    workers: int,
    watcher: Watcher,
) -> list[Result]:
    """Let workers act on all items; what is not None comes back in the order of the items."""
    results: dict[int, Result] = {}
    waiting = enumerate(items)

    async def work() -> None:
        for place, item in waiting:
            result = await act(item)
            watcher.step()
            if result is not None:
                results[place] = result

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(work())
    except BaseExceptionGroup as troubles:
        # The others were only stopped because of the first.
        raise troubles.exceptions[0] from None
    return [results[place] for place in sorted(results)]
