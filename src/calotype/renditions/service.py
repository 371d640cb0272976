"""The verbs of renditions: find, demand, prepare, improve."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from calotype.database import Caller, Database, Snapshot, Transaction
from calotype.imaging import Unreadable
from calotype.jobs import Jobs
from calotype.originals import Original, OriginalMissing, Originals
from calotype.renditions import store
from calotype.renditions.errors import RenditionUnderWay
from calotype.renditions.making import Making
from calotype.renditions.model import (
    FORMATS,
    Claim,
    Format,
    Improve,
    Prepare,
    Preset,
    Recipe,
    Rendition,
    Stats,
)

_PATIENCE_SECONDS = 100
_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 1.0

_Wanted = tuple[UUID, str, Format]
"""An original, the key of a recipe, and a format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renditions:
    """Makes each rendition once, however many ask for it on however many machines.

    Within a process they wait for one task, across processes for the row that its maker claimed.
    """

    database: Database
    originals: Originals
    making: Making
    jobs: Jobs
    presets: tuple[Preset, ...]
    eager: bool
    _under_way: dict[_Wanted, "asyncio.Task[Rendition]"] = field(
        default_factory=dict[_Wanted, "asyncio.Task[Rendition]"], repr=False
    )

    async def close(self) -> None:
        """Give up what is being made; whoever waits is told."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def find(
        self, snapshot: Snapshot, original_id: UUID, recipe: Recipe, form: Format
    ) -> Rendition | None:
        """Return what has been made already; whoever asks must have been let in before."""
        return await store.find(snapshot, original_id, recipe.key, form)

    async def demand(
        self, *, original_id: UUID, scope_id: UUID, recipe: Recipe, as_format: Format = "avif"
    ) -> Rendition:
        """Return the rendition, made now if nobody has; slow, and no transaction may be open.

        What was made may be of another media type than asked for: an animation is kept in WebP, a
        picture with alpha in PNG, and an encoder that fails makes room for the next. A picture
        whose pixels cannot be decoded raises Unreadable.
        """
        wanted = (original_id, recipe.key, as_format)
        task = self._under_way.get(wanted)
        if task is None:
            task = asyncio.create_task(self._obtain(Caller("service", scope_id), wanted))
            self._under_way[wanted] = task
            task.add_done_callback(partial(self._end, wanted))
        # Whoever loses patience must not take the picture away from the others who wait.
        return await asyncio.shield(task)

    def _end(self, wanted: _Wanted, task: "asyncio.Task[Rendition]") -> None:
        """Forget a task; if nobody waits any more, its trouble has been logged where it arose."""
        del self._under_way[wanted]
        if not task.cancelled():
            task.exception()

    async def _obtain(self, caller: Caller, wanted: _Wanted) -> Rendition:
        """Find it, make it, or wait for whoever makes it, and not for ever."""
        patient_until = time.monotonic() + _PATIENCE_SECONDS
        pause = _FIRST_PAUSE_SECONDS
        while (found := await self._find_or_make(caller, wanted)) is None:
            if time.monotonic() > patient_until:
                raise RenditionUnderWay
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        return found

    async def _find_or_make(self, caller: Caller, wanted: _Wanted) -> Rendition | None:
        """None while somebody else makes it."""
        async with self.database.snapshot(caller) as snapshot:
            found = await store.find(snapshot, *wanted)
            entry = None if found else await store.find_entry(snapshot, *wanted)
        if found or (entry and not entry.over):
            if entry and entry.state == "failed":
                raise Unreadable(entry.trouble or "")
            return found
        original = await self._usable(caller, wanted[0])
        claims = await self._claim(caller, [wanted], quick=True)
        made = await self.making.make(caller, original, claims) if claims else []
        return made[0] if made else None

    async def _usable(self, caller: Caller, original: UUID) -> Original:
        async with self.database.snapshot(caller) as snapshot:
            found = await self.originals.get(snapshot, original)
        if found.state != "live":
            raise OriginalMissing
        if found.readable is False:
            raise Unreadable
        return found

    async def _claim(
        self, caller: Caller, wishes: Sequence[_Wanted], *, quick: bool
    ) -> list[Claim]:
        """Claim what nobody has made and nobody makes; always in the same order."""
        claims: list[Claim] = []
        async with self.database.transaction(caller, durable=False) as tx:
            for wanted in sorted(wishes):
                await store.end_overdue(tx, *wanted)
                claim = await store.claim(
                    tx, *wanted, state="pending", quick=quick and wanted[2] == "avif"
                )
                claims += [claim] if claim else []
        return claims

    async def plan(self, tx: Transaction, original: UUID) -> None:
        """Have all renditions of an original made in the background, where that is wished for."""
        if self.eager:
            await self.jobs.defer(tx, Prepare(original=original))

    async def prepare(self, caller: Caller, job: Prepare) -> None:
        """Make what is missing of all presets and formats, in one cascade."""
        try:
            original = await self._usable(caller, job.original)
        except (OriginalMissing, Unreadable):
            return
        keys = {Recipe(preset).key for preset in self.presets}
        wishes: list[_Wanted] = [(original.id, key, form) for key in keys for form in FORMATS]
        claims = await self._claim(caller, wishes, quick=False)
        if claims:
            await self.making.make(caller, original, claims)

    async def improve(self, caller: Caller, job: Improve) -> None:
        """Make a rendition again without haste; the better one takes its place."""
        async with self.database.snapshot(caller) as snapshot:
            hasty = await store.find_by_id(snapshot, job.rendition)
        if hasty is None or not hasty.quick:
            return
        try:
            original = await self._usable(caller, hasty.original_id)
        except (OriginalMissing, Unreadable):
            return
        wanted = (hasty.original_id, hasty.recipe, hasty.format)
        async with self.database.transaction(caller, durable=False) as tx:
            claim = await store.claim(tx, *wanted, state="improving", quick=False)
        if claim is not None:
            await self.making.make(caller, original, [claim])

    async def forget(self, rendition: Rendition) -> None:
        """Give up a rendition whose object is not there; the next who asks has it made anew."""
        async with self.database.transaction(Caller("service", rendition.scope_id)) as tx:
            await store.forget(tx, rendition.id)

    async def stats(self, snapshot: Snapshot) -> Stats:
        return await store.stats(snapshot)
