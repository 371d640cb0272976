"""Doctor: looks whether everything is as it should be, and mends one kind of thing at a time."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, LiteralString
from uuid import UUID

from calotype.database import SYSTEM, Database, RowCheck, execute
from calotype.originals import store, upkeep_store
from calotype.originals.checks import (
    EPOCH_DIFFERS,
    OBJECT_DAMAGED,
    OBJECT_MISSING,
    OBJECT_STRAY,
    Check,
    Finding,
)
from calotype.originals.epoch import FOREIGN_STORE
from calotype.originals.errors import NothingToRepair, RepairHalted
from calotype.originals.scrubbing import Scrubber
from calotype.originals.sweeping import Sweeper

Level = Literal["meta", "head", "deep"]
_ORDER: Mapping[Level, int] = {"meta": 0, "head": 1, "deep": 2}


@dataclass(frozen=True, slots=True)
class Subset:
    """The n-th of t equal shares of all originals."""

    number: int = 1
    of: int = 1


Repair = Callable[[], Awaitable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Something that others look for, from which level on, and how they mend it."""

    check: Check
    look: Callable[[], Awaitable[Sequence[Finding]]]
    level: Level = "meta"
    repair: Repair | None = None


@dataclass(frozen=True, slots=True)
class Doctor:
    """Asks `row_checks` of the database and `probes` of the rest, then looks at the bytes."""

    database: Database
    sweeper: Sweeper
    scrubber: Scrubber
    row_checks: tuple[RowCheck, ...]
    probes: tuple[Probe, ...]

    async def examine(self, level: Level, subset: Subset) -> AsyncGenerator[Finding]:
        """Report what is wrong: `meta` asks the rows, `head` lists objects, `deep` reads them."""
        async for finding in self._ask_rows():
            yield finding
        async for finding in self._ask_probes(level):
            yield finding
        if not await self.sweeper.belongs_together():
            yield EPOCH_DIFFERS.found("epoch")
        if level != "meta":
            async for finding in self._look_at_objects(subset, deep=level == "deep"):
                yield finding
            async for stray in self.sweeper.iter_strays():
                yield OBJECT_STRAY.found(stray.key)

    async def _ask_rows(self) -> AsyncGenerator[Finding]:
        for check in self.row_checks:
            async with self.database.snapshot(SYSTEM) as snapshot:
                subjects = await check.find(snapshot)
            for subject in subjects:
                yield Finding(check.code, check.severity, subject, check.message)

    async def _ask_probes(self, level: Level) -> AsyncGenerator[Finding]:
        for probe in self.probes:
            if _ORDER[probe.level] <= _ORDER[level]:
                for finding in await probe.look():
                    yield finding

    async def _look_at_objects(self, subset: Subset, *, deep: bool) -> AsyncGenerator[Finding]:
        """Find each original's object; *deep* reads it too. Doubt is no finding: it raises."""
        async for checked in self._iter_visible(subset):
            trouble = await self._trouble(checked, deep=deep)
            if trouble:
                yield trouble.found(str(checked.id))

    async def _iter_visible(self, subset: Subset) -> AsyncGenerator[upkeep_store.Checked]:
        last = UUID(int=0)
        while True:
            async with self.database.snapshot(SYSTEM) as snapshot:
                page = await upkeep_store.list_visible(
                    snapshot, after=last, number=subset.number - 1, of=subset.of
                )
            for checked in page:
                yield checked
            if not page:
                return
            last = page[-1].id

    async def _trouble(self, checked: upkeep_store.Checked, *, deep: bool) -> Check | None:
        found = await self.scrubber.objects.find(checked.object_key)
        if found is None:
            return OBJECT_MISSING if await self._is_still_visible(checked) else None
        if found.size_bytes != checked.size_bytes:
            return OBJECT_DAMAGED
        if deep and await self.scrubber.damage(checked):
            return OBJECT_DAMAGED if await self._is_still_visible(checked) else None
        return None

    async def _is_still_visible(self, checked: upkeep_store.Checked) -> bool:
        """What was collected since the page was read is not missing."""
        async with self.database.snapshot(SYSTEM) as snapshot:
            return await upkeep_store.is_visible(snapshot, checked.id)

    def repairable(self) -> list[str]:
        """The codes that `repair` takes."""
        mended = [probe.check.code for probe in self.probes if probe.repair]
        return sorted([*repairable(self.row_checks), *mended])

    async def plan_repair(self, code: str) -> list[Finding]:
        """Tell what `repair` would look at, with no more reading than *code* takes to be found."""
        self._repair_of(code)
        level = self._level_of(code)
        return [found async for found in self.examine(level, Subset()) if found.code == code]

    def _level_of(self, code: str) -> Level:
        for probe in self.probes:
            if probe.check.code == code:
                return probe.level
        return _LEVELS.get(code, "meta")

    async def repair(self, code: str) -> int:
        """Mend everything that is reported as *code*, each thing looked at anew; tell how many."""
        return await self._repair_of(code)()

    def _repair_of(self, code: str) -> Repair:
        if code in _STEPS:
            return partial(_STEPS[code], self)
        for check in self.row_checks:
            if check.code == code and check.repair:
                return partial(self._execute, check.repair)
        for probe in self.probes:
            if probe.check.code == code and probe.repair:
                return probe.repair
        raise NothingToRepair(f"{code}: choose one of {', '.join(self.repairable())}.")

    async def _execute(self, statement: LiteralString) -> int:
        async with self.database.transaction(SYSTEM) as tx:
            return await execute(tx, statement, {})

    async def condemn_unheld(self) -> int:
        """Lock first, judge second: whoever was waited for may hold one of these by now."""
        async with self.database.transaction(SYSTEM) as tx:
            return await store.condemn_unreferenced(tx, await upkeep_store.lock_unheld(tx))

    async def quarantine(self, trouble: Check) -> int:
        """Take what has this trouble out of sight, so that the same file, sent again, heals it.

        Keys are random, so a store that has most of the objects is the right one, as after a
        restore; in one that lacks most of them, nothing is known to be missing.
        """
        deep = trouble is OBJECT_DAMAGED
        seen, sound, troubled = 0, 0, list[upkeep_store.Checked]()
        async for checked in self._iter_visible(Subset()):
            found = await self._trouble(checked, deep=deep)
            seen += 1
            sound += found is None
            if found is trouble:
                troubled.append(checked)
        if 2 * sound < seen and not await self.sweeper.belongs_together():
            raise RepairHalted(FOREIGN_STORE)
        return sum([await self._quarantine(checked, trouble, deep=deep) for checked in troubled])

    async def _quarantine(
        self, checked: upkeep_store.Checked, trouble: Check, *, deep: bool
    ) -> int:
        """Look once more: somebody may have copied the object back since."""
        if await self._trouble(checked, deep=deep) is not trouble:
            return 0
        async with self.database.transaction(SYSTEM) as tx:
            return await upkeep_store.quarantine(tx, checked.id, trouble.code)

    async def remove_strays(self) -> int:
        """Remove what two passes a day apart saw without a row."""
        reconciled = await self.sweeper.reconcile()
        if reconciled.halted_because:
            raise RepairHalted(reconciled.halted_because)
        return reconciled.strays_removed

    async def adopt_store(self) -> int:
        """Declare that database and store belong together, once no original misses its object."""
        async for finding in self._look_at_objects(Subset(), deep=False):
            raise RepairHalted(f"Original {finding.subject}: {finding.message}")
        return int(await self.sweeper.mark_store())


# What one statement cannot mend: it looks at the store, or locks first and judges by another.
_STEPS: Mapping[str, Callable[[Doctor], Awaitable[int]]] = {
    EPOCH_DIFFERS.code: Doctor.adopt_store,
    "live-unreferenced": Doctor.condemn_unheld,
    OBJECT_DAMAGED.code: lambda doctor: doctor.quarantine(OBJECT_DAMAGED),
    OBJECT_MISSING.code: lambda doctor: doctor.quarantine(OBJECT_MISSING),
    OBJECT_STRAY.code: Doctor.remove_strays,
}
_LEVELS: Mapping[str, Level] = {
    OBJECT_DAMAGED.code: "deep",
    OBJECT_MISSING.code: "head",
    OBJECT_STRAY.code: "head",
}


def repairable(row_checks: Sequence[RowCheck]) -> list[str]:
    """The codes that a doctor with these checks can mend."""
    return sorted({check.code for check in row_checks if check.repair} | _STEPS.keys())
