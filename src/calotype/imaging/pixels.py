"""The pool of children that look at pictures."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from calotype.imaging.errors import ImagingUnavailable
from calotype.imaging.formats import MEDIA_TYPES
from calotype.imaging.model import Isolation, Limits, Probe
from calotype.imaging.sandbox import Sandbox


class Pixels:
    """Looks at pictures in child processes that are started when first needed.

    As many callers are served at once as there are children; the others wait their turn.
    """

    def __init__(self, children: int = 1, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._turns = asyncio.Semaphore(children)
        self._idle: list[Sandbox] = []
        self._busy: set[Sandbox] = set()
        self._dying: list[Sandbox] = []
        self._isolation: Isolation | None = None

    async def probe(self, file: Path) -> Probe:
        """Read the header of *file*; its pixels may still turn out to be damaged."""
        answer = await self._ask("probe", file)
        return _believed(answer, file.stat().st_size)

    async def decode(self, file: Path) -> None:
        """Decode every pixel of *file*, or say why that is not possible."""
        await self._ask("decode", file)

    async def isolation(self) -> Isolation:
        """Tell which locks hold the children."""
        if self._isolation is None:
            async with self._turn():
                self._idle.append(await self._child())
        assert self._isolation is not None
        return self._isolation

    @property
    def pids(self) -> list[int]:
        """The children that are alive or were a moment ago."""
        return [child.pid for child in (*self._idle, *self._busy)]

    async def close(self) -> None:
        """End every child; whoever still waits for one gets ImagingUnavailable."""
        for child in (*self._idle, *self._busy):
            self._retire(child)
        self._idle.clear()
        dying, self._dying = self._dying, []
        for child in dying:
            await asyncio.to_thread(child.wait)

    async def _ask(self, verb: str, file: Path) -> Mapping[str, Any]:
        async with self._turn():
            child = await self._child()
            self._busy.add(child)
            ...
