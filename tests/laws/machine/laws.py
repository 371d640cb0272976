"""The laws: what must be true after every step, whatever it was."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import TypeVar
from uuid import UUID

from hypothesis.stateful import RuleBasedStateMachine, invariant

from calotype.database import Caller
from calotype.delivery.errors import PictureMissing
from calotype.digest import Digest
from calotype.library import Filter
from tests.laws.crash.stage import Stage
from tests.laws.machine.model import Model, Picture
from tests.storage.faults import FaultyObjects, Plan

Result = TypeVar("Result")


class Laws(RuleBasedStateMachine):
    """The real house beside the model, which may not disagree."""

    hits: Counter[str]
    stage: Stage
    runner: asyncio.Runner
    plan: Plan
    faulty: list[FaultyObjects]

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.plan.heal()
        self.do(self.stage.empty())

    def do(self, work: Awaitable[Result]) -> Result:
        async def wait() -> Result:
            return await work

        return self.runner.run(wait())

    def hit(self, name: str) -> None:
        self.hits[name] += 1

    def caller(self, tenant: int) -> Caller:
        return (self.stage.editor, self.stage.stranger)[tenant]

    def _visible(self) -> set[Picture]:
        return self.model.pictures() - self.model.quarantined

    @invariant()
    def references_are_those_of_the_model(self) -> None:
        held = self.stage.ask(
            "select holder_id from original_references where lease_expires_at is null"
        )
        assert sorted(row[0] for row in held) == sorted([*self.model.media, *self.model.links])

    @invariant()
    def every_picture_is_served_exactly(self) -> None:
        for media, shelf in self.model.media.items():
            caller = self.caller(shelf.picture[0])
            if shelf.picture in self.model.quarantined:
                assert self.do(self._refuses(media, caller))
            elif shelf.picture not in self.model.flipped:
                assert self.do(self.stage.serve(media, caller)) == shelf.picture[1]

    @invariant()
    def nobody_sees_what_belongs_to_another(self) -> None:
        for tenant in (0, 1):
            seen = self.do(self._list(self.caller(tenant)))
            assert seen == self.model.of(tenant, "library")
            for media in self.model.of(1 - tenant, "library"):
                assert self.do(self._refuses(media, self.caller(tenant)))

    async def _list(self, caller: Caller) -> set[UUID]:
        async with self.stage.house.database.snapshot(caller) as snapshot:
            found = await self.stage.house.library.list_media(
                snapshot, Filter(), after=None, limit=1000
            )
        return {media.id for media in found}

    async def _refuses(self, media: UUID, caller: Caller) -> bool:
        try:
            await self.stage.serve(media, caller)
        except PictureMissing:
            return True
        return False

    @invariant()
    def doctor_finds_no_danger_but_the_damage_that_was_done(self) -> None:
        found = {f.code for f in self.do(self.stage.findings("head")) if f.severity == "danger"}
        assert found == ({"quarantined"} if self.model.quarantined else set())

    @invariant()
    def the_statistics_are_those_of_the_model(self) -> None:
        figures = self.do(self.stage.house.sweeper.stats())
        leases = self.stage.ask(
            "select scope_id, digest, state from original_references r"
            " join originals o on o.id = r.original_id where r.lease_expires_at is not null"
        )
        assert figures.references == len(self.model.media) + len(self.model.links) + len(leases)
        held = {(self.caller(s[0]).tenant, digest_of(s)) for s in self._visible()}
        # Nobody was told yet of what a lease alone holds, so its damage is none to the model.
        leased = {(scope, digest) for scope, digest, state in leases if state == "live"}
        assert figures.total_count - figures.orphaned_count == len(held | leased)


def digest_of(shown: Picture) -> bytes:
    return Digest.of(shown[1]).raw
