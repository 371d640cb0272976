"""Jobs: they commit with their rows, run for their caller, and are tried again when that helps."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import psycopg
import pytest

from calotype.app import House
from calotype.database import Caller, DatabaseUnreachable, execute, value
from calotype.errors import Conflict, Forbidden, Invalid, Missing, Unavailable
from calotype.jobs import Job, Jobs, Task, Worker
from calotype.jobs.running import ATTEMPTS
from calotype.originals.model import Sweep
from calotype.storage import StoreFull
from tests.conftest import Cluster

Run = Callable[[Caller, "Note"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Note(Job):
    """Something to do that a test can watch."""

    name: ClassVar[str] = "tests:note"
    subject: UUID
    words: str = "some"


SUBJECT = UUID(int=7)


@pytest.fixture
def defer(house: House):
    async def defer_as(caller: Caller, job: Job | None = None) -> None:
        async with house.database.transaction(caller) as tx:
            await Jobs.to_defer().defer(tx, job or Note(SUBJECT))

    return defer_as


@pytest.fixture
def work(cluster: Cluster, house: House):
    """Run every job that is due, once, the way a worker does."""

    async def work_with(run: Run) -> None:
        separate = house.database.separate_roles
        worker = Worker.build(
            cluster.login_url, [Task(Note, run)], concurrency=1, separate_roles=separate
        )
        async with worker.app.open_async():
            await worker.app.run_worker_async(
                wait=False, install_signal_handlers=False, delete_jobs="successful"
            )

    return work_with


def queue_of(cluster: Cluster) -> psycopg.Connection:
    """Reach into the queue, past the worker."""
    return psycopg.connect(cluster.owner_url, options="-c search_path=procrastinate")


def entries(cluster: Cluster) -> list[tuple[Any, ...]]:
    with queue_of(cluster) as connection:
        return connection.execute(
            "select status, attempts from procrastinate_jobs"
            " where task_name = 'tests:note' order by id"
        ).fetchall()


async def nothing(_: Caller, __: Note) -> None:
    pass


def failing(error: Exception) -> Run:
    async def fail(_: Caller, __: Note) -> None:
        raise error

    return fail


async def test_a_job_commits_with_its_rows(
    house: House, admin: Caller, cluster: Cluster, defer
) -> None:
    async def fail() -> None:
        async with house.database.transaction(admin) as tx:
            await Jobs.to_defer().defer(tx, Note(SUBJECT))
            await execute(tx, "insert into sweeps (id) values (null)", {})

    with pytest.raises(psycopg.Error):
        await fail()
    assert entries(cluster) == []
    await defer(admin)
    assert entries(cluster) == [("todo", 0)]


async def test_a_job_that_is_done_leaves_no_trace(
    admin: Caller, cluster: Cluster, defer, work
) -> None:
    done: list[Note] = []

    async def run(_: Caller, note: Note) -> None:
        done.append(note)

    await defer(admin, Note(SUBJECT, "few"))
    await work(run)
    assert done == [Note(SUBJECT, "few")]
    assert entries(cluster) == []


async def test_a_job_runs_for_whoever_wanted_it(house: House, tenant: UUID, defer, work) -> None:
    other = await house.accounts.tenants.ensure("others")
    wanting = [
        Caller("editor", tenant, UUID(int=1)), Caller("service", other), Caller("system"),
    ]  # fmt: skip
    seen: list[tuple[Caller, UUID | None]] = []

    async def run(caller: Caller, _: Note) -> None:
        async with house.database.snapshot(caller) as snapshot:
            seen.append((caller, await value(snapshot, "select current_tenant()", {})))

    for caller in wanting:
        await defer(caller)
    await work(run)
    assert seen == [(caller, caller.tenant) for caller in wanting]


@pytest.mark.parametrize("error", [Unavailable(), StoreFull(), DatabaseUnreachable("away")])
async def test_what_is_out_of_order_is_tried_again(admin, cluster, defer, work, error) -> None:
    await defer(admin)
    await work(failing(error))
    assert entries(cluster) == [("todo", 1)]
    await work(nothing)
    assert entries(cluster) == [("todo", 1)], "the pause is not over"
    with queue_of(cluster) as connection:
        connection.execute("update procrastinate_jobs set scheduled_at = now()")
    await work(nothing)
    assert entries(cluster) == []


@pytest.mark.parametrize(
    "error", [Invalid(), Missing(), Conflict(), Forbidden(), ZeroDivisionError()]
)
async def test_what_will_not_get_better_is_not_tried_again(
    admin, cluster, defer, work, error
) -> None:
    await defer(admin)
    await work(failing(error))
    assert entries(cluster) == [("failed", 1)]


async def test_patience_has_an_end(admin: Caller, cluster: Cluster, defer, work) -> None:
    await defer(admin)
    with queue_of(cluster) as connection:
        connection.execute("update procrastinate_jobs set attempts = %s", [ATTEMPTS])
    await work(failing(Unavailable()))
    assert entries(cluster) == [("failed", ATTEMPTS + 1)]


async def test_the_job_of_a_dead_worker_is_taken_over(
    house: House, admin: Caller, cluster: Cluster, defer
) -> None:
    done = asyncio.Event()

    async def run(_: Caller, __: Note) -> None:
        done.set()

    await defer(admin)
    with queue_of(cluster) as connection:
        dead = connection.execute(
            "insert into procrastinate_workers (last_heartbeat)"
            " values (now() - interval '1 hour') returning id"
        ).fetchone()
        connection.execute("update procrastinate_jobs set status = 'doing', worker_id = %s", dead)
    worker = Worker.build(
        cluster.login_url, [Task(Note, run)], concurrency=1,
        separate_roles=house.database.separate_roles,
    )  # fmt: skip
    working = asyncio.create_task(worker.run())
    async with asyncio.timeout(20):
        await done.wait()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert entries(cluster) == []


async def test_a_job_of_a_newer_release_is_done_as_far_as_it_is_understood(
    admin: Caller, cluster: Cluster, defer, work
) -> None:
    done: list[Note] = []

    async def run(_: Caller, note: Note) -> None:
        done.append(note)

    await defer(admin)
    with queue_of(cluster) as connection:
        connection.execute('update procrastinate_jobs set args = args || \'{"colour": "red"}\'')
    await work(run)
    assert done == [Note(SUBJECT)]


async def end(working: asyncio.Task[None]) -> None:
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


def build_worker(cluster: Cluster, house: House, *tasks: Task[Any]) -> Worker:
    return Worker.build(
        cluster.login_url, tasks, concurrency=1, separate_roles=house.database.separate_roles
    )


SWEEP = "originals:sweep"


def plant(cluster: Cluster, status: str, name: str = SWEEP, worker: int | None = None) -> None:
    """Write a job that the clock deferred."""
    with queue_of(cluster) as connection:
        connection.execute(
            "insert into procrastinate_jobs (queue_name, task_name, status, queueing_lock, lock,"
            " worker_id, args) values ('default', %s, %s, %s, %s, %s, '{\"timestamp\": 0}')",
            [name, status, name, name, worker],
        )


def statuses(cluster: Cluster, name: str = SWEEP) -> list[str]:
    with queue_of(cluster) as connection:
        found = connection.execute(
            "select status from procrastinate_jobs where task_name = %s order by id", [name]
        ).fetchall()
    return [row[0] for row in found]


def dead_worker(cluster: Cluster) -> int:
    with queue_of(cluster) as connection:
        [worker] = connection.execute(
            "insert into procrastinate_workers (last_heartbeat)"
            " values (now() - interval '1 hour') returning id"
        ).fetchone() or [0]
    return worker


async def test_what_a_dead_worker_left_stops_no_start_where_the_clock_queued_another(
    house: House, cluster: Cluster
) -> None:
    swept = asyncio.Event()

    async def sweep(_: Caller, __: Sweep) -> None:
        swept.set()

    plant(cluster, "doing", worker=dead_worker(cluster))
    plant(cluster, "todo")
    worker = build_worker(cluster, house, Task(Sweep, sweep, every="0 0 1 1 *"))
    working = asyncio.create_task(worker.run())
    async with asyncio.timeout(20):
        await asyncio.wait(
            [working, asyncio.create_task(swept.wait())], return_when="FIRST_COMPLETED"
        )
    assert swept.is_set()
    await end(working)
    assert statuses(cluster) == []


async def test_a_job_of_the_clock_that_meets_trouble_waits_for_its_next_time(
    house: House, cluster: Cluster
) -> None:
    async def sweep(_: Caller, __: Sweep) -> None:
        raise Unavailable

    plant(cluster, "todo")
    worker = build_worker(cluster, house, Task(Sweep, sweep, every="0 0 1 1 *"))
    async with worker.app.open_async():
        await worker.app.run_worker_async(
            wait=False, install_signal_handlers=False, delete_jobs="successful"
        )
    assert statuses(cluster) == []


async def test_a_stop_hands_jobs_back_and_ends_those_of_the_clock(
    house: House, admin: Caller, cluster: Cluster, defer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if the clock has queued the next one already."""
    monkeypatch.setattr("calotype.jobs.running._GRACE_SECONDS", 0)
    begun = {Note: asyncio.Event(), Sweep: asyncio.Event()}

    async def linger(_: Caller, job: Job) -> None:
        begun[type(job)].set()
        await asyncio.Event().wait()

    await defer(admin)
    plant(cluster, "todo")
    tasks = (Task(Note, linger), Task(Sweep, linger, every="0 0 1 1 *"))
    worker = Worker.build(
        cluster.login_url, tasks, concurrency=2, separate_roles=house.database.separate_roles
    )
    working = asyncio.create_task(worker.run())
    async with asyncio.timeout(20):
        await asyncio.gather(*(event.wait() for event in begun.values()))
    plant(cluster, "todo")
    await end(working)
    assert entries(cluster) == [("todo", 1)]
    assert statuses(cluster) == ["aborted", "todo"]


async def test_what_failed_is_forgotten_after_two_weeks(house: House, cluster: Cluster) -> None:
    ended = ("failed", "aborted", "cancelled")
    for age in ("13 days", "15 days"):
        for status in ended:
            plant(cluster, "todo", f"{age} {status}")
            with queue_of(cluster) as connection:
                connection.execute(
                    "update procrastinate_jobs set status = %s where task_name = %s",
                    [status, f"{age} {status}"],
                )
                connection.execute(
                    "update procrastinate_events set at = now() - %s::interval where job_id ="
                    " (select id from procrastinate_jobs where task_name = %s)",
                    [age, f"{age} {status}"],
                )
    plant(cluster, "todo", "jobs:forget")
    worker = build_worker(cluster, house)
    async with worker.app.open_async():
        await worker.app.run_worker_async(
            wait=False, install_signal_handlers=False, delete_jobs="successful"
        )
    for status in ended:
        assert statuses(cluster, f"13 days {status}") == [status]
        assert statuses(cluster, f"15 days {status}") == []
