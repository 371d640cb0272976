"""Clean-up is work of its own: by itself, in small transactions, written down, never in the way."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest

from calotype.database import SYSTEM, Database
from calotype.digest import Digest
from calotype.originals import Keeping, store, upkeep_store
from calotype.originals.model import FoldStats, Reconcile, Scrub, Sweep
from tests.laws.crash.stage import Stage, picture
from tests.originals.conftest import FACTS, Holding

A, B = picture(1), picture(2)


def condemn_many(stage: Stage, count: int) -> None:
    stage.owner.execute(
        "insert into originals select (jsonb_populate_record(o, jsonb_build_object("
        "'id', gen_random_uuid(), 'object_key', 'o/planted/' || number, 'state', 'condemned',"
        " 'digest', '\\x' || repeat(md5(number::text), 2)))).*"
        f" from originals o, generate_series(1, {count}) as number"
    )


async def test_the_clean_up_runs_by_itself(stage: Stage, holding: Holding) -> None:
    tasks = {task.job: task for task in stage.house.tasks}
    assert all(tasks[job].every for job in (Sweep, Reconcile, Scrub, FoldStats))
    _, holder = await holding.keep_for_good(A)
    await holding.release(holder)
    await tasks[Sweep].run(SYSTEM, Sweep())
    assert holding.states() == []
    assert await stage.stored_keys() == set()


async def test_deleting_succeeds_while_the_store_is_gone_and_is_made_good_later(
    stage: Stage,
) -> None:
    media = await stage.upload(A)
    away = stage.objects_folder.rename(stage.folder / "away")
    await stage.delete_at_once(media)
    assert stage.ask("select state from originals") == [("condemned",)]
    assert (await stage.house.sweeper.sweep()).halted_because
    away.rename(stage.objects_folder)
    assert (await stage.house.sweeper.sweep()).collected == 1
    assert await stage.stored_keys() == set()
    assert await stage.findings() == []


async def test_every_sweep_leaves_a_row_that_says_what_it_did(
    stage: Stage, holding: Holding
) -> None:
    _, holder = await holding.keep_for_good(A)
    await holding.keep(B)
    await holding.release(holder)
    stage.pass_time(1)
    await stage.house.sweeper.sweep()
    away = stage.objects_folder.rename(stage.folder / "away")
    halted = await stage.house.sweeper.sweep()
    away.rename(stage.objects_folder)
    query = "select collected, collected_bytes, reaped, halted_because from sweeps order by id"
    assert stage.ask(query) == [(1, len(A), 1, None), (0, 0, 0, halted.halted_because)]
    assert halted.halted_because


async def test_what_is_condemned_longest_is_collected_first_and_no_more_than_asked_for(
    stage: Stage, holding: Holding
) -> None:
    kept = [await holding.keep_for_good(picture(seed)) for seed in range(3)]
    for original, holder in kept:
        await holding.release(holder)
        stage.owner.execute(
            "update originals set changed_at = changed_at - interval '1 hour'"
            " where state = 'condemned' and id <> %s", [original],
        )  # fmt: skip
    async with stage.house.database.transaction(SYSTEM) as tx:
        found = await upkeep_store.lock_collectable(tx, 0, 2)
    assert found == [original for original, _ in kept[:2]]


async def test_no_transaction_of_a_sweep_is_larger_than_a_hundred(
    stage: Stage, holding: Holding
) -> None:
    await holding.keep(A)
    condemn_many(stage, 250)
    await stage.house.sweeper._doom(250)
    doomed = stage.ask("select xmin::text from originals where state = 'deleting'")
    assert sorted(Counter(doomed).values()) == [50, 100, 100]
    assert (await stage.house.sweeper.sweep()).collected == 250
    assert holding.states() == ["live"]


async def test_a_row_that_cannot_go_does_not_keep_the_others(
    stage: Stage, holding: Holding
) -> None:
    kept = [await holding.keep_for_good(data) for data in (A, B)]
    stage.owner.execute("create table planted (original uuid references originals)")
    try:
        stage.owner.execute("insert into planted values (%s)", [kept[0][0]])
        await holding.release(*(holder for _, holder in kept))
        assert [(await stage.house.sweeper.sweep()).collected for _ in range(2)] == [1, 0]
        assert stage.ask("select id, state from originals") == [(kept[0][0], "deleting")]
    finally:
        stage.owner.execute("drop table planted")
    assert (await stage.house.sweeper.sweep()).collected == 1


async def test_a_plan_counts_the_strays_that_two_passes_proved(stage: Stage) -> None:
    received = stage.arrive(A)
    await stage.objects.put(
        "o/aa/bb/stray", received.file, size_bytes=received.size_bytes, digest=received.digest
    )
    proven = []
    for _ in range(2):
        await stage.house.sweeper._note_strays()
        proven.append((await stage.house.sweeper.plan()).proven_strays)
        stage.pass_time(48)
    assert proven == [0, 1]


async def test_a_lease_is_renewed_even_if_the_database_was_busy(
    stage: Stage, holding: Holding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calotype.originals.keeping._RENEW_SECONDS", 0.01)
    monkeypatch.setattr("calotype.database.connection._WAIT_SECONDS", 0.05)
    database = await Database.connect(stage.cluster.login_url, connections=1)
    caller, digest = stage.editor, Digest.of(A)
    assert caller.tenant
    async with database.transaction(caller) as tx:
        pending = await store.add_pending(tx, caller.tenant, digest, len(A), FACTS)
    stage.owner.execute("update originals set lease_expires_at = now()")

    async def until(happened: Callable[[], object]) -> None:
        for _ in range(500):
            if happened():
                return
            await asyncio.sleep(0.01)
        raise AssertionError

    try:
        async with Keeping(database, stage.objects)._renewed(caller, pending):
            async with database.snapshot(caller):
                await until(lambda: database.pool.get_stats().get("requests_errors"))
            await until(lambda: stage.ask("select from originals where lease_expires_at > now()"))
    finally:
        await database.close()
