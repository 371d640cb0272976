"""The pool of children that look at pictures."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from calotype.imaging.errors import ImagingUnavailable
from calotype.imaging.fingerprint import Fingerprint
from calotype.imaging.formats import MEDIA_TYPES
from calotype.imaging.model import Isolation, Limits, Probe
from calotype.imaging.orders import MOST_ORDERS, Order, Outcome, Rendered, read_outcome
from calotype.imaging.sandbox import Sandbox
from calotype.imaging.stripped import Stripped

_MOST_ADDED_BYTES = 1 << 16


class Pixels:
    """Looks at pictures in child processes that are started when first needed.

    As many callers are served at once as there are children; the others wait their turn.
    """

    def __init__(self, children: int = 1, limits: Limits | None = None) -> None:
        self._children = children
        self._limits = limits or Limits()
        self._turns = asyncio.Semaphore(children)
        self._idle: list[Sandbox] = []
        self._busy: set[Sandbox] = set()
        self._dying: list[Sandbox] = []
        self._isolation: Isolation | None = None
        self._closed = False

    async def probe(self, file: Path) -> Probe:
        """Read the header of *file*; its pixels may still turn out to be damaged."""
        async with self._borrowed() as child:
            return await child.ask("probe", file, _plausible)

    async def decode(self, file: Path) -> None:
        """Decode every pixel of *file*, or say why that is not possible."""
        async with self._borrowed() as child:
            await child.ask("decode", file, len)

    async def strip(self, file: Path) -> Stripped | None:
        """Tell what is left of *file* without metadata, None when that is not certain."""
        async with self._borrowed() as child:
            return await child.ask("strip", file, lambda answer: _inside(answer, file))

    async def fingerprint(self, file: Path) -> Fingerprint:
        """Tell what the upright picture looks like; of an animation, its first frame."""
        async with self._borrowed() as child:
            return await child.ask("fingerprint", file, Fingerprint.from_json)

    async def render(
        self, file: Path, orders: Sequence[Order], into: Sequence[Path]
    ) -> list[Outcome]:
        """Make the picture of each order in a new file, all of them from one decode."""
        assert len(orders) == len(into) <= MOST_ORDERS
        async with self._borrowed() as child:
            said = [order.to_json() for order in orders]
            return await child.ask("render", file, partial(_made, into), into=into, orders=said)

    async def same_pixels(self, a: Path, b: Path) -> bool:
        """Tell whether both look the same in every pixel, by decoding both in full."""
        async with self._borrowed() as child:
            return await child.ask("same_pixels", a, lambda said: said["same"] is True, beside=[b])

    async def difference(self, a: Path, b: Path, into: Path) -> float:
        """Write a PNG of *a* that marks where *b* differs; also tell in what share of it."""
        async with self._borrowed() as child:
            return await child.ask("difference", a, _share, beside=[b], into=[into])

    async def isolation(self) -> Isolation:
        """Tell which locks hold the children."""
        async with self._borrowed():
            assert self._isolation is not None
            return self._isolation

    @property
    def pids(self) -> list[int]:
        """The children at work, or waiting for some."""
        return [child.pid for child in (*self._busy, *self._idle)]

    async def close(self) -> None:
        """End every child; whoever still waits for one gets ImagingUnavailable."""
        self._closed = True
        for child in self._busy:
            child.kill()
        async with AsyncExitStack() as everybody:
            for _ in range(self._children):
                await everybody.enter_async_context(self._turns)
            await self._bury()

    async def _bury(self) -> None:
        while self._idle:
            self._retire(self._idle.pop())
        for child in self._dying:
            await asyncio.to_thread(child.wait)
        self._dying.clear()

    @asynccontextmanager
    async def _borrowed(self) -> AsyncGenerator[Sandbox, None]:
        """Lend a child; one that was interrupted or is worn out is not lent again."""
        async with self._turn():
            child = self._warm_child() or await self._new_child()
            self._busy.add(child)
            try:
                yield child
            finally:
                self._busy.remove(child)
                self._take_back(child)

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None, None]:
        try:
            async with asyncio.timeout(self._limits.queue_seconds):
                await self._turns.acquire()
        except TimeoutError as error:
            raise ImagingUnavailable("too many pictures are waiting") from error
        try:
            if self._closed:
                raise ImagingUnavailable("it has been closed")
            yield
        finally:
            self._turns.release()

    def _warm_child(self) -> Sandbox | None:
        """Take the child that worked last; one that died while idle is passed over."""
        while self._idle:
            child = self._idle.pop()
            if child.is_alive:
                return child
            self._retire(child)
        return None

    async def _new_child(self) -> Sandbox:
        child = Sandbox.start(self._limits)
        try:
            self._isolation = await child.ready()
        except BaseException:
            self._retire(child)
            raise
        return child

    def _take_back(self, child: Sandbox) -> None:
        if child.is_reusable:
            self._idle.append(child)
        else:
            self._retire(child)

    def _retire(self, child: Sandbox) -> None:
        """Let it go without waiting: large processes take their time."""
        child.discard()
        self._dying = [dying for dying in (*self._dying, child) if dying.is_alive]


def _plausible(answer: Mapping[str, Any]) -> Probe:
    """Believe no more than what a picture could make a captured child say."""
    probe = Probe.from_json(answer)
    if probe.media_type not in MEDIA_TYPES or min(probe.width, probe.height, probe.frames) < 1:
        raise ValueError(probe.media_type)
    return probe


def _share(answer: Mapping[str, Any]) -> float:
    share = float(answer["share"])
    if not 0 <= share <= 1:
        raise ValueError(share)
    return share


def _inside(answer: Mapping[str, Any], file: Path) -> Stripped | None:
    """Believe no pieces that the file does not have, and little that it has not."""
    if answer["stripped"] is None:
        return None
    stripped, size_bytes = Stripped.from_json(answer["stripped"]), file.stat().st_size
    if stripped.end_of_ranges > size_bytes or stripped.size_bytes > size_bytes + _MOST_ADDED_BYTES:
        raise ValueError(stripped.size_bytes)
    return stripped


def _made(into: Sequence[Path], answer: Mapping[str, Any]) -> list[Outcome]:
    """Believe only what lies in the files."""
    outcomes = [read_outcome(value) for value in answer["made"]]
    for outcome, file in zip(outcomes, into, strict=True):
        if isinstance(outcome, Rendered) and outcome.size_bytes != file.stat().st_size:
            raise ValueError(outcome.size_bytes)
    return outcomes
