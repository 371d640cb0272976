"""Each check finds the defect that is planted for it, and each repair mends it for good."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import CliRunner

from calotype.cli import main
from calotype.originals import STORE_CHECKS, NothingToRepair, Subset
from calotype.originals.epoch import EPOCH_KEY
from calotype.renditions import PRESETS, Recipe, Rendition
from tests.laws.crash.stage import Stage, picture
from tests.originals.waiting import somebody_waits_for_a_lock

Plant = Callable[[Stage], Awaitable[object]]

NOT_ROWS = {*(check.code for check in STORE_CHECKS), "loaders-differ", "rendition-missing"}


@dataclass(frozen=True, kw_only=True)
class Defect:
    """How a defect is planted, how it is undone where it is not rows, and what else it causes."""

    plant: Plant
    undo: str = ""
    level: str = "meta"
    also: frozenset[str] = frozenset()


async def upload(stage: Stage) -> UUID:
    return await stage.upload(picture(1))


def after_upload(*statements: str) -> Plant:
    """Plant by statements of the owner, in a house with one picture."""

    async def plant(stage: Stage) -> None:
        await upload(stage)
        for statement in statements:
            stage.owner.execute(statement)

    return plant


async def condemn(stage: Stage) -> UUID:
    """A second picture that nobody holds."""
    await stage.delete_at_once(await stage.upload(picture(2)))
    [(original,)] = stage.ask("select id from originals where state = 'condemned'")
    return original


async def condemn_what_is_held(stage: Stage) -> None:
    await upload(stage)
    stage.owner.execute("update originals set state = 'condemned'")


async def give_up_what_is_held(stage: Stage) -> None:
    await upload(stage)
    stage.owner.execute("update originals set state = 'deleting'")


async def forget_to_condemn(stage: Stage) -> None:
    original = await condemn(stage)
    stage.owner.execute(
        "update originals set state = 'live', changed_at = now() - interval '2 hours'"
        " where id = %s", [original],
    )  # fmt: skip


async def leave_pending(stage: Stage) -> None:
    await condemn(stage)
    stage.owner.execute(
        "update originals set state = 'pending', lease_expires_at = now() - interval '2 days'"
    )


async def leave_deleting(stage: Stage) -> None:
    await condemn(stage)
    stage.owner.execute(
        "update originals set state = 'deleting', changed_at = now() - interval '2 days'"
    )


async def show_twice(stage: Stage) -> None:
    await upload(stage)
    await stage.upload(picture(1), caller=stage.stranger)
    stage.owner.execute("drop index originals_visible")
    stage.owner.execute("update original_references set tenant_id = %s", [stage.editor.tenant])
    stage.owner.execute("update originals set scope_id = %s", [stage.editor.tenant])


async def damage(stage: Stage) -> None:
    await upload(stage)
    stage.flip_a_bit()


async def quarantine(stage: Stage) -> None:
    await damage(stage)
    assert await stage.house.scrubber.scrub(1) == 1


async def lose_bytes(stage: Stage) -> None:
    await upload(stage)
    for key in await stage.stored_keys():
        await stage.objects.delete(key)


async def litter(stage: Stage) -> None:
    received = stage.arrive(picture(9))
    await stage.objects.put(
        "o/aa/bb/stray", received.file, size_bytes=received.size_bytes, digest=received.digest
    )
    await stage.house.sweeper.reconcile()
    stage.pass_time(48)


async def exchange_the_store(stage: Stage) -> None:
    await upload(stage)
    await stage.objects.write_marker(EPOCH_KEY, b"another")


async def render(stage: Stage) -> Rendition:
    await upload(stage)
    [(original, scope)] = stage.ask("select id, scope_id from originals")
    return await stage.house.renditions.demand(
        original_id=original, scope_id=scope, recipe=Recipe(PRESETS[0]), as_format="jpeg"
    )


def after_rendition(statement: str) -> Plant:
    async def plant(stage: Stage) -> None:
        await render(stage)
        stage.owner.execute(statement)

    return plant


async def lose_rendition(stage: Stage) -> None:
    await stage.objects.delete((await render(stage)).object_key)


def job(status: str) -> Plant:
    return after_upload(
        "delete from procrastinate.procrastinate_jobs",
        "insert into procrastinate.procrastinate_jobs (queue_name, task_name, status)"
        f" values ('default', 'planted', '{status}')",
    )


def journal(lifetime: str, *, held: bool) -> Plant:
    """Write an entry about a merge, which holds what it needs or does not."""
    entry = (
        "insert into journal (id, tenant_id, action, subjects, before, expires_at)"
        " select id, scope_id, 'review:merge', '{}', jsonb_build_object('gone', id),"
        f" now() + {lifetime} from originals"
    )
    hold = (
        "insert into original_references (id, original_id, tenant_id, holder_kind, holder_id)"
        " select gen_random_uuid(), id, scope_id, 'journal', id from originals"
    )
    return after_upload(entry, *([hold] if held else []))


DEFECTS = {
    "reference-dangling": Defect(plant=give_up_what_is_held),
    "condemned-referenced": Defect(
        plant=condemn_what_is_held, also=frozenset({"reference-dangling"})
    ),
    "live-unreferenced": Defect(plant=forget_to_condemn),
    "pending-stale": Defect(plant=leave_pending),
    "deleting-stale": Defect(plant=leave_deleting),
    "visible-twice": Defect(
        plant=show_twice,
        also=frozenset({"stats-drifted"}),
        undo="delete from media; delete from original_references; delete from originals;"
        " create unique index originals_visible on originals (scope_id, algorithm, digest)"
        " where state in ('live', 'condemned')",
    ),
    "holder-unregistered": Defect(
        plant=after_upload("create table planted (original uuid references originals)"),
        undo="drop table planted",
    ),
    "quarantined": Defect(plant=quarantine),
    "scrub-behind": Defect(
        plant=after_upload("update originals set verified_at = now() - interval '31 days'")
    ),
    "sweep-halted": Defect(
        plant=after_upload(
            "insert into sweeps (id, collected, collected_bytes, reaped, halted_because)"
            " values (gen_random_uuid(), 0, 0, 0, 'planted')"
        )
    ),
    "stats-drifted": Defect(plant=after_upload("delete from original_stat_changes")),
    "media-unheld": Defect(
        plant=after_upload("delete from original_references"),
    ),
    "reference-without-holder": Defect(
        plant=after_upload(
            "insert into original_references (id, original_id, tenant_id, holder_kind, holder_id)"
            " select gen_random_uuid(), id, scope_id, 'media', gen_random_uuid() from originals"
        )
    ),
    "media-processing-long": Defect(
        plant=after_upload("update media set created_at = now() - interval '2 hours'")
    ),
    "original-unexamined": Defect(
        plant=after_upload("update originals set changed_at = now() - interval '2 hours'")
    ),
    "fingerprint-missing": Defect(
        plant=after_upload(
            "update originals set readable = true, changed_at = now() - interval '2 hours'"
        )
    ),
    "fingerprint-unsearched": Defect(
        plant=after_upload(
            "insert into fingerprints (original_id, scope_id, algorithm, width, height, phash,"
            " dhash, turned, tiles, small, quality, thumbhash, colour)"
            " select id, scope_id, 1, 1, 1, '', '', '{}', '{}', '', 0, '', 0 from originals"
        )
    ),
    "journal-unheld": Defect(plant=journal("interval '1 day'", held=False)),
    "journal-overdue": Defect(plant=journal("interval '-2 days'", held=True)),
    "upload-without-media": Defect(
        plant=after_upload("update uploads set media_id = gen_random_uuid()")
    ),
    "job-overdue": Defect(plant=job("doing")),
    "job-failed": Defect(plant=job("failed")),
    "rendition-orphaned": Defect(
        plant=after_rendition("update renditions set original_id = gen_random_uuid()")
    ),
    "rendition-troubled": Defect(
        plant=after_rendition("update renditions set trouble = 'planted'")
    ),
    "rendition-stale": Defect(
        plant=after_rendition(
            "update renditions set state = 'deleting', changed_at = now() - interval '2 days'"
        )
    ),
    "rendition-missing": Defect(plant=lose_rendition, level="head"),
    "table-open": Defect(
        plant=after_upload("alter table media no force row level security"),
        undo="alter table media force row level security",
    ),
    "role-too-strong": Defect(
        plant=after_upload(
            "grant calotype_app to current_user",
            "create table planted ()",
            "grant create on schema calotype to calotype_app",
            "alter table planted owner to calotype_app",
        ),
        undo="drop table planted; revoke create on schema calotype from calotype_app;"
        " revoke calotype_app from current_user",
    ),
    "roles-missing": Defect(
        plant=after_upload("alter role calotype_app rename to calotype_app_elsewhere"),
        undo="alter role calotype_app_elsewhere rename to calotype_app",
    ),
    "perceptual-hash-unique": Defect(
        plant=after_upload("create table planted (phash text unique)"), undo="drop table planted"
    ),
    "object-missing": Defect(plant=lose_bytes, level="head"),
    "object-damaged": Defect(plant=damage, level="deep"),
    "object-stray": Defect(plant=litter, level="head"),
    "epoch-differs": Defect(plant=exchange_the_store),
}

REPAIRED_BY_HAND = {"object-missing", "object-damaged"}


@asynccontextmanager
async def planted(stage: Stage, defect: Defect) -> AsyncIterator[None]:
    await defect.plant(stage)
    try:
        yield
    finally:
        if defect.undo:
            stage.owner.execute(defect.undo)


async def codes(stage: Stage, level: str) -> set[str]:
    return {finding.code for finding in await stage.findings(level)}


async def test_there_is_a_planted_defect_for_every_check(stage: Stage) -> None:
    checks = {check.code for check in stage.house.doctor.row_checks}
    assert checks | NOT_ROWS == DEFECTS.keys() | {"loaders-differ"}
    assert set(stage.house.doctor.repairable()) <= DEFECTS.keys()


@pytest.mark.parametrize("level", ["meta", "head", "deep"])
async def test_doctor_finds_nothing_in_a_healthy_house(stage: Stage, level: str) -> None:
    await upload(stage)
    await condemn(stage)
    assert await codes(stage, level) == set()


@pytest.mark.parametrize("code", DEFECTS)
async def test_doctor_finds_the_defect_that_was_planted(stage: Stage, code: str) -> None:
    defect = DEFECTS[code]
    async with planted(stage, defect):
        assert await codes(stage, defect.level) == {code} | defect.also


@pytest.mark.parametrize(
    "code",
    [
        "condemned-referenced", "epoch-differs", "fingerprint-unsearched", "job-failed", "live-unreferenced",
        "media-unheld", "object-damaged", "object-missing", "object-stray", "rendition-missing",
        "rendition-orphaned", "rendition-troubled", "stats-drifted",
    ],
)  # fmt: skip
async def test_a_repair_mends_its_defect_once(stage: Stage, code: str) -> None:
    """What was lost cannot be made anew, but the same upload is invited to heal it."""
    defect = DEFECTS[code]
    async with planted(stage, defect):
        assert [found.code for found in await stage.house.doctor.plan_repair(code)] == [code]
        assert [await stage.house.doctor.repair(code) for _ in range(3)] == [1, 0, 0]
        assert await stage.house.doctor.plan_repair(code) == []
        left = {"quarantined"} if code in REPAIRED_BY_HAND else set()
        assert await codes(stage, defect.level) == left
        await stage.upload(picture(1))
        await stage.house.sweeper.sweep()
        assert await codes(stage, defect.level) == set()


async def test_every_repair_is_tried(stage: Stage) -> None:
    mark = test_a_repair_mends_its_defect_once.pytestmark[0]
    assert list(mark.args[1]) == stage.house.doctor.repairable()


async def test_a_repair_by_another_name_is_refused(stage: Stage) -> None:
    with pytest.raises(NothingToRepair):
        await stage.house.doctor.repair("everything")
    with pytest.raises(NothingToRepair):
        await stage.house.doctor.plan_repair("everything")


async def test_a_decoder_that_should_not_be_there_is_found(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calotype.app.ALLOWED_LOADERS", ("jpegload_buffer_planted",))
    assert await codes(stage, "meta") == {"loaders-differ"}


@pytest.mark.parametrize(
    "column",
    ["originals", "bytes", "orphans", "orphan_bytes", "references_held", "logical_bytes"],
)
async def test_every_figure_that_drifts_is_found_and_mended(stage: Stage, column: str) -> None:
    await upload(stage)
    true = await stage.house.sweeper.stats()
    stage.owner.execute(
        f"insert into original_stat_changes (scope_id, {column}) values (%s, 7)",
        [stage.editor.tenant],
    )
    assert await codes(stage, "meta") == {"stats-drifted"}
    assert await stage.house.doctor.repair("stats-drifted") == 1
    assert await codes(stage, "meta") == set()
    assert await stage.house.sweeper.stats() == true


async def test_the_shares_of_a_subset_add_up(stage: Stage) -> None:
    for seed in range(12):
        await stage.upload(picture(seed))
    stage.flip_a_bit()
    found: list[str] = []
    for number in (1, 2, 3):
        share = Subset(number, 3)
        found += [f.subject async for f in stage.house.doctor.examine("deep", share)]
    assert sorted(found) == sorted(str(row[0]) for row in stage.ask("select id from originals"))


async def test_doctor_does_not_take_silence_for_absence(stage: Stage) -> None:
    """A store whose folder is gone says nothing about the objects in it."""
    await upload(stage)
    stage.objects_folder.rename(stage.folder / "elsewhere")
    with pytest.raises(Exception, match="There is no folder"):
        await stage.findings("head")
    assert stage.ask("select state from originals") == [("live",)]


async def test_a_reference_to_bytes_that_are_going_is_refused_by_the_database(
    stage: Stage,
) -> None:
    original = await condemn(stage)
    stage.owner.execute("update originals set state = 'deleting'")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        stage.owner.execute(
            "insert into original_references (id, original_id, tenant_id, holder_kind, holder_id)"
            " values (%s, %s, %s, 'media', %s)",
            [uuid4(), original, stage.editor.tenant, uuid4()],
        )


async def test_a_repair_does_not_condemn_what_was_held_while_it_waited(stage: Stage) -> None:
    await forget_to_condemn(stage)
    with psycopg.connect(stage.cluster.owner_url, options="-c search_path=calotype") as holding:
        holding.execute("set calotype.role = 'system'")
        holding.execute("update originals set verified_at = now()")
        holding.execute(
            "insert into original_references (id, original_id, tenant_id, holder_kind, holder_id)"
            " select gen_random_uuid(), id, scope_id, 'upload', gen_random_uuid() from originals"
        )
        repairing = asyncio.create_task(stage.house.doctor.repair("live-unreferenced"))
        await somebody_waits_for_a_lock(stage)
        holding.commit()
    assert await repairing == 0
    assert stage.ask("select state from originals") == [("live",)]


async def test_nothing_is_mended_without_a_plan_that_was_agreed_to(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALOTYPE_DATABASE_URL", stage.cluster.login_url)
    monkeypatch.setenv("CALOTYPE_OBJECTS_URL", stage.objects_folder.as_uri())
    monkeypatch.setenv("CALOTYPE_SECRET_KEYS", '["a secret key"]')
    monkeypatch.setenv("CALOTYPE_SERVICE_KEY", "service")

    async def mend(*words: str, answer: str | None = None) -> str:
        command = ["doctor", "--data", str(stage.folder), "--repair", "object-damaged", *words]
        result = await asyncio.to_thread(CliRunner().invoke, main, command, input=answer)
        return result.output

    await upload(stage)
    assert await mend("--yes") == "There is nothing to mend.\n"
    stage.flip_a_bit()
    assert "Mend 1?" in await mend(answer="n\n")
    assert stage.ask("select state from originals") == [("live",)]
    assert "1 mended." in await mend(answer="y\n")
    assert stage.ask("select state from originals") == [("quarantined",)]
