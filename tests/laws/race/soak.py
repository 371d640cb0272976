"""A race: eight writers, two collectors, a reaper and a reconciler, each a process of its own."""

import asyncio
import multiprocessing
import random
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from calotype.database import Caller, Database
from calotype.originals import ORIGINAL_CHECKS, Doctor, Finding, Scrubber, Subset
from tests.laws.race.players import Held, Part, Result, Role, is_sound, play
from tests.laws.race.store import FarObjects
from tests.laws.race.way import Tally, Way

EVERYBODY: dict[Role, int] = {"writer": 8, "collector": 2, "reaper": 1, "reconciler": 1}
_ROUNDS_TO_REST = 3
_MOST_SWEEPS = 1_000
_MEMORY = Path("/dev/shm")
_END_SECONDS = 60


@contextmanager
def shared_folder(other: Path) -> Iterator[Path]:
    """A folder in memory where the system has one, since disks are not what races here."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else other) as folder:
        for name in ("objects", "spool", "late"):
            Path(folder, name).mkdir()
        yield Path(folder)


@dataclass(frozen=True, slots=True)
class Soak:
    """One race over one database and one folder, in one way of keeping pictures."""

    login_url: str
    folder: Path
    way: type[Way]
    players: dict[Role, int]

    async def run(self, seconds: float, *, stops_when_caught: bool = False) -> Result:
        """Let everybody act for so long, and add up what they tell."""
        async with self._opened() as way:
            await way.sweeper.ensure_epoch()
        results = await asyncio.to_thread(self._race, seconds, stops_when_caught=stops_when_caught)
        return Result(
            sum((result.tally for result in results), Tally()),
            [held for result in results for held in result.held],
            "\n".join(result.trouble for result in results if result.trouble) or None,
        )

    async def come_to_rest(self) -> list[Finding]:
        """Sweep and reconcile until nothing is left to do; then ask doctor about every byte."""
        async with self._opened() as way:
            for _ in range(_ROUNDS_TO_REST):
                await asyncio.sleep(0.3)
                await way.reap()
                await _sweep_whole(way)
                await way.reconcile()
            scrubber = Scrubber(way.database, way.objects)
            doctor = Doctor(way.database, way.sweeper, scrubber, ORIGINAL_CHECKS, ())
            return [finding async for finding in doctor.examine("deep", Subset())]

    async def unsound(self, held: list[Held]) -> list[Held]:
        """Those whose bytes are not what was acknowledged."""
        async with self._opened() as way:
            return [
                (tenant, media, content)
                for tenant, media, content in held
                if not await is_sound(way, Caller("editor", tenant), media, content)
            ]

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Way]:
        database = await Database.connect(self.login_url, connections=2)
        objects = FarObjects(self.folder / "objects", random.Random(0))
        try:
            yield Way(database, objects, Tally())
        finally:
            await objects.close()
            await database.close()

    def _race(self, seconds: float, *, stops_when_caught: bool) -> list[Result]:
        """Only the fork server has imported everything; each process is a fork of it."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.laws.race.players"])
        stop = context.Event()
        running: list[tuple[ForkServerProcess, Connection]] = []
        for part in self._parts(stops_when_caught=stops_when_caught):
            mine, theirs = context.Pipe(duplex=False)
            player = context.Process(target=play, args=(part, stop, theirs))
            player.start()
            theirs.close()
            running.append((player, mine))
        stop.wait(seconds)
        stop.set()
        return [_hear(player, pipe) for player, pipe in running]

    def _parts(self, *, stops_when_caught: bool) -> Iterator[Part]:
        roles = [role for role, count in self.players.items() for _ in range(count)]
        for number, role in enumerate(roles):
            yield Part(role, number, self.way, self.login_url, self.folder, stops_when_caught)


async def _sweep_whole(way: Way) -> None:
    """Sweep until nothing halts it: the store is away now and then, but never for long."""
    swept = await way.sweeper.sweep(force=True)
    for _ in range(_MOST_SWEEPS):
        if not swept.halted_because:
            return
        swept = await way.sweeper.sweep(force=True)
    raise AssertionError(swept.halted_because)


def _hear(player: ForkServerProcess, pipe: Connection) -> Result:
    """A player that does not end is ended; it has told nothing then, which is a failure."""
    with pipe:
        told = pipe.recv() if pipe.poll(_END_SECONDS) else Result(Tally(), [], "It never ended.")
    player.join(_END_SECONDS)
    player.kill()
    player.join()
    return told
