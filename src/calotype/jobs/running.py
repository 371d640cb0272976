"""Carrying jobs out: who they run for, what is tried again, and what happens on a stop."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar, get_type_hints
from uuid import UUID

import structlog
from procrastinate import App, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException, JobAborted
from procrastinate.jobs import Job as Entry
from procrastinate.jobs import Status
from procrastinate.retry import BaseRetryStrategy
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from calotype.database import SYSTEM, Caller
from calotype.errors import Unavailable
from calotype.jobs.queue import Job

log = structlog.get_logger()

AnyJob = TypeVar("AnyJob", bound=Job)

ATTEMPTS = 12
_LONGEST_PAUSE_SECONDS = 3600
_GRACE_SECONDS = 5
_REMEMBERED_HOURS = 14 * 24


@dataclass(frozen=True, slots=True)
class Task(Generic[AnyJob]):
    """How a kind of job is carried out, and how often it is deferred by itself (cron)."""

    job: type[AnyJob]
    run: Callable[[Caller, AnyJob], Awaitable[None]]
    every: str | None = None


class _TryAgain(BaseRetryStrategy):
    """Only what is out of order is tried again, ever more slowly; a stop hands the job back."""

    def get_retry_decision(self, *, exception: BaseException, job: Entry) -> RetryDecision | None:
        if isinstance(exception, (JobAborted, asyncio.CancelledError)):
            return RetryDecision(retry_in={"seconds": 0})
        if not isinstance(exception, Unavailable) or job.attempts >= ATTEMPTS:
            return None
        pause = min(2**job.attempts, _LONGEST_PAUSE_SECONDS)
        log.warning(
            "jobs.tried_again_later", job=job.task_name, seconds=pause, error=str(exception)
        )
        return RetryDecision(retry_in={"seconds": pause})


@dataclass(frozen=True, slots=True)
class Worker:
    """Runs jobs until it is told to stop."""

    app: App
    concurrency: int

    @classmethod
    def build(
        cls, url: str, tasks: Sequence[Task[Any]], *, concurrency: int, separate_roles: bool
    ) -> "Worker":
        async def configure(connection: AsyncConnection[TupleRow]) -> None:
            if separate_roles:
                await connection.execute("set role calotype_app")
            await connection.execute("set search_path = procrastinate, public")
            await connection.commit()

        connector = PsycopgConnector(
            conninfo=url,
            min_size=1,
            max_size=3,
            configure=configure,
            kwargs={"prepare_threshold": None},
        )
        app = App(connector=connector)
        for task in tasks:
            _register(app, task)
        _register_housekeeping(app)
        return cls(app, concurrency)

    async def run(self) -> None:
        """Work until a signal; what does not end in time is handed back."""
        async with self.app.open_async():
            await _take_over(self.app)
            await self.app.run_worker_async(
                concurrency=self.concurrency,
                delete_jobs="successful",
                shutdown_graceful_timeout=_GRACE_SECONDS,
                install_signal_handlers=True,
            )


def _register(app: App, task: Task[Any]) -> None:
    async def carry_out(caller: dict[str, Any], **values: Any) -> None:
        await task.run(_caller(caller), _job(task.job, values))

    async def carry_out_in_time(timestamp: int) -> None:
        del timestamp
        try:
            await task.run(SYSTEM, task.job())
        except Unavailable as error:
            log.warning("jobs.left_to_the_next_time", job=task.job.name, error=str(error))

    if task.every is None:
        app.task(name=task.job.name, retry=_TryAgain())(carry_out)
    else:
        _register_in_time(app, task.job.name, task.every, carry_out_in_time)


def _register_in_time(
    app: App, name: str, cron: str, carry_out: Callable[[int], Awaitable[None]]
) -> None:
    """Defer a job by the clock, one at a time; it needs no retry, because the clock goes on."""
    register = app.task(name=name, queueing_lock=name, lock=name)
    app.periodic(cron=cron)(register(carry_out))


def _register_housekeeping(app: App) -> None:
    async def take_over(timestamp: int) -> None:
        del timestamp
        await _take_over(app)

    async def forget(timestamp: int) -> None:
        del timestamp
        await app.job_manager.delete_old_jobs(
            _REMEMBERED_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
        )

    _register_in_time(app, "jobs:take-over", "* * * * *", take_over)
    _register_in_time(app, "jobs:forget", "29 * * * *", forget)


async def _take_over(app: App) -> None:
    """Put jobs back whose worker has died, and end those that come again with the clock.

    The clock may have queued the next one, beside which the queue takes no other. What another
    worker took over in this moment is none of our business.
    """
    for stalled in await app.job_manager.get_stalled_jobs():
        log.warning("jobs.taken_over", job=stalled.task_name, id=stalled.id)
        try:
            if stalled.queueing_lock:
                await app.job_manager.finish_job(stalled, Status.ABORTED, delete_job=True)
            else:
                await app.job_manager.retry_job(stalled)
        except ConnectorException as error:
            log.warning("jobs.not_taken_over", id=stalled.id, error=repr(error.__cause__))


def _caller(values: dict[str, Any]) -> Caller:
    return Caller(role=values["role"], tenant=_id(values["tenant"]), person=_id(values["person"]))


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _job(kind: type[AnyJob], values: dict[str, Any]) -> AnyJob:
    """Rebuild a job; values that a newer release added are left out by an older one."""
    hints = get_type_hints(kind)
    known = {field.name for field in fields(kind)} & values.keys()
    return kind(
        **{name: UUID(values[name]) if hints[name] is UUID else values[name] for name in known}
    )
