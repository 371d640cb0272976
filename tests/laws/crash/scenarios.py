"""Scenarios: what was there before, and the operation that will be stopped in the middle."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from calotype.database import Caller
from calotype.library import NotInTrash
from calotype.renditions import PRESETS, Recipe
from calotype.renditions.model import Improve
from calotype.uploads.model import Examine
from tests.laws.crash.stage import Stage, picture

PICTURE = picture(1)
OTHER = picture(2)
KEY = "the same request"

Say = Callable[[str, UUID], None]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """`prepare` ends in peace; `act` tells what it was told, so that nothing of it may be lost."""

    name: str
    prepare: Callable[[Stage], Awaitable[object]]
    act: Callable[[Stage, Say], Awaitable[object]]
    boundaries: int
    touches: bool = False  # the media that was there may be gone afterwards
    uploads: bool = False
    dangers: frozenset[str] = frozenset()


async def nothing(_: Stage) -> None:
    """A house without pictures."""


async def one(stage: Stage) -> UUID:
    return await stage.upload(PICTURE)


async def two_that_share(stage: Stage) -> None:
    await one(stage)
    await one(stage)


async def condemned(stage: Stage) -> None:
    await stage.delete_at_once(await one(stage))


async def long_condemned(stage: Stage) -> None:
    await condemned(stage)
    stage.pass_time(2)


async def condemned_without_bytes(stage: Stage) -> None:
    await long_condemned(stage)
    for key in await stage.stored_keys():
        await stage.objects.delete(key)


async def quarantined(stage: Stage) -> None:
    await two_that_share(stage)
    stage.flip_a_bit()
    assert await stage.house.scrubber.scrub(10) == 1


async def in_the_trash(stage: Stage) -> None:
    for _ in range(2):
        await stage.delete(await one(stage))
    stage.pass_time(31 * 24)


async def things_to_sweep(stage: Stage) -> None:
    """One of each: condemned, deleting, pending without a writer, a lease nobody took over."""
    await stage.upload(OTHER)
    for seed, state in ((3, "live"), (4, "deleting"), (5, "pending"), (6, "leased")):
        await stage.delete_at_once(await stage.upload(picture(seed)))
        _leave_behind(stage, seed, state)
    stage.pass_time(1)


def _leave_behind(stage: Stage, seed: int, state: str) -> None:
    """Turn the newest original into what a dead process would have left."""
    newest = "(select id from originals order by id desc limit 1)"
    if state == "deleting":
        stage.owner.execute(f"update originals set state = 'deleting' where id = {newest}")
    if state == "pending":
        stage.owner.execute(
            "update originals set state = 'pending', lease_expires_at = now(),"
            f" lease_token = gen_random_uuid() where id = {newest}"
        )
    if state == "leased":
        stage.owner.execute(f"update originals set state = 'live' where id = {newest}")
        stage.owner.execute(
            "insert into original_references (id, original_id, tenant_id, holder_kind, holder_id,"
            f" lease_expires_at) select gen_random_uuid(), id, scope_id, 'upload',"
            f" gen_random_uuid(), now() from originals where id = {newest}"
        )


async def strays(stage: Stage) -> None:
    """Two objects that a pass saw two days ago, and one that nobody saw yet."""
    await stage.upload(OTHER)
    for number in range(3):
        received = stage.arrive(picture(number))
        await stage.objects.put(
            f"o/aa/bb/{number}", received.file, size_bytes=received.size_bytes,
            digest=received.digest,
        )  # fmt: skip
        if number == 1:
            await stage.house.sweeper.reconcile()
            stage.pass_time(48)


async def damaged(stage: Stage) -> None:
    await stage.upload(OTHER)
    stage.flip_a_bit()
    await one(stage)


async def upload(stage: Stage, say: Say) -> None:
    say("kept", await stage.upload(PICTURE, key=KEY))


async def upload_beside_a_rival(stage: Stage, say: Say) -> None:
    """While the bytes are on their way, somebody else brings the same ones."""

    async def rival() -> None:
        say("rival", await stage.upload(PICTURE, house=stage.neighbour))

    stage.watch.act_at("before put", rival)
    await upload(stage, say)


async def trash_and_restore(stage: Stage, say: Say) -> None:
    media = stage.list_media()[0]
    await stage.delete(media)
    try:
        await stage.restore(media)
    except NotInTrash:
        return
    say("kept", media)


async def delete_at_once(stage: Stage, say: Say) -> None:
    await stage.delete_at_once(stage.list_media()[0])


async def empty_trash(stage: Stage, say: Say) -> None:
    await stage.house.library.empty_trash()


async def sweep(stage: Stage, say: Say) -> None:
    await stage.house.sweeper.sweep()


async def reconcile(stage: Stage, say: Say) -> None:
    await stage.house.sweeper.reconcile()


async def scrub(stage: Stage, say: Say) -> None:
    await stage.house.scrubber.scrub(10)


async def examine(stage: Stage, say: Say) -> None:
    [(original,)] = stage.ask("select id from originals")
    await stage.house.uploads.examine(stage.editor, Examine(original=original))


async def render(stage: Stage, say: Say) -> None:
    """Have one size made, and made better, as the job does."""
    [(original, scope)] = stage.ask("select id, scope_id from originals")
    made = await stage.house.renditions.demand(
        original_id=original, scope_id=scope, recipe=Recipe(PRESETS[0])
    )
    await stage.house.renditions.improve(Caller("service", scope), Improve(made.id))


async def rendered_and_let_go(stage: Stage) -> None:
    """Two renditions, one of which took the other's place, of an original that is gone."""
    await one(stage)
    await render(stage, lambda *_: None)
    await stage.delete_at_once(stage.list_media()[0])
    await stage.house.sweeper.sweep()
    stage.pass_time(1)


async def sweep_renditions(stage: Stage, say: Say) -> None:
    await stage.house.upkeep.sweep()


QUARANTINED = frozenset({"quarantined"})

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(name="upload of new bytes", prepare=nothing, act=upload,
                 boundaries=13, uploads=True),
        Scenario(name="upload of known bytes", prepare=one, act=upload,
                 boundaries=8, uploads=True),
        Scenario(name="upload that rescues", prepare=condemned, act=upload,
                 boundaries=8, uploads=True),
        Scenario(name="upload that rescues late", prepare=long_condemned, act=upload,
                 boundaries=12, uploads=True),
        Scenario(name="upload that finds no bytes", prepare=condemned_without_bytes, act=upload,
                 boundaries=19, uploads=True, dangers=frozenset({"object-missing"})),
        Scenario(name="upload that heals", prepare=quarantined, act=upload,
                 boundaries=13, uploads=True, dangers=QUARANTINED),
        Scenario(name="upload beside a rival", prepare=nothing, act=upload_beside_a_rival,
                 boundaries=17, uploads=True),
        Scenario(name="trash and restore", prepare=one, act=trash_and_restore,
                 boundaries=6, touches=True),
        Scenario(name="delete one of two", prepare=two_that_share, act=delete_at_once,
                 boundaries=3, touches=True),
        Scenario(name="delete the last", prepare=one, act=delete_at_once,
                 boundaries=3, touches=True),
        Scenario(name="empty the trash", prepare=in_the_trash, act=empty_trash,
                 boundaries=3, touches=True),
        Scenario(name="sweep", prepare=things_to_sweep, act=sweep, boundaries=33),
        Scenario(name="reconcile", prepare=strays, act=reconcile, boundaries=31),
        Scenario(name="scrub", prepare=damaged, act=scrub, boundaries=16, touches=True,
                 dangers=QUARANTINED),
        Scenario(name="examine", prepare=one, act=examine, boundaries=4),
        Scenario(name="rendition", prepare=one, act=render, boundaries=19),
        Scenario(name="sweep of renditions", prepare=rendered_and_let_go, act=sweep_renditions,
                 boundaries=15),
    )
}  # fmt: skip
