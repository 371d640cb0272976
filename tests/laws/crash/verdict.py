"""What must be true after a crash, whatever was stopped and wherever."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from calotype.library import LIBRARY_CHECKS
from calotype.originals import ORIGINAL_CHECKS, Level, Subset
from calotype.uploads import UPLOAD_CHECKS
from tests.laws.crash.scenarios import KEY, PICTURE, Scenario
from tests.laws.crash.stage import Stage

Said = list[tuple[str, UUID]]


async def judge(stage: Stage, scenario: Scenario, before: set[UUID], said: Said) -> None:
    """*before* is the media that was there; *said* is what the operation acknowledged."""
    await stage.restart()
    acknowledged = {media for _, media in said}
    for media in acknowledged if scenario.touches else acknowledged | before:
        if not scenario.dangers or media in acknowledged:
            await demand_exact(stage, media)
    await demand_no_danger(stage, scenario.dangers)
    assert list(await stage.house.upkeep.look()) == [], "a live rendition has no object"
    if scenario.uploads:
        await _repeat(stage, before, said)
    await demand_nothing_left(stage)


async def demand_exact(stage: Stage, media: UUID) -> None:
    [(digest,)] = stage.ask(
        "select o.digest from media m join originals o on o.id = m.original_id where m.id = %s",
        media,
    )
    data = await stage.serve(media)
    assert stage.arrive(data).digest.raw == digest, f"wrong bytes for {media}"


async def demand_no_danger(
    stage: Stage, expected: Iterable[str] = (), level: Level = "head"
) -> None:
    """Ask what doctor asks of rows and bytes; no crash changes the schema or the decoders."""
    doctor = replace(
        stage.neighbour.doctor,
        row_checks=(*ORIGINAL_CHECKS, *LIBRARY_CHECKS, *UPLOAD_CHECKS), probes=(),
    )  # fmt: skip
    found = [f async for f in doctor.examine(level, Subset()) if f.severity == "danger"]
    assert [f for f in found if f.code not in expected] == []


async def _repeat(stage: Stage, before: set[UUID], said: Said) -> None:
    """The same request again gives the same media, or the one that was never made."""
    again = await stage.upload(PICTURE, key=KEY)
    kept = [media for kind, media in said if kind == "kept"]
    rivals = {media for kind, media in said if kind == "rival"}
    assert kept in ([], [again])
    gone = {row[0] for row in stage.ask("select id from media where original_id is null")}
    assert set(stage.list_media()) - gone == (before | rivals | {again}) - gone
    for media in (before | rivals | {again}) - gone:
        assert await stage.serve(media) == PICTURE
    await demand_no_danger(stage, level="meta")


async def demand_nothing_left(stage: Stage) -> None:
    """Delete all media: sweeps, and reconciles a day apart, leave no object and no row."""
    for (media,) in stage.ask("select id from media where original_id is not null"):
        await stage.delete_at_once(media)
    stage.pass_time(1)
    for _ in ("reap and collect", "collect what was reaped"):
        swept = await stage.house.sweeper.sweep()
        assert swept.halted_because is None
    for _ in ("give up", "remove what nobody reads any more"):
        await stage.house.upkeep.sweep()
        stage.pass_time(1)
    for _ in ("see", "see again and remove"):
        assert (await stage.house.sweeper.reconcile()).halted_because is None
        stage.pass_time(25)
    assert await stage.stored_keys() == set()
    assert await stage.rendition_keys() == set()
    assert stage.ask("select id, state from renditions") == []
    assert stage.ask("select id, state from originals") == []
    assert stage.ask("select id from original_references") == []
    figures = await stage.house.sweeper.stats()
    assert (figures.total_count, figures.total_size, figures.orphaned_count) == (0, 0, 0)
    assert (figures.references, figures.logical_size) == (0, 0)
