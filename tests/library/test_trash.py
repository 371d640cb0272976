"""The trash: what is deleted can be restored until it is emptied, and shares nothing but bytes."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import psycopg
import pytest

from calotype.library import MediaMissing, NotInTrash
from tests.laws.crash.stage import Stage, picture
from tests.library.conftest import Shelves
from tests.originals.waiting import somebody_waits_for_a_lock


async def test_deleted_media_moves_to_the_trash_and_back(stage: Stage, shelves: Shelves) -> None:
    media = await shelves.add("a")
    await stage.delete(media)
    assert (await shelves.names(), await shelves.names(trash=True)) == ([], ["a"])
    assert (await shelves.count(), await shelves.count(trash=True)) == (0, 1)
    await stage.restore(media)
    assert (await shelves.names(), await shelves.names(trash=True)) == (["a"], [])
    assert await stage.serve(media) == picture(0)


async def test_a_search_looks_either_in_the_trash_or_outside(
    stage: Stage, shelves: Shelves
) -> None:
    await stage.delete(await shelves.add("old jug"))
    await stage.delete(await shelves.add("bowl"))
    await shelves.add("new jug")
    assert await shelves.names(query="JUG") == ["new jug"]
    assert await shelves.names(query="JUG", trash=True) == ["old jug"]
    assert await shelves.count(query="JUG", trash=True) == 1
    assert await shelves.names(query="%", trash=True) == []


async def test_the_trash_keeps_the_original_until_it_is_emptied(
    stage: Stage, shelves: Shelves
) -> None:
    media = await shelves.add("a")
    await stage.delete(media)
    stage.pass_time(29.9 * 24)
    assert await stage.house.library.empty_trash() == 0
    await stage.house.sweeper.sweep()
    assert stage.ask("select state from originals") == [("live",)]
    stage.pass_time(0.2 * 24)
    assert await stage.house.library.empty_trash() == 1
    assert stage.ask("select state from originals") == [("condemned",)]
    with pytest.raises(MediaMissing):
        await stage.restore(media)
    assert stage.ask("select name, original_id from media") == [("a", None)]


async def test_without_a_trash_media_is_gone_at_once(stage: Stage, shelves: Shelves) -> None:
    media, other = await shelves.add("a"), await shelves.add("b")
    await stage.delete_at_once(media)
    assert await shelves.names(trash=True) == []
    with pytest.raises(MediaMissing):
        await stage.restore(media)
    with pytest.raises(MediaMissing):
        await stage.delete_at_once(media)
    assert await stage.serve(other) == picture(0)


async def test_a_second_deletion_does_not_prolong_the_first(stage: Stage, shelves: Shelves) -> None:
    media = await shelves.add("a")
    await stage.delete(media)
    stage.pass_time(20 * 24)
    await stage.delete(media)
    stage.pass_time(11 * 24)
    assert await stage.house.library.empty_trash() == 1


async def test_only_what_is_in_the_trash_can_be_restored(stage: Stage, shelves: Shelves) -> None:
    media = await shelves.add("a")
    with pytest.raises(NotInTrash):
        await stage.restore(media)


async def test_a_full_trash_is_emptied_of_all_tenants_in_batches(
    stage: Stage, shelves: Shelves
) -> None:
    for caller in (shelves.editor, shelves.stranger):
        media = await shelves.add("a", caller)
        await stage.delete(media, caller)
    stage.owner.execute(
        "insert into media select (jsonb_populate_record(m, jsonb_build_object("
        "'id', gen_random_uuid(), 'token', '\\x' || replace(gen_random_uuid()::text, '-', '')))).*"
        " from media m, generate_series(1, 110)"
    )
    stage.owner.execute(
        "insert into original_references (id, original_id, tenant_id, holder_kind, holder_id)"
        " select gen_random_uuid(), original_id, tenant_id, 'media', id from media"
        " on conflict do nothing"
    )
    stage.pass_time(31 * 24)
    assert await stage.house.library.empty_trash() == 222
    assert stage.ask("select id from original_references") == []
    assert stage.ask("select distinct state from originals") == [("condemned",)]


async def delete_at_once(stage: Stage, media: UUID) -> None:
    await stage.delete_at_once(media)


async def empty_trash(stage: Stage, media: UUID) -> None:
    await stage.delete(media)
    stage.pass_time(31 * 24)
    assert await stage.house.library.empty_trash() == 1


@pytest.mark.parametrize("let_go", [delete_at_once, empty_trash])
async def test_letting_go_waits_for_a_healing_instead_of_colliding_with_it(
    stage: Stage, shelves: Shelves, let_go: Callable[[Stage, UUID], Awaitable[None]]
) -> None:
    """Healing locks the original first, and media last."""
    media = await shelves.add("a")
    with psycopg.connect(stage.cluster.owner_url, options="-c search_path=calotype") as healing:
        healing.execute("set calotype.role = 'system'")
        healing.execute("select from originals for update")
        letting_go = asyncio.create_task(let_go(stage, media))
        await somebody_waits_for_a_lock(stage)
        healing.execute("set lock_timeout = '5s'")
        healing.execute("update media set original_id = original_id")
        healing.commit()
        await letting_go
    assert stage.ask("select state from originals") == [("condemned",)]


async def test_what_would_leave_the_trash_is_counted_first(stage: Stage, shelves: Shelves) -> None:
    for name in ("a", "b"):
        await stage.delete(await shelves.add(name))
    assert await stage.house.library.count_due() == 0
    stage.pass_time(31 * 24)
    await stage.delete(await shelves.add("c"))
    assert await stage.house.library.count_due() == 2
    assert await stage.house.library.empty_trash() == 2
    assert await stage.house.library.count_due() == 0
