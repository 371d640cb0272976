"""Whoever takes part in the race: each is a process with its own loop, database and store."""

import asyncio
import logging
import random
import traceback
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Literal
from uuid import UUID

import psycopg
import structlog

from calotype.database import Caller, RowsCollided, new_id
from calotype.digest import Digest
from calotype.errors import Unavailable
from calotype.originals import KeepContended, OriginalMissing, ReferenceLost
from calotype.storage import ObjectMissing
from tests.laws.race.store import FarObjects
from tests.laws.race.way import Tally, Way, shorten_leases, watch

TENANTS = (UUID(int=1), UUID(int=2))
CONTENTS = [random.Random(number).randbytes(4_000 + number) for number in range(5)]
LOSSES = ("bad reads", "dangling", "foreign rows")
_ABORTS = 0.04
_ABORT_SECONDS = 0.03
_PAUSE_SECONDS = 0.003
_PATIENT = 0.2
_PATIENCE_SECONDS = 0.1

Role = Literal["writer", "collector", "reaper", "reconciler"]
Held = tuple[UUID, UUID, int]  # tenant, media, content


@dataclass(frozen=True, slots=True)
class Part:
    """What a process is told."""

    role: Role
    number: int
    way: type[Way]
    login_url: str
    folder: Path
    stops_when_caught: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What a process tells when it has ended."""

    tally: Tally
    held: list[Held]
    trouble: str | None = None


def play(part: Part, stop: Event, results: Connection) -> None:
    logging.disable(logging.WARNING)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    random.seed(part.number)
    try:
        results.send(asyncio.run(_play(part, stop)))
    except BaseException:  # noqa: BLE001 whatever it is, the test has to hear of it
        stop.set()
        results.send(Result(Tally(), [], traceback.format_exc()))


async def _play(part: Part, stop: Event) -> Result:
    tally = Tally()
    shorten_leases(renewed=bool(part.number % 2))
    watch(tally)
    database = await part.way.database_kind.connect(part.login_url, connections=3)
    objects = FarObjects(part.folder / "objects", random.Random(part.number))
    way = part.way(database, objects, tally)
    try:
        held = await _act(part, way, stop)
    finally:
        await objects.close()
        await database.close()
    return Result(tally, held)


async def _act(part: Part, way: Way, stop: Event) -> list[Held]:
    if part.role != "writer":
        act = {"collector": way.sweep, "reaper": way.reap, "reconciler": way.reconcile}[part.role]
        await _tidy(act, way.tally, stop)
        return []
    hands = [Hand(way, Caller("editor", tenant), part, stop) for tenant in TENANTS]
    await asyncio.gather(*[hand.work() for hand in hands])
    return [held for hand in hands for held in hand.held]


async def _tidy(act: Callable[[], Awaitable[None]], tally: Tally, stop: Event) -> None:
    while not stop.is_set():
        with _noting(tally):
            await act()
        await asyncio.sleep(random.random() * _PAUSE_SECONDS)


@contextmanager
def _noting(tally: Tally) -> Generator[None]:
    """Count the troubles that may be met; the test says of which there may be none."""
    try:
        yield
    except tuple(_TROUBLES) as trouble:
        tally[next(name for kind, name in _TROUBLES.items() if isinstance(trouble, kind))] += 1


_TROUBLES: dict[type[Exception], str] = {
    ReferenceLost: "lost references",
    OriginalMissing: "refused references",
    RowsCollided: "collisions",
    KeepContended: "contended",
    Unavailable: "unavailable",
    TimeoutError: "aborts",
    psycopg.Error: "database errors",
}


class Hand:
    """Keeps a picture, reads it, releases it, and begins again: for one tenant."""

    def __init__(self, way: Way, caller: Caller, part: Part, stop: Event) -> None:
        self._way = way
        self._caller = caller
        self._part = part
        self._stop = stop
        self.held: list[Held] = []

    async def work(self) -> None:
        while not self._stop.is_set():
            with _noting(self._way.tally):
                await (self._let_go() if self.held else self._keep())

    async def _keep(self) -> None:
        """What was interrupted may be held or not; so it is released to be sure."""
        assert self._caller.tenant is not None
        media, content = new_id(), random.randrange(len(CONTENTS))
        file = self._part.folder / "spool" / str(media)
        file.write_bytes(CONTENTS[content])
        try:
            async with self._perhaps_aborted():
                await self._way.keep(self._caller, file, CONTENTS[content], media)
            self.held.append((self._caller.tenant, media, content))
            self._way.tally["acknowledged"] += 1
        finally:
            file.unlink(missing_ok=True)
            if not self.held:
                await self._way.release(self._caller, media)

    async def _let_go(self) -> None:
        patient = random.random() < _PATIENT
        await asyncio.sleep(random.random() * (_PATIENCE_SECONDS if patient else _PAUSE_SECONDS))
        _, media, content = self.held.pop()
        good = await is_sound(self._way, self._caller, media, content)
        self._way.tally["reads"] += 1
        self._way.tally["bad reads"] += not good
        if self._part.stops_when_caught and _is_caught(self._way.tally):
            self._stop.set()
        try:
            async with self._perhaps_aborted():
                await self._way.release(self._caller, media)
        except TimeoutError:
            await self._way.release(self._caller, media)
            raise

    def _perhaps_aborted(self) -> asyncio.Timeout:
        aborted = random.random() < _ABORTS
        return asyncio.timeout(random.random() * _ABORT_SECONDS if aborted else None)


async def is_sound(way: Way, caller: Caller, media: UUID, content: int) -> bool:
    """Read what was acknowledged, to its last byte."""
    key = await way.object_key(caller, media)
    if key is None:
        return False
    data = b""
    with suppress(ObjectMissing):
        data = b"".join([piece async for piece in way.objects.read(key)])
    return Digest.of(data) == Digest.of(CONTENTS[content])


def _is_caught(tally: Tally) -> bool:
    return any(tally[name] for name in LOSSES)
