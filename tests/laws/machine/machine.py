"""The machine: uploads, links, trash, sweeps, crashes and clock jumps, in any order."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from calotype.errors import CalotypeError
from calotype.http import KeyReused
from calotype.imaging import Probe
from calotype.library import Description
from calotype.originals import Holder, Kept, ReferenceLost
from calotype.uploads.service import _facts, _picture
from tests.laws.crash.boundaries import Interrupted, interrupt
from tests.laws.crash.stage import picture
from tests.laws.crash.verdict import demand_nothing_left
from tests.laws.machine.laws import Laws, digest_of
from tests.laws.machine.model import Picture, Promise, Shelf
from tests.storage.faults import Fault

Result = TypeVar("Result")

tenants = st.sampled_from([0, 0, 0, 1])
seeds = st.integers(0, 3)
hows = st.sampled_from(["peace", "fault", "crash"])
keys = st.sampled_from([None, "a", "b"])
loud = st.sampled_from([fault for fault in Fault if fault is not Fault.BIT_FLIP])
UPKEEP = {
    "sweep": ("delete", "read_marker"),
    "reconcile": ("list_pages", "delete", "read_marker"),
    "scrub": ("read", "read_marker"),
    "doctor": ("read", "find", "list_pages", "read_marker"),
}


class Machine(Laws):
    """Drives the house and the model side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.suspended: list[tuple[Picture, Kept, Any, Probe]] = []

    # ── Uploads ───────────────────────────────────────────────────────────────────────────────

    @rule(tenant=tenants, seed=seeds, key=keys)
    def upload(self, tenant: int, seed: int, key: str | None) -> None:
        self.hit("upload by another tenant" if tenant else "upload")
        self._upload((tenant, picture(seed)), key)

    @rule(tenant=tenants, seed=seeds)
    def upload_something_similar(self, tenant: int, seed: int) -> None:
        self.hit("upload of similar bytes")
        self._upload((tenant, picture(seed, twist=1)), None)

    @rule(tenant=tenants, some=st.lists(seeds, min_size=2, max_size=4))
    def upload_a_batch(self, tenant: int, some: list[int]) -> None:
        self.hit("batch")
        pictures = [(tenant, picture(seed)) for seed in some]

        async def batch() -> list[UUID]:
            return await asyncio.gather(*(self._receive(shown, None) for shown in pictures))

        for media, shown in zip(self.do(batch()), pictures, strict=True):
            self._acknowledge(media, shown)

    @precondition(lambda self: self.model.promises)
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        """The same request again; with another payload or another key it is not the same."""
        tenant, key = data.draw(st.sampled_from(sorted(self.model.promises)))
        shown = self.model.promises[tenant, key].picture
        self.hit("retry with the same key, another payload and another key")
        self._upload(shown, key)
        self._upload((tenant, picture(9)), key)
        self._upload(shown, None)

    @rule(tenant=tenants, seed=seeds, fault=loud | st.just(Fault.LATE), lands=st.booleans())
    def upload_to_a_failing_store(
        self, tenant: int, seed: int, fault: Fault, *, lands: bool
    ) -> None:
        for verb in ("put", "find"):
            self.plan.next(verb, fault)
        with suppress(CalotypeError):
            self._acknowledge(
                self.do(self._receive((tenant, picture(seed)), None)), (tenant, picture(seed))
            )
        self.hit("upload to a failing store, met" if self.plan.met else "upload, fault unmet")
        self._calm()
        if lands:
            self.land_what_was_late()

    @rule(seed=seeds)
    def upload_to_a_store_that_errs(self, seed: int) -> None:
        """The store says that all is well, and keeps something else."""
        shown = (0, picture(seed))
        self.plan.next("put", Fault.BIT_FLIP)
        media = self.do(self._receive(shown, None))
        self._acknowledge(media, shown)
        if self.plan.met:
            self.hit("store that errs")
            self.model.flipped.add(shown)
        self._calm()

    @rule(tenant=tenants, seed=seeds, boundary=st.integers(0, 24))
    def crash_while_uploading(self, tenant: int, seed: int, boundary: int) -> None:
        shown = (tenant, picture(seed))
        self.stage.watch.act_at(boundary, interrupt)
        with suppress(Interrupted):
            self.do(self._receive(shown, "crashed"))
            self.hit("upload that outran its crash")
        self.hit("crash while uploading")
        self._restart()
        media = self.do(self._receive(shown, "crashed"))
        assert media == self.do(self._receive(shown, "crashed"))
        self._acknowledge(media, shown)
        self.stage.owner.execute("delete from idempotency_keys where key = 'crashed'")

    @rule(tenant=tenants, seed=seeds)
    def begin_an_upload(self, tenant: int, seed: int) -> None:
        """Keep the bytes and fall asleep before they become media."""
        self.hit("upload that falls asleep")
        self.do(self._begin((tenant, picture(seed))))

    async def _begin(self, shown: Picture) -> None:
        received = self.stage.arrive(shown[1])
        probe = await self.stage.house.uploads.readers.probe(received.file)
        kept = await self.stage.house.originals.keep(
            self.caller(shown[0]), received.file, received.digest, received.size_bytes,
            _facts(probe), holder=Holder("upload", UUID(int=len(self.suspended) + 1)),
        )  # fmt: skip
        if not kept.bytes_were_known:
            self.model.heal(shown)
        self.suspended.append((shown, kept, received, probe))

    @precondition(lambda self: self.suspended)
    @rule(slept=st.booleans())
    def finish_an_upload(self, *, slept: bool) -> None:
        """Wake up: the lease stands, or the upload is told that it was lost."""
        if slept:
            self.jump(1)
            self.do(self.stage.house.sweeper.sweep())
        shown, kept, received, probe = self.suspended.pop(0)
        try:
            media = self.do(self._finish(shown, kept, received, probe))
        except ReferenceLost:
            self.hit("upload that slept too long")
        else:
            self.hit("upload that woke up")
            self.model.media[media] = Shelf(shown)

    async def _finish(self, shown: Picture, kept: Kept, received: Any, probe: Probe) -> UUID:
        async with self.stage.house.database.transaction(self.caller(shown[0])) as tx:
            added = await self.stage.house.library.add(
                tx, kept, _picture(received, probe), Description(name="woken")
            )
        return added.id

    def _upload(self, shown: Picture, key: str | None) -> None:
        promise = self.model.promises.get((shown[0], key or ""))
        if promise and not self.model.expires(promise):
            self._upload_again(shown, key, promise)
            return
        media = self.do(self._receive(shown, key))
        assert media not in self.model.media
        self._acknowledge(media, shown)
        if key:
            self.model.promises[shown[0], key] = Promise(media, shown, self.model.hours)

    def _upload_again(self, shown: Picture, key: str | None, promise: Promise) -> None:
        if shown == promise.picture:
            assert self.do(self._receive(shown, key)) == promise.media
            return
        try:
            self.do(self._receive(shown, key))
        except KeyReused:
            return
        raise AssertionError("an idempotency key was accepted with another payload")

    async def _receive(self, shown: Picture, key: str | None) -> UUID:
        return await self.stage.upload(shown[1], key=key, caller=self.caller(shown[0]))

    def _acknowledge(self, media: UUID, shown: Picture) -> None:
        self.model.media[media] = Shelf(shown)
        if shown in self.model.quarantined:
            self.hit("upload that heals")
            self.model.heal(shown)

    # ── Links and the trash ───────────────────────────────────────────────────────────────────

    @precondition(lambda self: self._holdable())
    @rule(data=st.data())
    def link(self, data: st.DataObject) -> None:
        self.hit("link")
        media = data.draw(st.sampled_from(self._holdable()))
        shown = self.model.media[media].picture
        holder = UUID(int=1000 + self.hits["link"])
        self.do(self._hold(media, shown, holder))
        self.model.links[holder] = shown

    def _holdable(self) -> list[UUID]:
        media = self.model.media.items()
        return [each for each, shelf in media if shelf.picture not in self.model.quarantined]

    async def _hold(self, media: UUID, shown: Picture, holder: UUID) -> None:
        async with self.stage.house.database.transaction(self.caller(shown[0])) as tx:
            found = await self.stage.house.library.get(tx, media)
            assert found.original_id is not None
            for _ in range(2):
                await self.stage.house.originals.hold(
                    tx, found.original_id, Holder("upload", holder)
                )

    @precondition(lambda self: self.model.links)
    @rule(data=st.data())
    def unlink(self, data: st.DataObject) -> None:
        self.hit("unlink")
        holder = data.draw(st.sampled_from(sorted(self.model.links)))
        tenant, _ = self.model.links.pop(holder)

        async def release() -> list[int]:
            async with self.stage.house.database.transaction(self.caller(tenant)) as tx:
                originals = self.stage.house.originals
                return [await originals.release(tx, "upload", [holder]) for _ in range(2)]

        assert self.do(release()) == [1, 0]
        self.model.forget_damage()

    @precondition(lambda self: self.model.media)
    @rule(data=st.data(), at_once=st.booleans(), crash_at=st.none() | st.none() | st.integers(0, 2))
    def delete(self, data: st.DataObject, *, at_once: bool, crash_at: int | None) -> None:
        media = data.draw(st.sampled_from(list(self.model.media)))
        caller = self.caller(self.model.media[media].picture[0])
        verb = self.stage.delete_at_once if at_once else self.stage.delete
        crashed = self._crashing(verb(media, caller), crash_at)
        self.hit("crash while deleting" if crashed else "delete at once" if at_once else "trash")
        self._adopt_places()
        if not crashed:
            place = self.model.media[media].place if media in self.model.media else "gone"
            assert place == ("gone" if at_once else "trash")

    @precondition(lambda self: self._trashed())
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        self.hit("restore")
        media = data.draw(st.sampled_from(self._trashed()))
        self.do(self.stage.restore(media, self.caller(self.model.media[media].picture[0])))
        self.model.media[media].place = "library"

    @rule(crash_at=st.none() | st.integers(0, 2))
    def empty_the_trash(self, crash_at: int | None) -> None:
        crashed = self._crashing(self.stage.empty_trash(), crash_at)
        self.hit("crash while emptying the trash" if crashed else "empty the trash")
        self._adopt_places()
        assert crashed or not self._trashed()

    def _trashed(self) -> list[UUID]:
        return [media for media, shelf in self.model.media.items() if shelf.place == "trash"]

    def _adopt_places(self) -> None:
        """A deletion that was not acknowledged may or may not have been; nothing else may."""
        found = dict(
            self.stage.ask("select id, deleted_at from media where original_id is not null")
        )
        self.model.let_go([media for media in self.model.media if media not in found])
        for media, shelf in self.model.media.items():
            shelf.place = "trash" if found[media] else "library"

    # ── Upkeep ────────────────────────────────────────────────────────────────────────────────

    @rule(how=hows, data=st.data())
    def sweep(self, how: str, data: st.DataObject) -> None:
        self._keep_house("sweep", self.stage.house.sweeper.sweep, how, data)

    @rule(how=hows, data=st.data())
    def reconcile(self, how: str, data: st.DataObject) -> None:
        self._keep_house("reconcile", self.stage.house.sweeper.reconcile, how, data)

    @rule(how=hows, data=st.data())
    def scrub(self, how: str, data: st.DataObject) -> None:
        self._keep_house("scrub", lambda: self.stage.house.scrubber.scrub(100), how, data)

    @rule(how=hows, data=st.data())
    def doctor(self, how: str, data: st.DataObject) -> None:
        self._keep_house("doctor", self._examine, how, data)

    def _keep_house(
        self, verb: str, work: Callable[[], Awaitable[object]], how: str, data: st.DataObject
    ) -> None:
        """Do upkeep in peace, with a store that fails, or with a crash in the middle."""
        if how == "fault":
            self.plan.next(data.draw(st.sampled_from(UPKEEP[verb])), data.draw(loud))
        crash_at = data.draw(st.integers(0, 9)) if how == "crash" else None
        try:
            crashed = self._crashing(work(), crash_at)
            self.hit(f"crash in {verb}" if crashed else verb)
        except CalotypeError:
            assert self.plan.met
        if self.plan.met:
            self.hit(f"{verb} with a failing store")
        self._calm()
        self._adopt_quarantined()

    def _adopt_quarantined(self) -> None:
        """Only damage that was done may be found."""
        found = {
            (int(scope != self.stage.editor.tenant), digest)
            for scope, digest in self.stage.ask(
                "select scope_id, digest from originals o where state = 'quarantined' and exists"
                " (select from original_references r where r.original_id = o.id)"
            )
        }
        suspects = self.model.flipped | self.model.quarantined
        quarantined = {shown for shown in suspects if (shown[0], digest_of(shown)) in found}
        assert len(quarantined) == len(found)
        self.model.quarantined = quarantined & self.model.pictures()
        self.model.flipped -= quarantined

    @rule(hours=st.sampled_from([0.2, 1, 25]))
    def jump(self, hours: float) -> None:
        self.hit("clock jump")
        self.stage.pass_time(hours)
        self.model.hours += hours

    @rule()
    def land_what_was_late(self) -> None:
        if self.do(self.faulty[-1].land()):
            self.hit("late landing")

    @precondition(lambda self: self.model.pictures() - self.model.quarantined)
    @rule(data=st.data())
    def damage_and_scrub(self, data: st.DataObject) -> None:
        """A bit rots in the store; scrub finds it, and the same upload heals it."""
        sound = self.model.pictures() - self.model.quarantined
        shown = data.draw(st.sampled_from(sorted(sound)))
        if shown not in self.model.flipped:
            self._rot(shown)
        assert self.do(self.stage.house.scrubber.scrub(1000)) >= 1
        self._adopt_quarantined()
        assert shown in self.model.quarantined
        self.hit("bit flip that scrub found")
        if data.draw(st.booleans()):
            self._upload(shown, None)

    def _rot(self, shown: Picture) -> None:
        [(original,)] = self.stage.ask(
            "select id from originals where state = 'live' and scope_id = %s and digest = %s",
            self.caller(shown[0]).tenant, digest_of(shown),
        )  # fmt: skip
        self.stage.flip_a_bit(original)
        self.model.flipped.add(shown)

    async def _examine(self) -> None:
        """Reading everything finds the damage that was done, and no other."""
        found = {f.code for f in await self.stage.findings("deep") if f.severity == "danger"}
        expected = {"object-damaged"} if self.model.flipped & self._visible() else set()
        allowed = expected | ({"quarantined"} if self.model.quarantined else set())
        assert expected <= found <= allowed | ({"object-damaged"} if self.model.flipped else set())

    def _crashing(self, work: Awaitable[object], crash_at: int | None) -> bool:
        self.stage.watch.forget()
        if crash_at is not None:
            self.stage.watch.act_at(crash_at, interrupt)
        try:
            self.do(work)
        except Interrupted:
            self._restart()
            return True
        finally:
            self.stage.watch.forget()
        return False

    def _restart(self) -> None:
        self.do(self.stage.restart())

    def _calm(self) -> None:
        self.plan.heal()
        self.plan.met.clear()

    def teardown(self) -> None:
        """Empty everything: no object may be left, and no row of an original."""
        self.do(self._wind_up())
        self.hit("wound up")

    async def _wind_up(self) -> None:
        await self.faulty[-1].land()
        for holder, (tenant, _) in self.model.links.items():
            async with self.stage.house.database.transaction(self.caller(tenant)) as tx:
                await self.stage.house.originals.release(tx, "upload", [holder])
        for media, shelf in self.model.media.items():
            await self.stage.delete_at_once(media, self.caller(shelf.picture[0]))
        await demand_nothing_left(self.stage)
