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
